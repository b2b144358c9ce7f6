// Both dialects over a real socket: `node --conditions=@tallyline/source bench/fuzz.ts [lines] [seed]`, in the app's folder.
// Half of the lines are for each. Ends with exit code 1 at the first line that was not answered as it has to be.
import { fuzzBankDialect, fuzzPlainDialect } from "../test/fuzz-lines.ts";

const [lines = 10_000_000, seed = 1] = process.argv.slice(2).map(Number);
const PART = 100_000; // a bank of its own for each, so that the books stay small
for (let done = 0; done < lines; done += 2 * PART) {
  const count = Math.min(PART, Math.ceil((lines - done) / 2));
  const bank = await fuzzBankDialect(count, seed + done);
  const plain = await fuzzPlainDialect(count, seed + done);
  process.stderr.write(`\r${done + 2 * count} of ${lines}`);
  if (done + 2 * PART >= lines)
    process.stdout.write(`\n${JSON.stringify({ lines, seed, lastParts: { bank, plain } })}\n`);
}
