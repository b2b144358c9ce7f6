// How long the answers to hostile texts take: `node --conditions=@tallyline/source bench/hostile.ts`. Prints the slowest
// of each kind in milliseconds of CPU time, the first time that this process sees the text and the least of five, and
// ends with exit code 1 when one takes more than 20.

import { calculate, compile, createCalculator, decimal, explainPythonSyntax, rational } from "@tallyline/expression";
import { hostile, hostileToDecimals, hostileToRationals, unending } from "../test/hostile-texts.ts";

const limitMs = 20;

const calc = createCalculator({ dialect: "calc" });
const rationals = createCalculator({ numbers: rational });
const decimals = createCalculator({ numbers: decimal({ precision: 1000 }) });
const texts = [...Object.values(hostile).map(([text]) => text), ...Object.values(unending)];

const kinds: readonly (readonly [name: string, texts: readonly string[], answer: (text: string) => unknown])[] = [
  ["calculate", texts, (text) => calculate(text)],
  ["compile", texts, (text) => outcomeOf(() => compile(text, { explain: explainPythonSyntax }).calculate())],
  ["calc dialect", texts, (text) => calc.calculate(text)],
  ["rational", [...hostileToRationals, ...texts], (text) => rationals.calculate(text)],
  ["decimal, 1,000 digits", [...hostileToDecimals, ...texts], (text) => decimals.calculate(text)],
];

for (const [name, all, answer] of kinds) {
  const times = all.map((text) => {
    const first = cpuMs(() => answer(text));
    return { text, first, least: Math.min(first, ...Array.from({ length: 4 }, () => cpuMs(() => answer(text)))) };
  });
  const slowest = times.reduce((a, b) => (b.least > a.least ? b : a));
  const slowestFirst = Math.max(...times.map(({ first }) => first));
  console.log(
    `${name.padEnd(24)} ${all.length} texts, slowest ${slowest.least.toFixed(1)} ms (cold ${slowestFirst.toFixed(1)}): ${slowest.text.slice(0, 40)}`,
  );
  if (slowest.least > limitMs) process.exitCode = 1;
}

function cpuMs(work: () => unknown): number {
  const start = process.cpuUsage();
  work();
  const { user, system } = process.cpuUsage(start);
  return (user + system) / 1000;
}

function outcomeOf(work: () => unknown): unknown {
  try {
    return work();
  } catch (error) {
    return error;
  }
}
