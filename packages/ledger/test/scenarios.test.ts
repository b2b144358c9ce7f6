import { createMemoryLedger } from "@tallyline/ledger";
import { runScenario, scenarios } from "@tallyline/ledger/scenarios";
import { describe, expect, test } from "vitest";

const open = async (options: Parameters<typeof createMemoryLedger>[0]) => createMemoryLedger(options);

describe("the in-memory ledger", () => {
  test.each(scenarios)("$name", async (scenario) => {
    await runScenario(open, scenario);
  });
});

test("a scenario that is answered otherwise fails with the row, what came and what was expected", async () => {
  const scenario = { name: "wrong", rows: ["a: open alice USD liability 0 -> OK 7"] };
  await expect(runScenario(open, scenario)).rejects.toThrow(
    'wrong: "a: open alice USD liability 0" answered "OK 1", expected "OK 7"',
  );
});
