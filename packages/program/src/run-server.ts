import type { Command } from "commander";
import { createLog, environmentName } from "./flags.ts";
import { EXIT } from "./exit-code.ts";
import type { Log } from "./log.ts";
import { report } from "./report.ts";

/** Something that listens, as tcp's and udp's servers do. */
interface Listener {
  readonly url: string;
  drain(): Promise<object>;
}

/** A server that has started. */
export interface Service {
  /** Announced on stdout in this order, drained together. */
  readonly listeners: readonly Listener[];
  /** Resolves with the reason when the service can go on no longer. */
  readonly failed?: Promise<unknown>;
  /** Closes what the listeners stand on, once they are drained. */
  close?(): Promise<void>;
}

/**
 * Runs a server until Ctrl-C or SIGTERM, then lets requests in flight end. Exit code 0; 1 when it could not start, or
 * failed while it ran.
 *
 * @param options.start Starts listening; what it throws is shown in one line.
 * @param options.portFlag The flag that sets the port of a URL that is already taken. Default `--port`.
 */
export async function runServer(
  program: Command,
  options: { readonly start: (log: Log) => Promise<Service>; readonly portFlag?: (url: string) => string },
): Promise<void> {
  const log = createLog(program);
  const signal = untilSignal();
  process.stdout.on("error", () => {}); // whoever started it need not listen to where it listens
  let service: Service;
  try {
    service = await options.start(log);
  } catch (error) {
    await report(program, error, advice(program, error, options.portFlag));
    process.exit(EXIT.refused); // whatever half of it has started
  }

  for (const { url } of service.listeners) {
    process.stdout.write(`${program.name()} listening on ${url}\n`);
    log.info({ event: "listening", url });
  }
  const failure = service.failed?.then((error) => ({ error }));
  const ending = await (failure === undefined ? signal : Promise.race([signal, failure]));
  if (typeof ending === "object") {
    await report(program, ending.error);
    process.exitCode = EXIT.refused;
  } else {
    log.info({ event: "draining", signal: ending });
  }
  const drained = await Promise.all(
    service.listeners.map(async (each) => ({ url: each.url, ...(await each.drain()) })),
  );
  await service.close?.();
  log.info({ event: "drained", listeners: drained });
}

/** Later signals are ignored, for draining has a deadline of its own. */
function untilSignal(): Promise<NodeJS.Signals> {
  return new Promise((resolve) => {
    process.on("SIGINT", resolve);
    process.on("SIGTERM", resolve);
  });
}

function advice(program: Command, error: unknown, portFlag: (url: string) => string = () => "--port"): string {
  const isTaken = error instanceof Error && "code" in error && error.code === "EADDRINUSE";
  if (!isTaken) return "";
  const flag = portFlag("url" in error ? String(error.url) : "");
  return `; choose another port with ${flag} or ${environmentName(program, flag.slice(2))}`;
}
