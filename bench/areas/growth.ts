import { transferring } from "../engine/transferring.ts";
import type { Area } from "./area.ts";

/** So many that what a process at rest does with a heap of a million accounts, collecting its garbage, is a small part. */
const WORK = 100_000;

const transfersBefore = (count: number) => `${count.toLocaleString("en")} transfers before`;

export const growth: Area = {
  name: "growth",
  title: "The ledger as its books grow",
  isLong: true,
  about:
    "Three ledgers that differ only in what is in them already take turns: what a transfer costs must not depend on how many there have been.",
  limits:
    "The journal is appended to, ids come in the order of time, and balances are not rewritten by each commit, so nothing is done more often. What grows is the wait for memory: accounts are found by name and ids by their hash, in random places, of which the processor's caches hold less as the books grow. A slice is 100,000 transfers. In slices of 10,000, each before a rest of 1.2 s, five million took 1.5 to 1.8 times as much: at rest V8 collects the garbage of a heap with a million accounts, and that was charged to few transfers.",
  async *run(bench) {
    const [accounts, empty, some, many] = bench.isQuick
      ? [10_000, 0, 10_000, 50_000]
      : [1_000_000, 0, 1_000_000, 5_000_000];
    const all = [many, some, empty].map((transfers) =>
      transferring(
        {
          name: transfersBefore(transfers),
          configuration: "openSqliteLedger with its defaults",
          file: "sqlite-ledger.ts",
          args: [`${accounts}`, `${transfers}`],
        },
        { count: bench.isQuick ? 10_000 : WORK, size: 1000 },
        bench,
      ),
    );
    yield bench.race(`1000 a commit, ${accounts.toLocaleString("en")} accounts`, all, {
      profiled: [all[0]!, all[2]!],
      slices: 20,
      sliceMs: 0,
      warmUpMs: 0,
      ratios: [many, some].map((transfers) => ({
        subject: transfersBefore(transfers),
        over: transfersBefore(empty),
        by: "cpuUs",
        target: { atMost: 1.1 },
      })),
    });
  },
};
