// Removes guards of the ledger, one at a time, and runs the tests: for each, the test that is named here has to fail.
// Nothing on disk is changed: the tests load the changed source.
// Run: node packages/ledger-sqlite/bench/mutations.ts [part of a guard's name]
import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

interface Mutation {
  readonly guard: string;
  /** In the folder of packages. */
  readonly file: string;
  /** The guard, and what is there without it. */
  readonly from: string;
  readonly to: string;
  /** How the name of the test begins that has to fail, and where it is; names of rows of a table are shortened. */
  readonly test: string;
  readonly in: "sqlite-ledger" | "verify" | "failures" | "ledger-file" | "differential";
}

const mutations: readonly Mutation[] = [
  {
    guard: "the content under an id is compared",
    file: "ledger/src/apply.ts",
    from: "const isSame = content === earlier.content || content === FENCE || earlier.content === FENCE;",
    to: "const isSame = true;",
    test: "an id used for another content is refus",
    in: "sqlite-ledger",
  },
  {
    guard: "answers wait for the commit",
    file: "ledger-sqlite/src/sqlite-ledger.ts",
    from: 'head = this.#write() ?? "";',
    to: 'for (const call of this.#queue) call.settle(""); head = this.#write() ?? "";',
    test: "a commit that fails is an unknown outcome",
    in: "failures",
  },
  {
    guard: "tables are STRICT",
    file: "ledger-sqlite/src/schema.ts",
    from: ") STRICT",
    to: ")",
    test: "statements and balances can be read with any SQLite shell, and history cannot be changed there",
    in: "sqlite-ledger",
  },
  {
    guard: "triggers refuse to change history",
    file: "ledger-sqlite/src/schema.ts",
    from: "RAISE(ABORT,",
    to: "length(",
    test: "statements and balances can be read with any SQLite shell, and history cannot be changed there",
    in: "sqlite-ledger",
  },
  {
    guard: "the chain is checked when a file is verified",
    file: "ledger-sqlite/src/verify.ts",
    from: "if (header.previousHead !== head) throw",
    to: "if (false) throw",
    test: "where a segment was changed, checksum and all",
    in: "verify",
  },
  {
    guard: "the chain is checked when a file is opened",
    file: "ledger-sqlite/src/recovery.ts",
    from: "if (header.previousHead !== head) throw",
    to: "if (false) throw",
    test: "a file is not opened where a segment that it begins with does not link to the one before",
    in: "verify",
  },
  {
    guard: "checksums are compared",
    file: "ledger/src/segment.ts",
    from: "if (view.getUint32(4, true) !== checksum(segment.subarray(8))) return",
    to: "if (false) return",
    test: "a record that is damaged is found when its id is asked for",
    in: "verify",
  },
  {
    guard: "holds expire by the ledger's clock, which never goes back",
    file: "ledger-sqlite/src/file-books.ts",
    from: "if (nowMs > this.#clockMs) this.#clockMs = Math.floor(nowMs);",
    to: "this.#clockMs = Math.floor(nowMs);",
    test: "a clock that goes back neither un-expir",
    in: "sqlite-ledger",
  },
  {
    guard: "what had no room is taken back",
    file: "ledger-sqlite/src/sqlite-ledger.ts",
    from: "this.#books.rollback();",
    to: "",
    test: "on a full disk reads go on and answers are repeated",
    in: "failures",
  },
  {
    guard: "a full disk is told from a failure",
    file: "ledger-sqlite/src/sqlite-error.ts",
    from: "error.errcode === SQLITE_FULL",
    to: "false",
    test: "on a full disk reads go on and answers are repeated",
    in: "failures",
  },
  {
    guard: "a file has one owner",
    file: "ledger-sqlite/src/file-lock.ts",
    from: "; BEGIN IMMEDIATE",
    to: "",
    test: "a file is refused that another ledger of this process has open",
    in: "ledger-file",
  },
  {
    guard: "an id that the tables show is found",
    file: "ledger-sqlite/src/file-books.ts",
    from: "this.ids.add(",
    to: "void (",
    test: "answers as the ledger in memory does, whatever it is asked: seed 1",
    in: "differential",
  },
  {
    guard: "an id of the same turn is found",
    file: "ledger-sqlite/src/file-books.ts",
    from: "this.#batch.set(",
    to: "void (",
    test: "answers as the ledger in memory does, whatever it is asked: seed 1",
    in: "differential",
  },
  {
    guard: "accounts that changed since they were saved are redone",
    file: "ledger-sqlite/src/recovery.ts",
    from: "books.accounts.set(number, account, latest);",
    to: "",
    test: "accounts that changed since their page was saved are redone when the file is opened",
    in: "sqlite-ledger",
  },
  {
    guard: "a balance beyond 64 bits is refused",
    file: "ledger/src/accounts-draft.ts",
    from: "if (available < -MAX_MINOR || highest > MAX_MINOR)",
    to: "if (false)",
    test: "a balance beyond 64 bits is refused, ne",
    in: "sqlite-ledger",
  },
];

const root = join(import.meta.dirname, "../../..");
const vitest = join(root, "node_modules/vitest/vitest.mjs");
const config = join(import.meta.dirname, "mutations.config.ts");
const folder = mkdtempSync(join(tmpdir(), "tallyline-mutations-"));
process.on("exit", () => rmSync(folder, { recursive: true }));

interface Report {
  readonly testResults: readonly {
    readonly message: string;
    readonly assertionResults: readonly { readonly title: string; readonly status: string }[];
  }[];
}

/** @returns the titles of the tests that ran, and of those that failed. */
function run(mutation: Pick<Mutation, "file" | "from" | "to">, file: string): { ran: string[]; failed: string[] } {
  const report = join(folder, "report.json");
  const tests = `packages/ledger-sqlite/test/${file}.test.ts`;
  const flags = ["--config", config, "--root", root, "--reporter", "json", "--outputFile", report];
  const env = { ...process.env, MUTATION: JSON.stringify(mutation) };
  spawnSync(process.execPath, [vitest, "run", ...flags, tests], { cwd: root, env });
  const { testResults } = JSON.parse(readFileSync(report, "utf8")) as Report;
  rmSync(report);
  const results = testResults.flatMap((each) => each.assertionResults);
  const titles = (among: typeof results) => among.map(({ title }) => title);
  return { ran: titles(results), failed: titles(results.filter(({ status }) => status === "failed")) };
}

const chosen = mutations.filter(({ guard }) => guard.includes(process.argv[2] ?? ""));
let survivors = 0;
const intact = { file: "none", from: "none", to: "none" };
for (const file of new Set(chosen.map((each) => each.in))) {
  const { ran, failed } = run(intact, file);
  if (ran.length === 0 || failed.length > 0)
    throw new Error(`without a change ${file} fails already: ${failed.join("; ")}`);
}
for (const { guard, test, in: file, ...mutation } of chosen) {
  const source = readFileSync(join(root, "packages", mutation.file), "utf8");
  if (!source.includes(mutation.from))
    throw new Error(`${mutation.file} has no ${JSON.stringify(mutation.from)} any more`);
  const { failed } = run(mutation, file);
  const isCaught = failed.some((title) => title.includes(test));
  if (!isCaught) survivors += 1;
  console.log(
    `${isCaught ? "caught" : "NOT CAUGHT"}: without "${guard}", ${failed.length} tests fail, "${test}" ${isCaught ? "among them" : "not"}`,
  );
}
process.exitCode = survivors === 0 ? 0 : 1;
