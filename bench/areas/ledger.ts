import type { RatioWanted } from "../engine/race.ts";
import { transferring } from "../engine/transferring.ts";
import type { Area } from "./area.ts";

/** Transfers a commit, and how many are made in a slice. */
const SIZES = [
  [1, 400],
  [64, 12_800],
  [1000, 30_000],
] as const;

const CONTESTANTS = [
  {
    name: "ledger-sqlite",
    configuration: "10,000 accounts, openSqliteLedger with its defaults",
    file: "sqlite-ledger.ts",
    args: [],
  },
  {
    name: "node:sqlite, insert",
    configuration: "WAL, synchronous FULL; one row with a unique id",
    file: "sqlite-bare.ts",
    args: ["insert"],
  },
  {
    name: "node:sqlite, by hand",
    configuration: "the same, two balances and two entries",
    file: "sqlite-bare.ts",
    args: ["by-hand"],
  },
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
      const all = CONTESTANTS.map((each) => transferring(each, work, bench));
      yield bench.race(`${size} a commit`, all, {
        profiled: size === 1000 ? all : [],
        slices: 20,
        sliceMs: 0,
        warmUpMs: 0,
        ratios: [
          ...(size === 1000 ? LIMITS : []),
          { over: "node:sqlite, insert", by: "cpuUs" },
          { over: "node:sqlite, by hand", by: "cpuUs" },
        ],
      });
    }
  },
};
