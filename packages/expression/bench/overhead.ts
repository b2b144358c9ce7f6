// What limits and counters cost: `node bench/overhead.ts`. The sources are copied without them, and
// both are timed in turn, in many short slices of which the least counts. An edit that fits nothing is an error.

import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { evaluate } from "../src/index.ts";

const source = join(import.meta.dirname, "../src");
const slices = Number(process.argv[2] ?? 200);

const edits: readonly (readonly [file: string, pattern: RegExp, replacement: string])[] = [
  ["parser.ts", /^ *this\.(?:count|enter)\(\);$/gm, ""],
  [
    "parser.ts",
    /if \((?:source\.length|operands\.length|this\.openCount) > (?:maxLength|maxArguments|this\.limits\.maxDepth)\)/g,
    "if (false)",
  ],
  ["parser.ts", /^ *this\.depthLeft (?:[+-]= 1|= depthBefore);$/gm, ""],
  ["number-system.ts", /^ {2}(?:spend|checkBits)\(.*\{$/gm, "$& return;"],
];

const texts: Readonly<Record<string, readonly string[]>> = {
  "2 + 2": variants((digit) => `${digit()} + ${digit()}`),
  ints: variants((digit) => `(${digit()} + ${digit()}) * ${digit()} - ${digit()} // ${digit()}`),
  floats: variants((digit) => `((${digit()}.5 + 4.2) * (7.1 - ${digit()}.9)) / (1.5 + ${digit()}.5) - 8.25`),
  "200 terms": variants((digit) => Array.from({ length: 200 }, digit).join(" + ")),
  "100 parentheses": variants((digit) => `${"(".repeat(100)}${digit()}${")".repeat(100)}`),
  "wide ints": variants((digit) => `${digit()} ** 20 * ${digit()} ** 15 % ${digit()} ** 9`),
};

const folder = mkdtempSync(join(tmpdir(), "expression-overhead-"));
try {
  cpSync(source, folder, { recursive: true });
  writeFileSync(join(folder, "package.json"), '{"private":true,"type":"module"}');
  for (const [file, pattern, replacement] of edits) {
    const text = readFileSync(join(folder, file), "utf8");
    const edited = text.replaceAll(new RegExp(pattern, `${pattern.flags.replace("g", "")}g`), replacement);
    if (edited === text) throw new Error(`${file} has nothing like ${pattern}`);
    writeFileSync(join(folder, file), edited);
  }
  type Module = { readonly evaluate: typeof evaluate };
  const modules = (await Promise.all([import(join(source, "index.ts")), import(join(folder, "index.ts"))])) as [
    Module,
    Module,
  ];
  let logarithms = 0;
  for (const [name, variantsOf] of Object.entries(texts)) {
    const [withAll, without] = leastTimes(modules, variantsOf);
    logarithms += Math.log(withAll / without);
    console.log(
      `${name.padEnd(16)} ${withAll.toFixed(0)} ns, without ${without.toFixed(0)} ns: ${percent(withAll / without)}`,
    );
  }
  console.log(`geometric mean: ${percent(Math.exp(logarithms / Object.keys(texts).length))}`);
} finally {
  rmSync(folder, { recursive: true });
}

/** The least nanoseconds of CPU time per evaluation, for each module. */
function leastTimes(
  modules: readonly { readonly evaluate: typeof evaluate }[],
  variantsOf: readonly string[],
): [number, number] {
  const least: [number, number] = [Infinity, Infinity];
  for (let slice = 0; slice < slices; slice++) {
    for (const [index, module] of modules.entries()) {
      const start = process.cpuUsage();
      let calls = 0;
      let elapsedUs = 0;
      for (; elapsedUs < 1000; calls += variantsOf.length) {
        for (const text of variantsOf) module.evaluate(text);
        const { user, system } = process.cpuUsage(start);
        elapsedUs = user + system;
      }
      least[index as 0 | 1] = Math.min(least[index]!, (elapsedUs * 1000) / calls);
    }
  }
  return least;
}

function variants(make: (digit: () => number) => string): string[] {
  let seed = 1;
  const digit = () => 1 + ((seed = (seed * 48271) % 2147483647) % 9000);
  return Array.from({ length: 256 }, () => make(digit));
}

function percent(ratio: number): string {
  return `${ratio >= 1 ? "+" : ""}${((ratio - 1) * 100).toFixed(1)} %`;
}
