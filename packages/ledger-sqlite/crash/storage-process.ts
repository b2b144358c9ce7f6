// Carries out orders under the storage shim, which has to be there when a process starts: so storage-runs.ts starts this
// one. `node storage-process.ts '[{"part": …}, …]' '{"folder": …}'` prints a tally as a line of JSON for each order.
import { mutants } from "./mutants.ts";
import { StorageFaults, type Places, type StorageOrder } from "./storage-faults.ts";

const orders = JSON.parse(process.argv[2]!) as readonly StorageOrder[];
const places = JSON.parse(process.argv[3]!) as Places;
for (const order of orders) {
  const uninstall = order.mutant && mutants[order.mutant].install?.();
  const faults = new StorageFaults(order, places);
  await faults.run();
  uninstall?.();
  console.log(JSON.stringify(faults.tally));
}
