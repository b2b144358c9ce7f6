import { StoreInterruptedError, transfer } from "@tallyline/ledger";
import { findPostgres, type PostgresServer } from "@tallyline/ledger-postgres/testing";
import pg from "pg";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { FailoverPair } from "./failover.ts";

// The long form is scripts/failover.ts.
describe.skipIf(findPostgres() === undefined)("with a synchronous standby", { timeout: 120_000 }, () => {
  let pair: FailoverPair;
  beforeAll(async () => {
    pair = await FailoverPair.start({ isSynchronous: true, seed: 1 });
  }, 120_000);
  afterAll(() => pair?.[Symbol.asyncDispose]());

  test("a commit that a frozen standby does not confirm is unknown, and so is every sight of it until it does", async () => {
    const { primary, standby } = pair;
    const ledger = await pair.open();
    await ledger.account("c0");
    standby.freeze();
    try {
      const command = transfer({ principal: "p", id: "frozen", from: "c0", to: "c1", amountMinor: 1n });
      const answer = ledger.submit(command).catch((error: unknown) => error);
      await cancelWait(primary);
      const error = await answer;
      expect(error).toBeInstanceOf(StoreInterruptedError);
      expect(error).toMatchObject({
        code: "OUTCOME_UNKNOWN",
        cause: { message: expect.stringContaining("canceling wait") as string },
      });

      // The primary shows it; nobody may be told so.
      const client = new pg.Client(primary.url());
      await client.connect();
      const { rows } = await client.query("SELECT 1 FROM tallyline.command WHERE id = 'frozen'");
      expect(rows.length).toBe(1);
      await client.end();
      const settled = ledger.submit({ verb: "settle", principal: "p", id: "frozen" });
      await expect(settled).rejects.toMatchObject({ code: "OUTCOME_UNKNOWN" });
      await expect(ledger.account("c0")).rejects.toBeInstanceOf(StoreInterruptedError);
    } finally {
      standby.thaw();
    }
    expect(await untilAnswered(() => ledger.submit({ verb: "settle", principal: "p", id: "frozen" }))).toMatchObject({
      ok: true,
      replayed: true,
    });
    await ledger.close();
  });

  test("a failover loses nothing that was acknowledged, and the old primary acknowledges nothing more", async () => {
    const { acknowledged, lost, acknowledgedByOldPrimary } = await pair.failOver();
    expect({ lost, acknowledgedByOldPrimary }).toEqual({ lost: 0, acknowledgedByOldPrimary: 0 });
    expect(acknowledged).toBeGreaterThan(0);
    await expect(pair.check()).resolves.toBeUndefined();
  });
});

/** Cancels the wait of a commit for its standby, as an operator would who does not know better. */
async function cancelWait(primary: PostgresServer): Promise<void> {
  const client = new pg.Client(primary.url());
  await client.connect();
  const cancel = "SELECT pg_cancel_backend(pid) FROM pg_stat_activity WHERE wait_event = 'SyncRep'";
  while ((await client.query(cancel)).rows.length === 0);
  await client.end();
}

async function untilAnswered<T>(ask: () => Promise<T>): Promise<T> {
  for (;;) {
    try {
      const answer = await ask();
      if (typeof answer === "object" && answer !== null && "ok" in answer && answer.ok === true) return answer;
    } catch (error) {
      if (!(error instanceof StoreInterruptedError)) throw error;
    }
  }
}
