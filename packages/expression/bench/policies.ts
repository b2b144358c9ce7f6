// The built package where code from strings is forbidden: `node bench/policies.ts` after a build. Node.js with that flag and with
// frozen intrinsics, and Chromium, where it is installed, under a content security policy. Each answers the committed
// vectors of CPython and counts what is wrong. What other runtimes make of the package's tests is in docs/runtimes.md.

import { execFileSync, spawn } from "node:child_process";
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";

const here = import.meta.dirname;
const folder = mkdtempSync(join(tmpdir(), "expression-policies-"));
const vectors = readFileSync(join(here, "../test/vectors/python-3.11.jsonl"), "utf8").trimEnd().split("\n");

const smoke = `
import { calculate, compile, createCalculator, decimal, rational } from "./dist/index.js";
const vectors = [${vectors.join(",\n")}];
let wrong = 0;
for (const { expr, text, str } of vectors) {
  const outcome = calculate(expr);
  if ((outcome.ok ? outcome.text : outcome.error.pythonMessage) !== (text ?? str)) wrong += 1;
  if (outcome.ok && compile(expr).calculate().text !== text) wrong += 1;
}
if (createCalculator({ numbers: rational }).calculate("1/3 + 1/6").text !== "1/2") wrong += 1;
if (createCalculator({ numbers: decimal() }).calculate("0.1 + 0.2").text !== "0.3") wrong += 1;
const report = vectors.length + " vectors, " + wrong + " wrong";
if (typeof document === "undefined") console.log(report);
else document.body.textContent = report;
`;

try {
  cpSync(join(here, "../dist"), join(folder, "dist"), { recursive: true });
  writeFileSync(join(folder, "package.json"), '{"private":true,"type":"module"}');
  writeFileSync(join(folder, "smoke.js"), smoke);
  writeFileSync(join(folder, "index.html"), '<!doctype html><body><script type="module" src="smoke.js"></script>');
  const run = (name: string, file: string, ...args: string[]) => {
    try {
      console.log(`${name}: ${execFileSync(file, args, { cwd: folder, encoding: "utf8" }).trim()}`);
    } catch (error) {
      console.log(`${name}: ${String(error).split("\n")[0]}`);
    }
  };
  run("Node, no code from strings", process.execPath, "--disallow-code-generation-from-strings", "smoke.js");
  run("Node, frozen intrinsics", process.execPath, "--frozen-intrinsics", "--no-warnings", "smoke.js");
  console.log(`Chromium: ${await inChromium()}`);
} finally {
  rmSync(folder, { recursive: true });
}

/** The text of a page that loads the package over HTTP, with a policy that forbids code from strings. */
async function inChromium(): Promise<string> {
  const types: Readonly<Record<string, string>> = { html: "text/html", js: "text/javascript" };
  const server = createServer((request, response) => {
    const path = request.url === "/" ? "index.html" : request.url!.slice(1);
    const type = types[path.split(".").at(-1)!];
    if (type === undefined) return void response.writeHead(404).end();
    response.setHeader("content-type", type);
    response.setHeader("content-security-policy", "default-src 'self'");
    response.end(readFileSync(join(folder, path)));
  }).listen(0, "127.0.0.1");
  await new Promise((resolve) => server.once("listening", resolve));
  const { port } = server.address() as AddressInfo;
  const flags = ["--headless", "--no-sandbox", "--disable-gpu", "--virtual-time-budget=20000", "--dump-dom"];
  const child = spawn("chromium", [...flags, `http://127.0.0.1:${port}/`], { stdio: ["ignore", "pipe", "ignore"] });
  let page = "";
  child.stdout.on("data", (chunk) => (page += chunk));
  const problem = await new Promise<Error | undefined>((resolve) => {
    child.once("error", resolve);
    child.once("close", () => resolve(undefined));
  });
  server.close();
  return problem === undefined ? (/\d+ vectors, \d+ wrong/.exec(page)?.[0] ?? page.slice(0, 200)) : problem.message;
}
