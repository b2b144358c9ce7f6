// Drives load.c, one process for each server that is loaded, and checks beforehand that the server answers as it should.
import { execFileSync, spawn, spawnSync, type ChildProcessWithoutNullStreams } from "node:child_process";
import { createHash } from "node:crypto";
import { createSocket } from "node:dgram";
import { existsSync, mkdirSync, readFileSync } from "node:fs";
import { connect } from "node:net";
import { join } from "node:path";
import { createInterface, type Interface } from "node:readline";
import { once } from "node:events";
import { cacheFolder } from "./cache-folder.ts";
import { onCore } from "./cores.ts";

/** What one server is asked, and how its replies end. Text is latin1. */
export interface Load {
  readonly transport?: "tcp" | "udp";
  /** Sent once on each connection; `until` ends what the server says to it. */
  readonly greeting?: { readonly send: string; readonly until: string };
  /**
   * May hold {number} (16 digits), {source}, {target} (2 digits each), {binary} (2 bytes), {time} (15 digits) and {connection} (4 digits, of its index, which
   * the greeting may hold too): all of a fixed size.
   */
  readonly request: string;
  /** A whole reply. */
  readonly reply: RegExp;
  /** Replies are lines that begin with `first`; lines that begin with `skip` are data before one. Without it, all replies have one length. */
  readonly lines?: { readonly first: string; readonly skip?: string };
}

export interface Traffic {
  readonly connections: number;
  /** Requests in flight on each connection. */
  readonly depth: number;
}

export interface Slice {
  readonly answered: number;
  readonly lost: number;
  readonly seconds: number;
  readonly loaderSeconds: number;
  readonly p50Us: number;
  readonly p99Us: number;
}

export interface Offered {
  readonly offered: number;
  readonly good: number;
  readonly late: number;
  readonly loaderSeconds: number;
  readonly seconds: number;
}

const SIZES: Readonly<Record<string, number>> = {
  number: 16,
  source: 2,
  target: 2,
  binary: 2,
  time: 15,
  connection: 4,
};
const PROBE_MS = 5000;

/** Connections to one server that stay open between slices. */
export class Loader implements AsyncDisposable {
  readonly #child: ChildProcessWithoutNullStreams;
  readonly #lines: AsyncIterator<string>;
  readonly #output: Interface;

  static async open(port: number, load: Load, { connections, depth }: Traffic): Promise<Loader> {
    const reply = await probe(port, load);
    const { bytes, offsets } = fill(load.request);
    const options: (readonly [string, string | number])[] = [
      ["udp", load.transport === "udp" ? 1 : 0],
      ["port", port],
      ["connections", connections],
      ["depth", depth],
      ["request", bytes.toString("hex")],
      ...offsets,
    ];
    if (load.lines === undefined) options.push(["replyBytes", Buffer.byteLength(reply, "latin1")]);
    else options.push(["lineFirst", load.lines.first], ["lineSkip", load.lines.skip ?? load.lines.first]);
    if (load.greeting !== undefined) {
      const greeting = fill(load.greeting.send);
      options.push(["greeting", greeting.bytes.toString("hex")]);
      options.push(["greeted", Buffer.from(load.greeting.until, "latin1").toString("hex")]);
      for (const [, offset] of greeting.offsets) options.push(["greetingConnection", offset]);
    }
    const loader = new Loader(options.map(([key, value]) => `${key}=${value}`));
    await loader.#answer();
    return loader;
  }

  private constructor(args: readonly string[]) {
    this.#child = spawn(...onCore("last", compiled(), args));
    this.#child.stderr.pipe(process.stderr);
    this.#child.stdin.on("error", () => {}); // that it has ended is said by its output
    this.#output = createInterface({ input: this.#child.stdout });
    this.#lines = this.#output[Symbol.asyncIterator]();
  }

  /** Each connection keeps its requests in flight, for so long. */
  async run(ms: number): Promise<Slice> {
    this.#child.stdin.write(`run ${ms}\n`);
    return (await this.#answer()) as Slice;
  }

  /** Requests leave at that rate, whatever the server does. */
  async offer(ms: number, perSecond: number): Promise<Offered> {
    this.#child.stdin.write(`offer ${ms} ${perSecond}\n`);
    return (await this.#answer()) as Offered;
  }

  async #answer(): Promise<unknown> {
    const { value, done } = await this.#lines.next();
    if (done === true) throw new Error("the load generator ended");
    return JSON.parse(value);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return;
    this.#child.stdin.end();
    await once(this.#child, "exit");
  }
}

/** The compiled load.c, which is made again when it has changed. */
function compiled(): string {
  const source = join(import.meta.dirname, "load.c");
  const version = createHash("sha256").update(readFileSync(source)).digest("hex").slice(0, 16);
  const program = join(cacheFolder, `load-${version}`);
  if (existsSync(program)) return program;
  if (spawnSync("cc", ["--version"]).error !== undefined) {
    throw new Error("the load generator needs a C compiler: apt-get install gcc libc6-dev");
  }
  mkdirSync(cacheFolder, { recursive: true });
  execFileSync("cc", ["-O2", "-Wall", "-Wextra", "-o", program, source], { stdio: "inherit" });
  return program;
}

/** A request with zeros in its places, and where those are. */
export function fill(template: string): { readonly bytes: Buffer; readonly offsets: [string, number][] } {
  const offsets: [string, number][] = [];
  let text = "";
  let at = 0;
  for (const match of template.matchAll(/\{(number|source|target|binary|time|connection)\}/g)) {
    text += template.slice(at, match.index);
    offsets.push([match[1]!, text.length]);
    text += "0".repeat(SIZES[match[1]!]!);
    at = match.index + match[0].length;
  }
  return { bytes: Buffer.from(text + template.slice(at), "latin1"), offsets };
}

/** Asks once. @returns the reply. @throws Error when it is not what it should be: there would be nothing to compare. */
async function probe(port: number, { transport, greeting, request, reply }: Load): Promise<string> {
  const bytes = fill(request.replaceAll("{target}", "01")).bytes;
  const said = transport === "udp" ? await askUdp(port, bytes) : await askTcp(port, bytes, greeting, reply);
  if (!reply.test(said)) throw new Error(`answered with ${JSON.stringify(said.slice(0, 200))}, not with ${reply}`);
  return said;
}

async function askTcp(port: number, request: Buffer, greeting: Load["greeting"], reply: RegExp): Promise<string> {
  const socket = connect(port, "127.0.0.1").setEncoding("latin1").setTimeout(PROBE_MS);
  socket.on("timeout", () => socket.destroy());
  let said = "";
  let isGreeted = greeting === undefined;
  socket.write(greeting === undefined ? request : fill(greeting.send).bytes);
  for await (const part of socket as AsyncIterable<string>) {
    said += part;
    if (!isGreeted && said.endsWith(greeting!.until)) {
      isGreeted = true;
      said = "";
      socket.write(request);
    } else if (isGreeted && reply.test(said)) break;
  }
  socket.destroy();
  return said;
}

async function askUdp(port: number, request: Buffer): Promise<string> {
  const socket = createSocket("udp4");
  socket.send(request, port, "127.0.0.1");
  const [reply] = (await once(socket, "message", { signal: AbortSignal.timeout(PROBE_MS) })) as [Buffer];
  socket.close();
  return reply.toString("latin1");
}
