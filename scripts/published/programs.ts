// The programs of the apps, run by npx in an empty folder: each server on a free port is asked by its client, and
// drains at a signal.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { runCommand } from "../run-command.ts";
import type { Surroundings } from "./consumer.ts";

interface Conversation {
  readonly app: string;
  readonly serverFlags: readonly string[];
  readonly listenerCount: number;
  /** What the client is run with, given the ports in the order in which the server named them; and what it prints. */
  readonly asks: readonly { readonly args: (ports: readonly string[]) => readonly string[]; readonly answer: string }[];
}

const conversations: readonly Conversation[] = [
  {
    app: "bank",
    serverFlags: ["--port", "0"],
    listenerCount: 1,
    asks: [
      { args: ([port]) => ["--port", port!, "deposit", "50"], answer: "Deposited $50. New balance: $1050\n" },
      { args: ([port]) => ["--port", port!, "check_balance"], answer: "Your balance is: $1050\n" },
    ],
  },
  {
    app: "echo",
    serverFlags: ["--port", "0"],
    listenerCount: 2,
    asks: [
      { args: ([port]) => ["--port", port!, "Hello, Server!"], answer: "Hello, Server!\n" },
      { args: ([port]) => ["--port", port!, "--udp", "one datagram"], answer: "one datagram\n" },
    ],
  },
  {
    app: "calculator",
    serverFlags: ["--port", "0", "--tcp-port", "0"],
    listenerCount: 2,
    asks: [
      { args: ([udp, tcp]) => ["--port", udp!, "--tcp-port", tcp!, "2 ** 100"], answer: `Result: ${2n ** 100n}\n` },
    ],
  },
];

/** Throws unless every program does as it should. Returns the names of those that did. */
export async function tryPrograms(folder: string, { registryConfig, environment }: Surroundings): Promise<string[]> {
  for (const { app, serverFlags, listenerCount, asks } of conversations) {
    const place = join(folder, app);
    mkdirSync(place, { recursive: true });
    writeFileSync(join(place, ".npmrc"), registryConfig);
    const npx = (program: string) => ["--yes", `--package=@tallyline/${app}`, "--", program];

    // npx passes no signal on: server and npx are a group, and are stopped together.
    const server = spawn("npx", [...npx(`${app}-server`), ...serverFlags], {
      cwd: place,
      env: { ...process.env, ...environment },
      stdio: ["ignore", "pipe", "pipe"],
      detached: true,
    });
    let log = "";
    server.stderr.setEncoding("utf8").on("data", (part: string) => (log += part));
    const ports: string[] = [];
    for await (const line of createInterface({ input: server.stdout })) {
      const url = / listening on (\S+)$/.exec(line)?.[1];
      if (url !== undefined && ports.push(new URL(url).port) === listenerCount) break;
    }
    try {
      if (ports.length < listenerCount) throw new Error(`${app}-server ended before it listened:\n${log}`);
      for (const { args, answer } of asks) {
        const printed = await runCommand("npx", [...npx(`${app}-client`), ...args(ports)], place, environment);
        if (printed !== answer)
          throw new Error(`${app}-client printed ${JSON.stringify(printed)}, not ${JSON.stringify(answer)}`);
      }
    } finally {
      if (server.exitCode === null) process.kill(-server.pid!, "SIGTERM");
    }
    if (!server.stderr.readableEnded) await once(server.stderr, "end"); // that of the server too, which may outlive npx
    if (!log.includes('"drained"')) throw new Error(`${app}-server did not drain:\n${log}`);
  }
  return conversations.flatMap(({ app }) => [`${app}-server`, `${app}-client`]);
}
