// Pictures of the main pages, as a desktop, a phone and a desktop in dark mode show them, opened from the files:
// `node scripts/site/screenshots.ts FOLDER`, after the site was built. It also types into the search, fails when nothing is
// found, and fails when a page asks for anything but the site's own files. Needs Chromium, as Debian packages it.
import { spawn } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { root } from "./pages.ts";

const folder = process.argv[2];
if (folder === undefined) throw new Error("usage: node scripts/site/screenshots.ts FOLDER");
mkdirSync(folder, { recursive: true });

const shown = {
  front: "index.html",
  guide: "docs/guides/own-server.html",
  bugs: "docs/guides/bug-by-bug.html",
  specification: "docs/bank-protocol.html",
  limits: "docs/limits.html",
  package: "packages/tcp.html",
  function: "packages/tcp/createTcpServer.html",
  decision: "docs/decisions/0002-toolchain.html",
};
const devices = {
  desktop: { width: 1280, height: 1000, isDark: false },
  phone: { width: 390, height: 844, isDark: false },
  dark: { width: 1280, height: 1000, isDark: true },
};

const profile = mkdtempSync(join(tmpdir(), "screenshots-"));
const flags = ["--headless", "--no-sandbox", "--disable-gpu", "--hide-scrollbars", "--remote-debugging-port=0"];
const browser = spawn("chromium", [...flags, `--user-data-dir=${profile}`, "about:blank"], {
  stdio: ["ignore", "ignore", "pipe"],
});
const port = await new Promise<string>((resolve) => {
  browser.stderr.on("data", (text: Buffer) => {
    const found = /ws:\/\/127\.0\.0\.1:(\d+)\//.exec(text.toString())?.[1];
    if (found !== undefined) resolve(found);
  });
});
const tabs = (await (await fetch(`http://127.0.0.1:${port}/json`)).json()) as Tab[];
const socket = new WebSocket(tabs.find(({ type }) => type === "page")!.webSocketDebuggerUrl);
await new Promise((resolve) => socket.addEventListener("open", resolve));

interface Tab {
  readonly type: string;
  readonly webSocketDebuggerUrl: string;
}
interface Message {
  readonly id?: number;
  readonly method?: string;
  readonly params?: { readonly request?: { readonly url: string } };
  readonly result?: unknown;
}
const foreign: string[] = [];
const waiting = new Map<number | string, (result: unknown) => void>();
socket.addEventListener("message", ({ data }) => {
  const { id, method, params, result } = JSON.parse(String(data)) as Message;
  const url = params?.request?.url;
  if (method === "Network.requestWillBeSent" && url !== undefined && !/^(?:file|data|about|blob):/.test(url))
    foreign.push(url);
  const key = id ?? method!;
  waiting.get(key)?.(result);
  waiting.delete(key);
});
let sent = 0;
/** One command of the DevTools protocol. */
const ask = <Result>(method: string, params: object = {}): Promise<Result> => {
  const id = ++sent;
  socket.send(JSON.stringify({ id, method, params }));
  return new Promise((resolve) => waiting.set(id, resolve as (result: unknown) => void));
};
const evaluate = async (expression: string): Promise<unknown> => {
  const answer = await ask<{ result: { value: unknown } }>("Runtime.evaluate", { expression, awaitPromise: true });
  return answer.result.value;
};
const open = async (page: string): Promise<void> => {
  const loaded = new Promise((resolve) => waiting.set("Page.loadEventFired", resolve));
  await ask("Page.navigate", { url: pathToFileURL(join(root, "dist", "site", page)).href });
  await loaded;
  await evaluate("new Promise((resolve) => setTimeout(resolve, 500))"); // the navigation is built by a script
};
const shoot = async (name: string): Promise<void> => {
  const { data } = await ask<{ data: string }>("Page.captureScreenshot", { format: "png" });
  writeFileSync(join(folder, `${name}.png`), Buffer.from(data, "base64"));
  console.log(join(folder, `${name}.png`));
};

await ask("Page.enable");
await ask("Network.enable");
for (const [device, { width, height, isDark }] of Object.entries(devices)) {
  await ask("Emulation.setDeviceMetricsOverride", { width, height, deviceScaleFactor: 1, mobile: device === "phone" });
  const features = [{ name: "prefers-color-scheme", value: isDark ? "dark" : "light" }];
  await ask("Emulation.setEmulatedMedia", { features });
  for (const [name, page] of Object.entries(shown)) {
    await open(page);
    await shoot(`${name}-${device}`);
    const pageWidth = await evaluate("document.documentElement.scrollWidth");
    if (Number(pageWidth) > width) console.log(`${page} is ${String(pageWidth)} wide on a ${device} of ${width}`);
  }
  await open("index.html");
  await evaluate("document.getElementById('tsd-search-trigger').click()");
  await evaluate("new Promise((resolve) => setTimeout(resolve, 500))");
  await ask("Input.insertText", { text: "idempotent" });
  await evaluate("new Promise((resolve) => setTimeout(resolve, 1000))");
  await shoot(`search-${device}`);
  const found = await evaluate("document.querySelectorAll('#tsd-search-results li a').length");
  console.log(`the search for "idempotent" found ${String(found)}`);
  if (found === 0) process.exitCode = 1;
}
for (const url of new Set(foreign)) console.error(`asked for ${url}`);
if (foreign.length > 0) process.exitCode = 1;
socket.close();
browser.kill();
browser.once("exit", () => rmSync(profile, { recursive: true, force: true }));
