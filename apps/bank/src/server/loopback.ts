import { promises as dns } from "node:dns";
import { BlockList, isIPv6 } from "node:net";

/** RFC 1122 §3.2.1.3 and RFC 4291 §2.5.3: what never leaves the machine. BlockList also matches ::ffff:127.0.0.1. */
const loopback = new BlockList();
loopback.addSubnet("127.0.0.0", 8, "ipv4");
loopback.addAddress("::1", "ipv6");

/** Whether an address is this machine's own. */
export function isLoopbackAddress(address: string): boolean {
  return loopback.check(address, isIPv6(address) ? "ipv6" : "ipv4");
}

/** Whether every address a host name stands for is reachable from this machine only. Rejects when it stands for none. */
export async function isLoopback(host: string): Promise<boolean> {
  const addresses = await dns.lookup(host, { all: true });
  return addresses.length > 0 && addresses.every(({ address }) => isLoopbackAddress(address));
}
