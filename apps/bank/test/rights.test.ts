import { createBankServer } from "@tallyline/bank";
import { createBankClient, type BankClient } from "@tallyline/bank/client";
import type { BankRequest, WriteRequest } from "@tallyline/bank-protocol";
import { describe, expect, test } from "vitest";
import { passwordOf, putUser, usersOf } from "./bank-users.ts";
import { stillLedger } from "./transcript-bank.ts";

/**
 * A bank with alice and bob, each with an account of 100 USD and an operator's hold of 10 on it; carol, who may view
 * bob's account; dave, who may pay from it; and an auditor.
 */
async function startBank() {
  const users = await usersOf(
    { name: "alice", role: "customer", account: "alice" },
    { name: "bob", role: "customer", account: "bob" },
    { name: "carol", role: "customer", rights: { bob: "view", "@cash": "pay", vault: "pay" } },
    { name: "dave", role: "customer", rights: { bob: "pay" } },
    { name: "olga", role: "operator" },
    { name: "arthur", role: "auditor" },
  );
  const server = await createBankServer({ ledger: stillLedger(), port: 0, users });
  const clients: BankClient[] = [];
  const as = (user: string): BankClient => {
    const client = createBankClient({ port: server.port, login: { user, password: passwordOf(user) } });
    clients.push(client);
    return client;
  };
  const olga = as("olga");
  await olga.open({ account: "vault", currency: "USD", kind: "asset", min: "none" });
  for (const name of ["alice", "bob"]) {
    await olga.open({ account: name, currency: "USD", owner: name, max: "150" });
    await olga.deposit({ account: name, amount: "100" });
    await olga.hold({ from: name, to: "main", amount: "10", id: `h-${name}` });
  }
  return {
    as,
    users,
    port: server.port,
    [Symbol.asyncDispose]: async () => {
      for (const client of clients) await client.close();
      await server.drain();
      users[Symbol.dispose]();
    },
  };
}

/** What becomes of a request, whichever it is. */
async function send(
  client: BankClient,
  request: BankRequest,
): Promise<{ code: string } | { kind: string; code?: string }> {
  if (!("id" in request) || request.verb === "lookup" || request.verb === "settle") return client.ask(request);
  return client.write(request as WriteRequest);
}

describe("a customer", () => {
  const id = "x";
  const toBob: readonly BankRequest[] = [
    { verb: "balance", account: "bob" },
    { verb: "statement", account: "bob" },
    { verb: "holds", account: "bob" },
    { verb: "withdraw", account: "bob", amount: "5", id },
    { verb: "deposit", account: "bob", amount: "5", id },
    { verb: "transfer", from: "bob", to: "alice", amount: "5", id },
    { verb: "hold", from: "bob", to: "alice", amount: "5", id },
    { verb: "transfer", from: "alice", to: "@cash", amount: "5", id },
    { verb: "transfer", from: "@cash", to: "alice", amount: "5", id },
    { verb: "transfer", from: "alice", to: "vault", amount: "5", id },
    { verb: "transfer", from: "vault", to: "alice", amount: "5", id },
    { verb: "balance", account: "@cash" },
    { verb: "balance", account: "vault" },
    {
      verb: "journal",
      legs: [
        { account: "bob", side: "debit", amount: "5" },
        { account: "alice", side: "credit", amount: "5" },
      ],
      id,
    },
  ];
  const nobodys = (request: BankRequest): BankRequest =>
    JSON.parse(JSON.stringify(request).replaceAll(/"(bob|@cash|vault)"/g, '"nobody"')) as BankRequest;

  test.each(toBob)("can neither read nor move another's money, nor learn that it is there, by %j", async (request) => {
    await using bank = await startBank();
    const alice = bank.as("alice");
    const answer = await send(alice, request);
    expect(answer.code).toBe("ACCOUNT_UNKNOWN");
    const settled = "id" in request ? await alice.settle(id) : undefined;

    // To the letter the answer for an account that there is not, but for its name.
    await using other = await startBank();
    const stranger = other.as("alice");
    const named = (text: unknown) => JSON.stringify(text).replaceAll(/bob|@cash|vault/g, "nobody");
    expect(named(answer)).toBe(named(await send(stranger, nobodys(request))));
    if (settled !== undefined) expect(named(settled)).toBe(named(await stranger.settle(id)));

    // And nothing has moved.
    const olga = bank.as("olga");
    expect(await olga.balance("bob")).toMatchObject({ booked: "100", available: "90" });
    expect(await olga.balance("alice")).toMatchObject({ booked: "100" });
  });

  test("sees and moves its own, and sees nobody else's balance in a receipt", async () => {
    await using bank = await startBank();
    const alice = bank.as("alice");
    expect(await alice.balance()).toMatchObject({ account: "alice", booked: "100", available: "90", owner: "alice" });
    expect(await alice.statement()).toMatchObject({ closing: "100" });
    expect(await alice.holds()).toMatchObject({ holds: [{ hold: "h-alice" }] });
    const paid = await alice.transfer({ from: "alice", to: "bob", amount: "20", id: "p" });
    expect(paid).toMatchObject({ kind: "done", balances: [{ account: "alice", booked: "80" }] });
    expect(paid.kind === "done" && paid.balances).toHaveLength(1);
    expect(await alice.settle("p")).toEqual({ ...paid, isReplayed: true });
    expect(await alice.withdraw({ amount: "1" })).toMatchObject({ kind: "done", balances: [{ account: "alice" }] });
  });

  test("cannot take a payment back: the payee's money is the payee's", async () => {
    await using bank = await startBank();
    const alice = bank.as("alice");
    await alice.transfer({ from: "alice", to: "bob", amount: "20", id: "p" });
    expect(await alice.reverse({ transfer: "p", id: "r" })).toMatchObject({ kind: "declined", code: "FORBIDDEN" });
    expect(await alice.settle("r")).toMatchObject({ kind: "fenced" });
    expect(await bank.as("bob").balance()).toMatchObject({ booked: "120" });
  });

  test("does not learn from a refusal how full another's account is, or whether it is frozen", async () => {
    await using bank = await startBank();
    const alice = bank.as("alice");
    const pay = (amount: string) => alice.transfer({ from: "alice", to: "bob", amount });
    expect(await pay("51")).toMatchObject({ kind: "declined", code: "FORBIDDEN" }); // above bob's maximum
    expect(await pay("51")).not.toHaveProperty("account");
    await bank.as("olga").freeze({ account: "bob" });
    expect(await pay("1")).toMatchObject({ kind: "declined", code: "FORBIDDEN" });
  });

  test("cannot capture or release another's hold, or learn of another's id", async () => {
    await using bank = await startBank();
    const alice = bank.as("alice");
    expect(await alice.capture({ hold: "h-alice" })).toMatchObject({ code: "HOLD_UNKNOWN" });
    expect(await alice.release({ hold: "h-bob" })).toMatchObject({ code: "HOLD_UNKNOWN" });
    await bank.as("bob").withdraw({ amount: "1", id: "bobs" });
    expect(await alice.lookup("bobs")).toMatchObject({ code: "UNSEEN" });
    expect(await alice.reverse({ transfer: "bobs" })).toMatchObject({ code: "ENTRY_UNKNOWN" });
    expect(await alice.settle("bobs")).toMatchObject({ kind: "fenced" }); // alice's own id of that name
    expect(await bank.as("bob").lookup("bobs")).toMatchObject({ kind: "done" });
  });

  test.each<BankRequest>([
    { verb: "open", account: "mine", currency: "USD", owner: "alice", id },
    { verb: "close", account: "alice", id },
    { verb: "freeze", account: "bob", id },
    { verb: "unfreeze", account: "bob", id },
    { verb: "limit", account: "alice", min: "-1000", id },
    { verb: "accounts" },
    { verb: "audit", what: "head" },
    { verb: "audit", what: "verify" },
  ])("may not %j, and its id can never be used for it", async (request) => {
    await using bank = await startBank();
    expect((await send(bank.as("alice"), request)).code).toBe("FORBIDDEN");
    if (!("id" in request)) return;
    await putUser(bank.users, { name: "alice", role: "operator", account: "alice" });
    expect(await send(bank.as("alice"), request)).toMatchObject({ kind: "fenced" });
  });

  test("who was given the right to view sees, and does not pay; who was given the right to pay does", async () => {
    await using bank = await startBank();
    const carol = bank.as("carol");
    expect(await carol.balance("bob")).toMatchObject({ booked: "100" });
    expect(await carol.withdraw({ account: "bob", amount: "1" })).toMatchObject({ code: "ACCOUNT_UNKNOWN" });
    expect(await carol.balance("@cash")).toMatchObject({ code: "ACCOUNT_UNKNOWN" }); // nobody can be given the bank's own
    expect(await carol.withdraw({ account: "vault", amount: "1" })).toMatchObject({ code: "ACCOUNT_UNKNOWN" });
    expect(await carol.balance()).toMatchObject({ class: "BAD", code: "ARGUMENT_MISSING" });
    expect(await bank.as("dave").withdraw({ account: "bob", amount: "1" })).toMatchObject({ kind: "done" });
  });

  test("who has lost a right gets what happened before again, and nothing more", async () => {
    await using bank = await startBank();
    const dave = bank.as("dave");
    const order = { from: "bob", to: "alice", amount: "5", id: "d" };
    const hold = { from: "bob", to: "alice", amount: "5", id: "dh" };
    expect(await dave.transfer(order)).toMatchObject({ kind: "done", isReplayed: false });
    expect(await dave.hold(hold)).toMatchObject({ kind: "done" });
    await putUser(bank.users, { name: "dave", role: "customer" });
    expect(await dave.transfer(order)).toMatchObject({ kind: "done", isReplayed: true, balances: [] });
    expect(await dave.transfer({ ...order, id: "e" })).toMatchObject({ kind: "declined", code: "ACCOUNT_UNKNOWN" });
    expect(await dave.capture({ hold: "dh" })).toMatchObject({ kind: "declined", code: "FORBIDDEN" });
    expect(await dave.preview({ verb: "transfer", ...order, id: "f" })).toMatchObject({ declined: "ACCOUNT_UNKNOWN" });
    expect(await dave.lookup("f")).toMatchObject({ code: "UNSEEN" });
    await putUser(bank.users, { name: "dave", role: "customer", rights: { bob: "pay" } });
    // What was declined stays declined under its id, though the right is back.
    expect(await dave.transfer({ ...order, id: "e" })).toMatchObject({ kind: "declined", isFinal: true });
    expect(await bank.as("olga").balance("bob")).toMatchObject({ booked: "95" });
  });

  test("who was removed is nobody from the next request on", async () => {
    await using bank = await startBank();
    const alice = bank.as("alice");
    expect(await alice.balance()).toMatchObject({ class: "OK" });
    bank.users.remove("alice");
    expect(await alice.balance()).toMatchObject({ class: "BAD", code: "AUTH_REQUIRED" });
  });
});

describe("an auditor", () => {
  test("reads everything", async () => {
    await using bank = await startBank();
    const arthur = bank.as("arthur");
    for (const account of ["alice", "@cash", "vault"])
      expect(await arthur.balance(account)).toMatchObject({ class: "OK" });
    expect(await arthur.statement({ account: "bob" })).toMatchObject({ class: "OK" });
    expect(await arthur.accounts()).toMatchObject({ accounts: { length: 6 } });
    expect(await arthur.audit("verify")).toMatchObject({ verified: true });
  });

  test.each<WriteRequest>([
    { verb: "deposit", account: "alice", amount: "5", id: "x" },
    { verb: "transfer", from: "alice", to: "bob", amount: "5", id: "x" },
    { verb: "freeze", account: "alice", id: "x" },
  ])("changes nothing: %j", async (request) => {
    await using bank = await startBank();
    expect(await bank.as("arthur").write(request)).toMatchObject({ kind: "declined", code: "FORBIDDEN" });
  });
});

test("customers' accounts are what the bank owes, so that nobody is given an account to make money with", async () => {
  await using bank = await startBank();
  const kinds = ["asset", "equity", "income", "expense"] as const;
  for (const kind of kinds) {
    const outcome = await bank.as("olga").open({ account: "mint", currency: "USD", kind, owner: "alice" });
    expect(outcome).toMatchObject({ kind: "declined", code: "OWNER_INVALID" });
  }
});
