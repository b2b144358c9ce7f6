// A second implementation of the protocol, in another language and from its specification alone.
import { execFile } from "node:child_process";
import { globSync } from "node:fs";
import { basename, join } from "node:path";
import { promisify } from "node:util";
import { describe, expect, test } from "vitest";
import { startTranscriptBank } from "./transcript-bank.ts";

const conformance = join(import.meta.dirname, "../../../packages/bank-protocol/conformance");
const run = (...args: readonly string[]) =>
  promisify(execFile)("python3", ["-X", "utf8", join(import.meta.dirname, "../examples/bank_client.py"), ...args]);
const hasPython = await promisify(execFile)("python3", ["--version"]).then(
  () => true,
  () => false,
);

describe.runIf(hasPython)("the client in Python", () => {
  test("passes the vectors", async () => {
    expect(await run("vectors", conformance)).toEqual({ stdout: "", stderr: "" });
  });

  test.each(globSync("*.txt", { cwd: join(conformance, "transcripts") }))("follows the transcript %s", async (file) => {
    await using bank = await startTranscriptBank(basename(file, ".txt"));
    const path = join(conformance, "transcripts", file);
    expect(await run("transcripts", "127.0.0.1", `${bank.port}`, path)).toEqual({ stdout: "", stderr: "" });
  });

  test("moves money", async () => {
    await using bank = await startTranscriptBank("money");
    const { stdout } = await run("127.0.0.1", `${bank.port}`, "deposit", "0.50");
    expect(stdout).toContain("account=main currency=USD booked=1000.5 available=1000.5");
    expect(stdout).toMatch(/\nOK DONE seq=\d+ time=2026-11-22T07:00:00.000Z\n$/);
  });
});
