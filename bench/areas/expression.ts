import type { Contestant } from "../engine/contestant.ts";
import type { Sample } from "../engine/metrics.ts";
import { geometricMean } from "../engine/statistics.ts";
import { type Evaluator, evaluators, GENERATING, PEERS } from "./expression-evaluators.ts";
import type { Area } from "./area.ts";

/** Where results go, so that no work can be left out. */
const kept: { result?: unknown } = {};

/** Texts by shape; they differ in their digits, so that nobody answers from a cache. */
const SHAPES: Readonly<Record<string, (digits: () => number) => string>> = {
  "1 + 2": (d) => `${d()} + ${d()}`,
  "1 * 2": (d) => `${d()} * ${d()}`,
  integers: (d) => `(${d()} + ${d()}) * ${d()} - ${d()} / ${d()}`,
  floats: (d) => `3.14${d()} * 2.5${d()} * 2.5${d()}`,
  parentheses: (d) => `((3.5${d()} + 4.2) * (7.1 - 2.9${d()})) / (1.5 + 0.5${d()}) - 8.25`,
  "200 terms": (d) => Array.from({ length: 200 }, () => d()).join(" + "),
  "100 deep": (d) => `${"(".repeat(100)}${d()} + ${d()}${")".repeat(100)}`,
  "100 to the right": (d) => `${Array.from({ length: 99 }, () => `${d()}+(`).join("")}${d()}${")".repeat(99)}`,
};
const NEW_SHAPES = ["1 + 2", "integers", "floats", "parentheses"];

export const expression: Area = {
  name: "expression",
  title: "Expressions",
  about:
    "The package `expression` beside what one would install instead, and beside code generation, which runs whatever it is given. All in one process, CPU time; a round times every evaluator on every shape once.",
  limits:
    "A text that `eval` or `new Function` has seen before is found compiled, and a long one then runs in less time than it takes to read it; a new one pays for the compiler. In a CPU profile, a fifth of reading and evaluating once is fetching characters; the rest is spread thin over tokens, calls and boxes for floats.",
  async *run(bench) {
    const length = { slices: 20, sliceMs: bench.isQuick ? 1 : 4, warmUpMs: 0 };
    const all = await evaluators();
    const shapes = Object.keys(SHAPES);
    const named = (names: readonly string[]) => all.filter(({ name }) => names.includes(name));
    yield bench.race("Read and evaluated once", all.map(once), {
      ...length,
      profiled: named(["expression", "cel-js", "mathjs"]).map(once),
      ratios: [
        { over: PEERS, by: shapes, target: { atLeast: 4 } },
        { over: "mathjs", by: shapes, target: { atLeast: 15 } },
        ...[...PEERS, ...GENERATING].filter((over) => over !== "mathjs").map((over) => ({ over, by: shapes })),
      ],
    });
    yield bench.race("Texts never seen before", all.map(neverSeen), {
      ...length,
      profiled: named(["expression", "new Function"]).map(neverSeen),
      ratios: [
        { over: "new Function", by: NEW_SHAPES, target: { atLeast: 8 } },
        { over: PEERS, by: NEW_SHAPES },
      ],
    });
    yield bench.race("64 compiled expressions in rotation", all.filter(({ prepare }) => prepare).map(rotation), {
      ...length,
      profiled: named(["expression", "jsep"]).map(rotation),
      ratios: [
        { over: PEERS, by: ["rotation"], target: { atLeast: 2 } },
        { over: "new Function", by: ["rotation"] },
      ],
    });
  },
};

function once(evaluator: Evaluator): Contestant {
  const digits = random(1, 9000);
  const texts = Object.entries(SHAPES).map(
    ([shape, make]) => [shape, Array.from({ length: 1024 }, () => make(digits))] as const,
  );
  return contestant(evaluator, (ms) =>
    sampleOf(texts, ([shape, variants]) => [shape, time(ms, (index) => evaluator.once(variants[index & 1023]!))]),
  );
}

function neverSeen(evaluator: Evaluator): Contestant {
  const digits = random(7, 2 ** 31);
  return contestant(evaluator, () =>
    sampleOf(NEW_SHAPES, (shape) => {
      const texts = Array.from({ length: 3000 }, () => SHAPES[shape]!(digits));
      const start = process.cpuUsage();
      for (const text of texts) kept.result = evaluator.once(text);
      return [shape, nanosecondsSince(start) / texts.length];
    }),
  );
}

function rotation(evaluator: Evaluator): Contestant {
  const next = random(3, 2 ** 31);
  const texts = Array.from({ length: 64 }, () => `${formula(8 + (next() % 2), next)} + x`);
  const programs = texts.map((text) => evaluator.prepare!(text));
  const variables = { x: 1.5, y: 2.25 };
  return contestant(evaluator, (ms) => ({
    rotation: time(ms, (index) => {
      variables.x = 1.5 + (index & 255);
      return programs[index & 63]!(variables);
    }),
  }));
}

function formula(operators: number, next: () => number): string {
  if (operators === 0) return ["x", "y", `${1 + (next() % 99)}.5`, `${1 + (next() % 99)}`][next() % 4]!;
  // Divisors are constants: some evaluators take a division by zero for an error, as they should.
  if (next() % 6 === 0) return `(${formula(operators - 1, next)} / ${1 + (next() % 99)}.5)`;
  const left = next() % operators;
  return `(${formula(left, next)} ${["+", "-", "*"][next() % 3]!} ${formula(operators - 1 - left, next)})`;
}

function contestant({ name, configuration }: Evaluator, slice: (ms: number) => Sample): Contestant {
  return {
    name,
    configuration,
    async start() {
      let operations = 0;
      return {
        async slice(ms) {
          const start = process.cpuUsage();
          const sample = slice(ms);
          operations += nanosecondsSince(start) / geometricMean(Object.values(sample));
          return sample;
        },
        // Those of the mean cost: every shape has as much of the time as any other, as in the mean that is compared.
        work: { pids: [process.pid], operations: () => operations },
        [Symbol.asyncDispose]: async () => {},
      };
    },
  };
}

/** What an evaluator cannot do is left out of its sample. */
function sampleOf<T>(shapes: readonly T[], measure: (shape: T) => readonly [string, number]): Sample {
  return Object.fromEntries(
    shapes.flatMap((shape) => {
      try {
        return [measure(shape)];
      } catch {
        return [];
      }
    }),
  );
}

/** Nanoseconds of CPU time a call: the least of eight times of that many milliseconds, after as long to warm up. */
function time(ms: number, work: (index: number) => unknown): number {
  let index = 0;
  let count = 1;
  const run = (): number => {
    const start = process.cpuUsage();
    for (let i = 0; i < count; i += 1) kept.result = work(index++);
    return nanosecondsSince(start);
  };
  while (run() < ms * 1e6) count *= 2;
  return Math.min(...Array.from({ length: 8 }, run)) / count;
}

function nanosecondsSince(start: NodeJS.CpuUsage): number {
  const { user, system } = process.cpuUsage(start);
  return (user + system) * 1000;
}

/** Numbers from 1 to below the bound, always the same (Lehmer's generator). */
function random(seed: number, bound: number): () => number {
  let state = seed;
  return () => 1 + ((state = (state * 48271) % 2147483647) % (bound - 1));
}
