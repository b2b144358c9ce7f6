import { transferring } from "../engine/transferring.ts";
import type { Area } from "./area.ts";

const transfersBefore = (count: number) => `${count.toLocaleString("en")} transfers before`;

export const growth: Area = {
  name: "growth",
  title: "The ledger as its books grow",
  isLong: true,
  about:
    "Three ledgers that differ only in what is in them already take turns: what a transfer costs must not depend on how many there have been.",
  limits:
    "The journal is appended to, ids come in the order of time, and balances are not rewritten by each commit, so nothing is done more often. What grows is the wait for memory: in a profile a transfer at five million looks for its two accounts by name for 8 µs, which took 4.8 with no transfers before; reads their states for 6.8, before 2.6; and looks for its id for 3.3, before 1.0. All three are random places in what no cache of the processor holds.",
  async *run(bench) {
    const [accounts, empty, some, many] = bench.isQuick
      ? [10_000, 0, 10_000, 50_000]
      : [1_000_000, 0, 1_000_000, 5_000_000];
    yield bench.race(
      `1000 a commit, ${accounts.toLocaleString("en")} accounts`,
      [many, some, empty].map((transfers) =>
        transferring(
          {
            name: transfersBefore(transfers),
            configuration: "openSqliteLedger with its defaults",
            file: "sqlite-ledger.ts",
            args: [`${accounts}`, `${transfers}`],
          },
          { count: 10_000, size: 1000 },
          bench,
        ),
      ),
      {
        slices: 20,
        sliceMs: 0,
        warmUpMs: 0,
        ratios: [many, some].map((transfers) => ({
          subject: transfersBefore(transfers),
          over: transfersBefore(empty),
          by: "cpuUs",
          target: { atMost: 1.1 },
        })),
      },
    );
  },
};
