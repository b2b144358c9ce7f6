// Both dialects: `node --conditions=@tallyline/source bench/fuzz.ts [lines] [seed] [codec]`, in the app's folder. Over a real
// socket, to a bank; with `codec`, the grammar alone. Half of the lines are for each dialect. Ends with exit code 1 at the
// first line that was not answered as it has to be.
import { fuzzBankDialect, fuzzCodec, fuzzPlainDialect } from "../test/fuzz-lines.ts";

const [lines = 10_000_000, seed = 1] = process.argv.slice(2, 4).map(Number);
if (process.argv[4] === "codec") {
  process.stdout.write(`${JSON.stringify({ lines, seed, kinds: fuzzCodec(lines, seed) })}\n`);
  process.exit();
}
const PART = 100_000; // a bank of its own for each, so that the books stay small
for (let done = 0; done < lines; done += 2 * PART) {
  const count = Math.min(PART, Math.ceil((lines - done) / 2));
  const bank = await fuzzBankDialect(count, seed + done);
  const plain = await fuzzPlainDialect(count, seed + done);
  process.stderr.write(`\r${done + 2 * count} of ${lines}`);
  if (done + 2 * PART >= lines)
    process.stdout.write(`\n${JSON.stringify({ lines, seed, lastParts: { bank, plain } })}\n`);
}
