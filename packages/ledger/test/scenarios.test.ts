import { createMemoryLedger } from "@tallyline/ledger";
import { runScenario, scenarioCurrencies, scenarios } from "@tallyline/ledger/scenarios";
import { describe, expect, test } from "vitest";

describe("the in-memory ledger", () => {
  test.each(scenarios)("$name", async (scenario) => {
    await runScenario(createMemoryLedger({ currencies: scenarioCurrencies }), scenario);
  });
});

test("a scenario that is answered otherwise fails with the row, what came and what was expected", async () => {
  const scenario = { name: "wrong", rows: ["a: open alice USD credit 0 -> OK 7"] };
  await expect(runScenario(createMemoryLedger({ currencies: scenarioCurrencies }), scenario)).rejects.toThrow(
    'wrong: "a: open alice USD credit 0" answered "OK 1", expected "OK 7"',
  );
});
