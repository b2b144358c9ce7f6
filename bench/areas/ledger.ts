import { mkdtempSync } from "node:fs";
import { join } from "node:path";
import type { Contestant } from "../engine/contestant.ts";
import type { RatioWanted } from "../engine/race.ts";
import { Worker } from "../engine/worker.ts";
import type { Area, Bench } from "./area.ts";

/** Transfers a commit, and how many are made in a slice. */
const SIZES = [
  [1, 400],
  [64, 12_800],
  [1000, 30_000],
] as const;

/** Either is enough: a machine may be short of processors, or slow. */
const LIMITS: readonly RatioWanted[] = [
  { by: "cpuUs", target: { atMost: 3.5 } },
  { by: "perSecond", target: { atLeast: 300_000 } },
];

export const ledger: Area = {
  name: "ledger",
  title: "The ledger in process",
  about:
    "The packages `ledger` and `ledger-sqlite`, called directly: transfers with ids, two legs, the hash chain and statements, durable on disk. Beside them `node:sqlite` doing the least with the same facts, an insert of one row into one table, and what one would write by hand: that row, two balances and two entries. Of the two targets for a thousand a commit, one is enough.",
  limits:
    "At one a commit, the disk's flush and SQLite's commit are nearly all there is. At a thousand, a transfer pays for its rules, for its bytes in the journal's segment and their hash, and for the rows that are made from it, each about as dear as the insert beside it.",
  async *run(bench) {
    for (const [size, count] of SIZES) {
      const work = { size, count: bench.isQuick ? count / 4 : count };
      yield bench.race(
        `${size} a commit`,
        [
          contestant(
            bench,
            work,
            "ledger-sqlite",
            "10,000 accounts, openSqliteLedger with its defaults",
            "sqlite-ledger.ts",
          ),
          contestant(
            bench,
            work,
            "node:sqlite, insert",
            "WAL, synchronous FULL; one row with a unique id",
            "sqlite-bare.ts",
            "insert",
          ),
          contestant(
            bench,
            work,
            "node:sqlite, by hand",
            "the same, two balances and two entries",
            "sqlite-bare.ts",
            "by-hand",
          ),
        ],
        {
          slices: 20,
          sliceMs: 0,
          warmUpMs: 0,
          ratios: [
            ...(size === 1000 ? LIMITS : []),
            { over: "node:sqlite, insert", by: "cpuUs" },
            { over: "node:sqlite, by hand", by: "cpuUs" },
          ],
        },
      );
    }
    if (bench.withGrowth) yield growth(bench);
  },
};

/** Three ledgers that differ in what is in them already take turns. */
function growth(bench: Bench) {
  const name = (transfers: number) => `${transfers.toLocaleString("en")} transfers before`;
  const [accounts, empty, some, many] = bench.isQuick
    ? [10_000, 0, 10_000, 50_000]
    : [1_000_000, 0, 1_000_000, 5_000_000];
  return bench.race(
    `1000 a commit, ${accounts.toLocaleString("en")} accounts`,
    [many, some, empty].map((transfers) =>
      contestant(
        bench,
        { count: 30_000, size: 1000 },
        name(transfers),
        "openSqliteLedger with its defaults",
        "sqlite-ledger.ts",
        `${accounts}`,
        `${transfers}`,
      ),
    ),
    {
      slices: 20,
      sliceMs: 0,
      warmUpMs: 0,
      ratios: [
        { over: name(empty), by: "cpuUs", target: { atMost: 1.1 } },
        { subject: name(some), over: name(empty), by: "cpuUs", target: { atMost: 1.1 } },
      ],
    },
  );
}

function contestant(
  bench: Bench,
  work: { readonly count: number; readonly size: number },
  name: string,
  configuration: string,
  file: string,
  ...args: readonly string[]
): Contestant {
  return {
    name,
    configuration,
    async start() {
      const worker = await Worker.start(file, [join(mkdtempSync(join(bench.folder, "ledger-")), "ledger.db"), ...args]);
      await worker.ask({ count: bench.isQuick ? 10_000 : 100_000, size: 1000 }); // until it is compiled
      return {
        async slice() {
          const { ms, cpuUs } = await worker.ask(work);
          return { perSecond: (1000 * work.count) / ms, cpuUs: cpuUs / work.count };
        },
        atEnd: () => worker.atEnd(),
        [Symbol.asyncDispose]: () => worker[Symbol.asyncDispose](),
      };
    },
  };
}
