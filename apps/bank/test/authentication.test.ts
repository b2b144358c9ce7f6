import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createBankServer, Users, type BankServerEvent } from "@tallyline/bank";
import { createBankClient } from "@tallyline/bank/client";
import { describe, expect, test } from "vitest";
import { passwordOf, putUser, usersOf } from "./bank-users.ts";
import { connectRaw } from "./raw-peers.ts";
import { stillLedger } from "./transcript-bank.ts";

/** A bank with the customer alice, whose clock the test sets. */
async function startBank() {
  const users = await usersOf({ name: "alice", role: "customer" }, { name: "bob", role: "customer" });
  const clock = { nowMs: 1_000_000 };
  const events: BankServerEvent[] = [];
  const server = await createBankServer({
    ledger: stillLedger(),
    port: 0,
    users,
    now: () => clock.nowMs,
    onEvent: (event) => events.push(event),
  });
  const login = async (user: string, password: string): Promise<string> => {
    await using client = createBankClient({ port: server.port, login: { user, password } });
    return await client.ping().then(
      () => "let in",
      (error: Error) => /was not let in: (\w+)/.exec(error.message)?.[1] ?? error.message,
    );
  };
  return {
    port: server.port,
    users,
    clock,
    events,
    login,
    [Symbol.asyncDispose]: async () => void (await server.drain()),
  };
}

test("who knows the password is let in, and is told what it is", async () => {
  await using bank = await startBank();
  await putUser(bank.users, { name: "carol", role: "auditor", account: "main" });
  await using client = createBankClient({ port: bank.port, login: { user: "carol", password: passwordOf("carol") } });
  expect(await client.balance()).toMatchObject({ account: "main" });
});

test("a wrong password, a name that there is not, and one that has no password get the same answer", async () => {
  await using bank = await startBank();
  const principal = { name: "robot", role: "customer", account: undefined, rights: new Map() } as const;
  bank.users.put({ principal, credentials: undefined, certificate: "robot" });
  for (const user of ["alice", "nobody", "robot"]) expect(await bank.login(user, "wrong")).toBe("AUTH_FAILED");
  await using raw = await connectRaw(bank.port);
  await raw.ask("hello bank/1\n");
  const challenge = async (user: string) =>
    (await raw.ask(`auth SCRAM-SHA-256 data="n,,n=${user},r=abcdefgh"\n`))!.replace(/r=[^,]*,s=[^,]*/, "r=…,s=…");
  const known = await challenge("alice");
  await raw.ask("auth SCRAM-SHA-256 data=x\n");
  expect(await challenge("nobody")).toBe(known);
});

test("a name that there is not is challenged alike every time, as one that there is", async () => {
  await using bank = await startBank();
  const saltOf = async (user: string) => {
    await using raw = await connectRaw(bank.port);
    await raw.ask("hello bank/1\n");
    return /s=([^,]+)/.exec((await raw.ask(`auth SCRAM-SHA-256 data="n,,n=${user},r=abcdefgh"\n`))!)![1];
  };
  expect(await saltOf("nobody")).toBe(await saltOf("nobody"));
  expect(await saltOf("nobody")).not.toBe(await saltOf("nobody2"));
  expect(await saltOf("nobody")).toHaveLength((await saltOf("alice"))!.length);
});

describe("after five wrong proofs in a row", () => {
  test("a name has to wait, twice as long each time, also with the right password", async () => {
    await using bank = await startBank();
    for (let i = 0; i < 5; i += 1) expect(await bank.login("alice", "wrong")).toBe("AUTH_FAILED");
    for (const waitMs of [1000, 2000, 4000]) {
      expect(await bank.login("alice", passwordOf("alice"))).toBe("AUTH_LOCKED");
      bank.clock.nowMs += waitMs - 1;
      expect(await bank.login("alice", passwordOf("alice"))).toBe("AUTH_LOCKED");
      bank.clock.nowMs += 1;
      expect(await bank.login("alice", "wrong")).toBe("AUTH_FAILED");
    }
    bank.clock.nowMs += 900_000; // no wait is longer
    expect(await bank.login("alice", passwordOf("alice"))).toBe("let in");
    expect(await bank.login("alice", "wrong")).toBe("AUTH_FAILED"); // from the beginning
    expect(await bank.login("alice", passwordOf("alice"))).toBe("let in");
  });

  test("other names do not, as long as their address has not failed with many", async () => {
    await using bank = await startBank();
    for (let i = 0; i < 5; i += 1) await bank.login("alice", "wrong");
    expect(await bank.login("bob", passwordOf("bob"))).toBe("let in");
    for (let i = 0; i < 55; i += 1) await bank.login(`nobody-${i}`, "wrong");
    expect(await bank.login("bob", passwordOf("bob"))).toBe("RATE_LIMITED");
    bank.clock.nowMs += 86_400_001; // a day without a failure
    expect(await bank.login("bob", passwordOf("bob"))).toBe("let in");
  });

  test("an attempt that was counted stays counted when the server is killed before it compares", async () => {
    await using bank = await startBank();
    const [name, address] = ["alice", "127.0.0.1"];
    await using raw = await connectRaw(bank.port);
    await raw.ask("hello bank/1\n");
    await raw.ask('auth SCRAM-SHA-256 data="n,,n=alice,r=abcdefgh"\n');
    expect(bank.users.failures(name, address).count).toBe(0);
    // What is durable at the moment of the comparison is what a kill leaves: the last thing written before it.
    const counts: number[] = [];
    const setFailures = bank.users.setFailures.bind(bank.users);
    bank.users.setFailures = (all, nowMs) => {
      setFailures(all, nowMs);
      counts.push(bank.users.failures(name, address).count);
    };
    expect(await bank.login("alice", passwordOf("alice"))).toBe("let in");
    expect(counts).toEqual([1, 0]); // counted before, taken back after
  });
});

test("ten thousand wrong passwords get the documented answers, and five of them are looked at", async () => {
  await using bank = await startBank();
  await using raw = await connectRaw(bank.port);
  await raw.ask("hello bank/1\n");
  const answers = new Map<string, number>();
  for (let i = 0; i < 100; i += 1) {
    let lines = "";
    for (let j = 0; j < 100; j += 1) {
      lines += 'auth SCRAM-SHA-256 data="n,,n=alice,r=abcdefgh"\n';
      lines += `auth SCRAM-SHA-256 data="c=biws,r=abcdefgh,p=${i}${j}"\n`;
    }
    raw.send(lines);
    for (let text = ""; text.split("\n").length <= 200;) {
      text += await raw.read();
      if (text.split("\n").length <= 200) continue;
      for (const line of text.split("\n")) {
        const code = /^(?:OK|NO) (\w+)/.exec(line)?.[1];
        if (code !== undefined) answers.set(code, (answers.get(code) ?? 0) + 1);
      }
    }
  }
  expect(Object.fromEntries(answers)).toEqual({ CONTINUE: 10_000, AUTH_FAILED: 5, AUTH_LOCKED: 9_995 });
});

test("what is told of a failed attempt is who and from where, and nothing secret", async () => {
  await using bank = await startBank();
  await bank.login("alice", "hunter2");
  expect(bank.events).toEqual([{ event: "auth-failed", user: "alice", address: "127.0.0.1" }]);
});

test("the last message of an attempt cannot be used again, or without the first", async () => {
  await using bank = await startBank();
  await using raw = await connectRaw(bank.port);
  await raw.ask("hello bank/1\n");
  const final = 'auth SCRAM-SHA-256 data="c=biws,r=abcdefgh,p=AAAA"\n';
  expect(await raw.ask(final)).toMatch(/^NO AUTH_FAILED/);
  await raw.ask('auth SCRAM-SHA-256 data="n,,n=alice,r=abcdefgh"\n');
  expect(await raw.ask(final)).toMatch(/^NO AUTH_FAILED/);
  expect(await raw.ask(final)).toMatch(/^NO AUTH_FAILED/);
});

describe("users", () => {
  test("keep no password, in a file that only its owner can read", async () => {
    const folder = mkdtempSync(join(tmpdir(), "tallyline-users-"));
    try {
      using users = new Users(`${folder}/new/users.db`);
      expect(users.areNone).toBe(true);
      expect(readdirSync(folder)).toEqual([]);
      await putUser(users, { name: "alice", role: "customer" });
      expect(users.areNone).toBe(false);
      const files = readdirSync(`${folder}/new`).map((name) => `${folder}/new/${name}`);
      expect(statSync(files[0]!).mode & 0o777).toBe(0o600);
      for (const file of files) expect(readFileSync(file).includes("alice-secret")).toBe(false);

      // Another process sees it, and its changes are seen here from the next question on.
      using other = new Users(`${folder}/new/users.db`);
      expect(other.find("alice")?.principal.role).toBe("customer");
      await putUser(other, { name: "alice", role: "operator" });
      expect(users.find("alice")?.principal.role).toBe("operator");
      expect(other.remove("alice")).toBe(true);
      expect(users.find("alice")).toBeUndefined();
      expect(users.remove("alice")).toBe(false);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  test("cannot share a certificate", async () => {
    const users = await usersOf({ name: "alice", role: "customer", certificate: "cn" });
    await expect(putUser(users, { name: "bob", role: "customer", certificate: "cn" })).rejects.toThrow("UNIQUE");
    expect(users.findByCertificate([undefined, "other", "cn"])?.principal.name).toBe("alice");
  });
});
