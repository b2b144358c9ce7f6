// Against other evaluators and against code generation: `node --conditions=@tallyline/source bench/peers.ts [rounds]`.
// The peers are installed into a temporary folder, never into the workspace. Rounds are interleaved: each round times
// every evaluator on every shape once, in turn, and each cell reports the least of its rounds, so that a busy moment of the
// machine cannot favour one of them. Texts differ in their digits, so that nobody answers from a cache.

import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { availableParallelism, cpus, tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { calculate, compile, evaluate } from "@tallyline/expression";

const peers = [
  "mathjs@15.2.0",
  "expr-eval@2.0.2",
  "jsep@1.6.0",
  "expression-eval@5.0.1",
  "fparser@4.2.0",
  "@marcbachmann/cel-js@8.0.0",
];
const rounds = Number(process.argv[2] ?? 7);

type Variables = Readonly<Record<string, number>>;
interface Evaluator {
  readonly name: string;
  readonly isGenerating?: boolean;
  once(text: string): unknown;
  prepare(text: string): (variables: Variables) => unknown;
}

/** Where results go, so that no work can be left out. */
export let sink: unknown;

const folder = mkdtempSync(join(tmpdir(), "expression-bench-"));
try {
  writeFileSync(join(folder, "package.json"), '{"private":true}');
  execFileSync("npm", ["install", "--silent", "--no-audit", "--no-fund", ...peers], { cwd: folder, stdio: "inherit" });
  const evaluators = await evaluatorsFrom(folder);
  console.log(`node --conditions=@tallyline/source bench/peers.ts ${rounds}`);
  console.log(`Node ${process.version}, ${cpus()[0]?.model}, ${availableParallelism()} cores`);
  oneShot(evaluators);
  neverSeen(evaluators);
  rotation(evaluators);
} finally {
  rmSync(folder, { recursive: true });
}

async function evaluatorsFrom(from: string): Promise<Evaluator[]> {
  // A module inside of the folder, so that names are looked up there.
  writeFileSync(join(from, "load.mjs"), "export const load = (name) => import(name);");
  const { load: imported } = await import(pathToFileURL(join(from, "load.mjs")).href);
  const mathjs = await imported("mathjs");
  const { Parser } = (await imported("expr-eval")).default;
  const expressionEval = (await imported("expression-eval")).default;
  const { default: Formula } = await imported("fparser");
  const cel = await imported("@marcbachmann/cel-js");
  // CEL keeps ints and floats apart without converting; its texts get a point in every number.
  const celText = (text: string) => text.replaceAll(/(?<![\w.])\d+(?![\w.])/g, "$&.0");
  return [
    {
      name: "ours",
      once: (text) => evaluate(text),
      prepare: (text) => {
        const compiled = compile(text);
        return (variables) => compiled.evaluate(variables);
      },
    },
    { name: "ours, calculate", once: (text) => calculate(text), prepare: () => () => undefined },
    {
      name: "mathjs",
      once: (text) => mathjs.evaluate(text),
      prepare: (text) => {
        const code = mathjs.compile(text);
        return (variables) => code.evaluate(variables);
      },
    },
    {
      name: "expr-eval",
      once: (text) => Parser.evaluate(text),
      prepare: (text) => {
        const expression = new Parser().parse(text);
        return (variables) => expression.evaluate(variables);
      },
    },
    {
      name: "jsep",
      once: (text) => expressionEval.eval(expressionEval.parse(text), {}),
      prepare: (text) => {
        const tree = expressionEval.parse(text);
        return (variables) => expressionEval.eval(tree, variables);
      },
    },
    {
      name: "fparser",
      once: (text) => Formula.calc(text, {}),
      prepare: (text) => {
        const formula = new Formula(text.replaceAll(/\b[xy]\b/g, "[$&]"));
        return (variables) => formula.evaluate(variables);
      },
    },
    {
      name: "cel-js",
      once: (text) => cel.evaluate(celText(text), {}),
      prepare: (text) => {
        const program = cel.parse(celText(text));
        return (variables) => program(variables);
      },
    },
    {
      name: "new Function",
      isGenerating: true,
      // Generating code is what is measured here, on texts of our own.
      // oxlint-disable-next-line no-implied-eval
      once: (text) => new Function(`return ${text}`)(),
      prepare: (text) => {
        // oxlint-disable-next-line no-implied-eval
        const run = new Function("x", "y", `return ${text}`);
        return ({ x, y }) => run(x, y);
      },
    },
    {
      name: "eval",
      isGenerating: true, // oxlint-disable-next-line no-eval
      once: (text) => (0, eval)(text),
      prepare: () => () => undefined,
    },
  ];
}

/** Nanoseconds of CPU time per call: the least of eight slices of at least 4 ms, after as long to warm up. */
function time(work: (index: number) => unknown): number {
  let index = 0;
  let calls = 1;
  const slice = (): number => {
    const start = process.cpuUsage();
    for (let i = 0; i < calls; i++) sink = work(index++);
    const { user, system } = process.cpuUsage(start);
    return user + system;
  };
  while (slice() < 4000) calls *= 2;
  return (Math.min(...Array.from({ length: 8 }, slice)) * 1000) / calls;
}

function shapes(digit: () => number): Record<string, () => string> {
  const d = digit;
  return {
    tiny_add: () => `${d()} + ${d()}`,
    tiny_mul: () => `${d()} * ${d()}`,
    ints: () => `(${d()} + ${d()}) * ${d()} - ${d()} / ${d()}`,
    floats: () => `3.14${d()} * 2.5${d()} * 2.5${d()}`,
    paren: () => `((3.5${d()} + 4.2) * (7.1 - 2.9${d()})) / (1.5 + 0.5${d()}) - 8.25`,
    long200: () => Array.from({ length: 200 }, () => d()).join(" + "),
    deep100: () => `${"(".repeat(100)}${d()} + ${d()}${")".repeat(100)}`,
    right100: () => `${Array.from({ length: 99 }, () => `${d()}+(`).join("")}${d()}${")".repeat(99)}`,
  };
}

function table(title: string, evaluators: readonly Evaluator[], cells: Map<string, Map<string, number>>): void {
  console.log(`\n${title}: ns, and the geometric mean as a multiple of ours`);
  const ours = cells.get("ours")!;
  for (const { name } of evaluators) {
    const row = cells.get(name)!;
    if (row.size === 0) continue;
    const shared = [...row.keys()];
    const ratio = Math.exp(
      shared.reduce((sum, key) => sum + Math.log(row.get(key)! / ours.get(key)!), 0) / shared.length,
    );
    console.log(
      name.padEnd(16),
      shared.map((key) => `${key} ${Math.round(row.get(key)!)}`).join("  "),
      ` ×${ratio.toFixed(2)}`,
    );
  }
}

function collect(
  evaluators: readonly Evaluator[],
  names: readonly string[],
  cell: (evaluator: Evaluator, name: string) => number,
) {
  const cells = new Map(evaluators.map(({ name }) => [name, new Map<string, number>()]));
  for (let round = 0; round < rounds; round++) {
    for (const name of names) {
      for (const evaluator of evaluators) {
        const row = cells.get(evaluator.name)!;
        try {
          row.set(name, Math.min(row.get(name) ?? Infinity, cell(evaluator, name)));
        } catch {
          // What an evaluator cannot do is left out of its row.
        }
      }
    }
  }
  return cells;
}

function oneShot(evaluators: readonly Evaluator[]): void {
  let seed = 1;
  const digit = () => 1 + ((seed = (seed * 48271) % 2147483647) % 9000);
  const texts = new Map(
    Object.entries(shapes(digit)).map(([name, make]) => [name, Array.from({ length: 1024 }, make)]),
  );
  const cells = collect(evaluators, [...texts.keys()], (evaluator, name) => {
    const variants = texts.get(name)!;
    return time((index) => evaluator.once(variants[index & 1023]!));
  });
  table("Read and evaluate once", evaluators, cells);
}

function neverSeen(evaluators: readonly Evaluator[]): void {
  let seed = 7;
  const digit = () => (seed = (seed * 48271) % 2147483647);
  const all = shapes(digit);
  const names = ["tiny_add", "ints", "floats", "paren"];
  const cells = collect(evaluators, names, (evaluator, name) => {
    const texts = Array.from({ length: 3000 }, all[name]!);
    const start = process.cpuUsage();
    for (const text of texts) sink = evaluator.once(text);
    const { user, system } = process.cpuUsage(start);
    return ((user + system) * 1000) / texts.length;
  });
  table("Texts never seen before", evaluators, cells);
}

function rotation(evaluators: readonly Evaluator[]): void {
  let seed = 3;
  const next = (below: number) => (seed = (seed * 48271) % 2147483647) % below;
  const leaf = () => ["x", "y", `${1 + next(99)}.5`, `${1 + next(99)}`][next(4)]!;
  const make = (operators: number): string => {
    if (operators === 0) return leaf();
    // Divisors are constants: some evaluators take a division by zero for an error, as they should.
    if (next(6) === 0) return `(${make(operators - 1)} / ${1 + next(99)}.5)`;
    const left = next(operators);
    return `(${make(left)} ${["+", "-", "*"][next(3)]!} ${make(operators - 1 - left)})`;
  };
  const texts = Array.from({ length: 64 }, () => `${make(8 + next(2))} + x`);
  const compilers = evaluators.filter(({ name }) => name !== "eval" && name !== "ours, calculate");
  const cells = collect(compilers, ["rotation"], (evaluator) => {
    const programs = texts.map((text) => evaluator.prepare(text));
    const variables = { x: 1.5, y: 2.25 };
    for (const program of programs) program(variables);
    return time((index) => {
      variables.x = 1.5 + (index & 255);
      return programs[index & 63]!(variables);
    });
  });
  table("64 compiled expressions in rotation", compilers, cells);
}
