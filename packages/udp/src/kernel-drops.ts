import { readFileSync } from "node:fs";

/**
 * Datagrams that the kernel threw away because the receive buffer was full, summed over the sockets on a local port.
 * Undefined where the system does not tell (Linux does, in `/proc/net/udp`).
 */
export function kernelDrops(port: number, family: 4 | 6): number | undefined {
  try {
    return sumDrops(readFileSync(family === 4 ? "/proc/net/udp" : "/proc/net/udp6", "latin1"), port);
  } catch {
    return undefined;
  }
}

/** Columns of a line: `sl local_address rem_address st … drops`; addresses are `HEX:PORT`, the port in four hexadecimal digits. */
function sumDrops(table: string, port: number): number {
  const suffix = `:${port.toString(16).toUpperCase().padStart(4, "0")}`;
  let drops = 0;
  for (const line of table.split("\n").slice(1)) {
    const columns = line.trim().split(/\s+/);
    if (columns[1]?.endsWith(suffix) === true) drops += Number(columns.at(-1));
  }
  return drops;
}
