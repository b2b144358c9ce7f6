import { mkdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { endOf, startProcess } from "./own-process.ts";
import type { Places, StorageOrder } from "./storage-faults.ts";
import { scratchFolder, underShim } from "./storage-shim.ts";
import { Tally } from "./tally.ts";

/** Has orders carried out in a process of their own, one after the other. */
export async function* storageRuns(orders: readonly StorageOrder[]): AsyncGenerator<Tally> {
  const scratch = scratchFolder();
  const places: Places = { folder: join(scratch, "watched"), log: join(scratch, "log"), image: join(scratch, "image") };
  mkdirSync(places.folder);
  mkdirSync(places.image);
  try {
    const child = startProcess("storage-process.ts", {
      args: [orders, places],
      stdio: ["ignore", "pipe", "inherit"],
      env: underShim(places),
    });
    const ended = endOf(child);
    let done = 0;
    for await (const line of createInterface(child.stdout!)) {
      done += 1;
      const tally = new Tally();
      tally.merge(JSON.parse(line) as Tally);
      yield tally;
    }
    const { code } = await ended;
    if (code !== 0 || done < orders.length)
      throw new Error(`the process of ${orders.length} orders ended with ${code} after ${done}`);
  } finally {
    rmSync(scratch, { recursive: true });
  }
}
