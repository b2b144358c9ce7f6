import { spawn } from "node:child_process";
import { once } from "node:events";
import fs, { copyFileSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { syncBuiltinESMExports } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { LedgerOpenError, openSqliteLedger } from "@tallyline/ledger-sqlite";
import { afterEach, beforeEach, expect, test } from "vitest";

let folder: string;
let path: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "tallyline-"));
  path = join(folder, "bank.db");
});
afterEach(() => rmSync(folder, { recursive: true }));

const open = () => openSqliteLedger({ path, currencies: [{ code: "USD", exponent: 2 }] });

function behindItsBack(sql: string): void {
  const database = new DatabaseSync(path);
  database.exec(sql);
  database.close();
}

/** Opens what cannot be opened. @returns why not; the file is as it was. */
async function refusal(): Promise<LedgerOpenError> {
  const before = statSync(path).isFile() ? readFileSync(path) : undefined;
  const error: unknown = await open().catch((reason: unknown) => reason);
  expect(error).toBeInstanceOf(LedgerOpenError);
  if (before !== undefined) expect(readFileSync(path).equals(before)).toBe(true);
  return error as LedgerOpenError;
}

test("a file is refused that another ledger of this process has open, and stays that ledger's", async () => {
  await using _first = await open();
  const expected = { code: "IN_USE", message: `${path} is in use by another ledger of this process` };
  expect(await refusal()).toMatchObject(expected);
  expect(await refusal()).toMatchObject(expected); // asking has not given the lock back
});

test("a file is refused by the name of the process that has it open, until that ends, however it ends", async () => {
  const script = `
    import { openSqliteLedger } from "@tallyline/ledger-sqlite";
    await openSqliteLedger({ path: ${JSON.stringify(path)}, currencies: [] });
    console.log("open");
    setInterval(() => {}, 1000);
  `;
  const flags = process.env["VITEST_TARGET"] === "dist" ? [] : ["--conditions=@tallyline/source"];
  const child = spawn(process.execPath, [...flags, "--input-type=module", "--eval", script], {
    cwd: import.meta.dirname,
    stdio: ["ignore", "pipe", "inherit"],
  });
  try {
    await once(child.stdout, "data");
    expect(await refusal()).toMatchObject({ code: "IN_USE", message: `${path} is in use by process ${child.pid}` });
  } finally {
    child.kill("SIGKILL");
    await once(child, "exit");
  }
  await (await open()).close();
});

test("a file is refused that is no database", async () => {
  writeFileSync(path, "Dear bank,\n".repeat(100));
  expect(await refusal()).toMatchObject({ code: "NOT_A_LEDGER" });
});

test("a file is refused that is somebody else's database", async () => {
  behindItsBack("CREATE TABLE recipe (name TEXT)");
  expect(await refusal()).toMatchObject({ code: "NOT_A_LEDGER" });
});

test("a file of a few bytes is refused", async () => {
  writeFileSync(path, "SQLite format 3\0 and no more");
  expect(await refusal()).toMatchObject({ code: "NOT_A_LEDGER" });
});

test("a file in a folder whose own folder is missing is refused", async () => {
  path = join(folder, "no", "such", "bank.db");
  await expect(open()).rejects.toMatchObject({ code: "CANNOT_OPEN" });
});

test("a folder is refused", async () => {
  path = folder;
  expect(await refusal()).toMatchObject({ code: "CANNOT_OPEN" });
});

test("a file of a later layout is refused", async () => {
  await (await open()).close();
  behindItsBack("PRAGMA user_version = 3");
  expect(await refusal()).toMatchObject({
    code: "VERSION_UNKNOWN",
    message: `${path} has layout 3, this version reads layout 2`,
  });
});

test("a currency with another exponent than the file's is refused", async () => {
  await (await open()).close();
  const opened = openSqliteLedger({ path, currencies: [{ code: "USD", exponent: 3 }] });
  await expect(opened).rejects.toMatchObject({
    code: "CURRENCIES_DIFFER",
    message: `${path} keeps USD with 2 decimals, but was opened with 3`,
  });
});

test("a file is refused while somebody reads it whose log has to be moved, and is opened afterwards", async () => {
  await (await open()).close();
  const reader = new DatabaseSync(path, { readOnly: true });
  reader.exec("BEGIN; SELECT count(*) FROM state");
  behindItsBack("UPDATE state SET owner_pid = 0"); // leaves a log, because of the reader
  await expect(open()).rejects.toMatchObject({ code: "IN_USE", message: expect.stringContaining("is being read") });
  reader.close();
  await (await open()).close();
});

test("a log without its file is neither used nor removed", async () => {
  writeFileSync(`${path}-wal`, "all that is left");
  const message = `${path} is not there, but its log is: ${path}-wal`;
  await expect(open()).rejects.toMatchObject({ code: "CANNOT_OPEN", message });
  expect(readFileSync(`${path}-wal`, "utf8")).toBe("all that is left");
});

test("a ledger whose making was cut short is made again", async () => {
  for (const suffix of ["", "-journal", "-wal"]) writeFileSync(`${path}-new${suffix}`, "torn");
  writeFileSync(path, "");
  await using ledger = await open();
  expect(await ledger.head()).toMatchObject({ seq: 0 });
});

test("a log that is found is written again and synced before it is moved into the file", async () => {
  const copy = join(folder, "copy.db");
  {
    await using ledger = await open();
    const terms = { currency: "USD", kind: "asset", minBalanceMinor: null, maxBalanceMinor: null } as const;
    await ledger.submit({ verb: "open", principal: "p", id: "1", account: "alice", ...terms });
    for (const suffix of ["", "-wal"]) copyFileSync(path + suffix, copy + suffix); // as a killed process leaves them
  }
  const log = readFileSync(`${copy}-wal`);
  const file = readFileSync(copy);
  expect(log.length).toBeGreaterThan(0);

  const { fsyncSync, writeSync } = fs;
  const written: string[] = [];
  const synced: { readonly log: Buffer; readonly file: Buffer }[] = [];
  const isLog = (handle: number) => fs.fstatSync(handle).ino === statSync(`${copy}-wal`).ino;
  Object.assign(fs, {
    writeSync: (handle: number, bytes: Uint8Array, ...rest: [number, number, number]) => {
      if (isLog(handle)) written.push(rest.join());
      return writeSync(handle, bytes, ...rest);
    },
    fsyncSync: (handle: number) => {
      if (isLog(handle)) synced.push({ log: readFileSync(`${copy}-wal`), file: readFileSync(copy) });
      fsyncSync(handle);
    },
  });
  syncBuiltinESMExports();
  try {
    await using ledger = await openSqliteLedger({ path: copy, currencies: [{ code: "USD", exponent: 2 }] });
    expect(await ledger.account("alice")).toBeDefined();
  } finally {
    Object.assign(fs, { fsyncSync, writeSync });
    syncBuiltinESMExports();
  }
  expect(written).toEqual([`0,${log.length},0`]);
  expect(synced).toEqual([{ log, file }]);
});
