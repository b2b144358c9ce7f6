import { execFileSync } from "node:child_process";
import { fill } from "./load.ts";
import { debianProgram, freePort, startProcess, type ServerProcess } from "./server-process.ts";

export const redisMissing = debianProgram("redis-server", "redis-server");

/** Debian's Redis in that folder, with these options besides. @param onAllCores Whether it may use all cores. */
export async function startRedis(
  folder: string,
  options: readonly string[],
  { onAllCores = false }: { readonly onAllCores?: boolean } = {},
): Promise<ServerProcess> {
  const port = await freePort();
  const server = await startProcess({
    command: "redis-server",
    onAllCores,
    args: ["--port", `${port}`, "--save", "", "--dir", folder, ...options],
    listening: /Ready to accept connections()/,
  });
  return { ...server, port };
}

/** @returns the SHA-1 that the script is called by. */
export function loadScript(port: number, script: string): string {
  return execFileSync("redis-cli", ["-p", `${port}`, "SCRIPT", "LOAD", script], { encoding: "utf8" }).trim();
}

/** A command in the protocol of Redis (RESP 2). Words may hold a load's places, and are as long as they are when those are filled. */
export function command(...words: readonly string[]): string {
  return `*${words.length}\r\n${words.map((word) => `$${fill(word).bytes.length}\r\n${word}\r\n`).join("")}`;
}
