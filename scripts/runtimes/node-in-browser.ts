// What tests in a browser get for the few things that they ask of Node.js: files of the repository, read from the server that
// serves the tests, paths of those, and garbage collection, which the browser is started with a flag for.

/** What is used of the browser's; the compiler knows that of Node.js alone here. */
declare const XMLHttpRequest: new () => {
  readonly status: number;
  readonly responseText: string;
  open(method: string, url: string, isAsynchronous: false): void;
  send(): void;
};

/** Reads a file at once: tests read their vectors while they are collected. */
export function readFileSync(path: string | URL): string {
  const request = new XMLHttpRequest();
  request.open("GET", typeof path === "string" ? `/@fs${path}` : path.href, false);
  request.send();
  if (request.status !== 200) throw new Error(`${String(path)}: ${request.status}`);
  return request.responseText;
}

/** Nothing beside the repository is there. */
export function existsSync(): boolean {
  return false;
}

/** Joins the parts of an absolute path. */
export function join(...parts: readonly string[]): string {
  return new URL(parts.join("/"), "file:///").pathname;
}

/** Chromium has it already: see chromium.ts. */
export function setFlagsFromString(): void {}

/** The one program that tests run so is `gc`. */
export function runInNewContext(name: string): unknown {
  return Reflect.get(globalThis, name);
}
