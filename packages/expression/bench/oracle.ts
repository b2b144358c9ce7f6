// CPython's own answers against ours: `node --conditions=@tallyline/source bench/oracle.ts [seeds] [count] [first seed]`.
// Needs python3 (3.11 for equal texts of errors) and the generator among the corpora; see test/corpora.ts for where those
// are looked for. Values are compared by text, which tells every float64 from every other; errors by class and by text.

import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { calculate, compile } from "@tallyline/expression";

const [seeds = 10, count = 20_000, firstSeed = 1] = process.argv.slice(2).map(Number);
const corpora = process.env["TALLYLINE_CORPORA"] ?? join(import.meta.dirname, "../../../../shared/corpora");

let equal = 0;
const wrong: string[] = [];
for (let seed = firstSeed; seed < firstSeed + seeds; seed++) {
  const generator = [join(corpora, "python_oracle.py"), "-n", `${count}`, "--seed", `${seed}`, "--extra"];
  const { stdout, status, stderr } = spawnSync("python3", generator, { encoding: "utf8", maxBuffer: 2 ** 30 });
  if (status !== 0) throw new Error(stderr);
  for (const line of stdout.trimEnd().split("\n").slice(1)) {
    const { expr, repr, error, message, str = message } = JSON.parse(line) as Record<string, string>;
    const outcome = calculate(expr!);
    const wanted = error === undefined ? repr : `${error}: ${str}`;
    const actual = outcome.ok ? outcome.text : `${outcome.error.pythonType}: ${outcome.error.pythonMessage}`;
    const compiled = outcome.ok ? compile(expr!).calculate() : outcome;
    if (actual === wanted && (!compiled.ok || compiled.text === wanted)) equal += 1;
    else wrong.push(`seed ${seed}: ${expr}\n  ours ${actual}\n  CPython ${wanted}`);
  }
}
console.log(wrong.join("\n"));
console.log(
  `${equal} equal, ${wrong.length} different, of ${seeds} seeds from ${firstSeed} with ${count} expressions each`,
);
