// Whose time it is.
import { basename, join, relative } from "node:path";

/** What kinds of layers there are, in the order in which pictures and tables show them. */
export const KINDS = {
  ours: "Tallyline",
  packages: "other packages",
  script: "the benchmark's own script",
  generated: "generated code",
  node: "Node.js's JavaScript",
  called: "C++ that JavaScript calls: writing, sending, SQLite",
  around: "C++ around it: reading, polling, V8",
  garbage: "garbage collector",
  threads: "other threads: V8's helpers, libuv's",
  before: "before the first module: the start of Node.js",
} as const;
export type Kind = keyof typeof KINDS;

export interface Layer {
  readonly kind: Kind;
  readonly name: string;
}

export const layerOfKind = (kind: Kind): Layer => ({ kind, name: KINDS[kind] });

const root = join(import.meta.dirname, "..", "..", "..");
const SCOPE = "@tallyline/";

/** Node.js's modules that do one thing together; any other `node:internal/NAME/…` counts as `node:NAME`. */
const NODE_MODULES: readonly (readonly [RegExp, string])[] = [
  [/^(?:internal\/)?(?:net|stream_base_commons|tcp_wrap|blocklist|socketaddress)\b/, "node:net"],
  [/^(?:_stream|stream|internal\/streams)\b/, "node:stream"],
  [/^internal\/process\/task_queues/, "node:process, its queues"],
  [/^internal\/(?:async_hooks|async_local_storage)/, "node:async_hooks"],
  [/^internal\/(?:abort_controller|event_target)/, "AbortController, EventTarget"],
  [/^internal\/encoding/, "TextEncoder, TextDecoder"],
];

/** The layer of a source: a path, or `node:…`. @param from The folder of the whole repository. */
export function layerOf(file: string, from: string = root): Layer {
  if (file.startsWith("node:")) return { kind: "node", name: nodeModule(file.slice("node:".length)) };
  const installed = file.split("/node_modules/").at(-1)!;
  if (installed !== file) {
    const name = installed.split("/", installed.startsWith("@") ? 2 : 1).join("/");
    return name.startsWith(SCOPE)
      ? { kind: "ours", name: `packages/${name.slice(SCOPE.length)}` }
      : { kind: "packages", name };
  }
  const [top = "", name = ""] = relative(from, file).split("/");
  if (top === "packages" || top === "apps") return { kind: "ours", name: `${top}/${name}` };
  return top === "bench" ? layerOfKind("script") : { kind: "packages", name: "files that are not known" };
}

/** As one reads it: from the repository's folder, or from the package's; of what is elsewhere, its name. */
export function shortPath(file: string, from: string = root): string {
  if (file.startsWith("node:")) return file;
  const installed = file.split("/node_modules/").at(-1)!;
  if (installed !== file) return installed;
  const path = relative(from, file);
  return path.startsWith("..") ? basename(file) : path;
}

function nodeModule(path: string): string {
  const known = NODE_MODULES.find(([pattern]) => pattern.test(path));
  return known?.[1] ?? `node:${path.replace(/^internal\//, "").split("/")[0]!}`;
}
