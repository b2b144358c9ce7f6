import {
  apply,
  balanceMinor,
  Books,
  commandOf,
  contentOf,
  createMemoryLedger,
  deposit,
  MAX_MINOR,
  touches,
  transfer,
  type Account,
  type Command,
} from "@tallyline/ledger";
import fc from "fast-check";
import { expect, test } from "vitest";

const currencies = [
  { code: "USD", exponent: 2 },
  { code: "JPY", exponent: 0 },
];
const names = ["@cash", "alice", "bob", "emi"];

// Few accounts, ids and amounts, so that overdrafts, reused ids and unbalanced entries come up all the time.
const account = fc.constantFrom(...names);
const identity = { principal: fc.constantFrom("p", "q"), id: fc.constantFrom("1", "2", "3", "4", "5", "6") };
const leg = fc.record({
  account,
  side: fc.constantFrom("debit" as const, "credit" as const),
  amountMinor: fc.oneof(fc.bigInt(0n, 20n), fc.constant(MAX_MINOR)),
});
const command: fc.Arbitrary<Command> = fc.oneof(
  fc.record({
    kind: fc.constant("open" as const),
    ...identity,
    account,
    currency: fc.constantFrom("USD", "JPY"),
    normalSide: fc.constantFrom("debit" as const, "credit" as const),
    minBalanceMinor: fc.constantFrom(0n, -10n, null),
  }),
  fc.record({ kind: fc.constant("post" as const), ...identity, legs: fc.array(leg, { maxLength: 4 }) }),
  fc.record({ ...identity, from: account, to: account, amountMinor: fc.bigInt(1n, 20n) }).map(transfer),
);
const history = fc.array(command, { maxLength: 60 });

function openedBooks(): Books {
  const books = new Books(currencies);
  for (const name of names) {
    const terms =
      name === "@cash"
        ? ({ normalSide: "debit", minBalanceMinor: null } as const)
        : ({ normalSide: "credit", minBalanceMinor: -10n } as const);
    books.execute({
      kind: "open",
      principal: "setup",
      id: name,
      account: name,
      currency: name === "emi" ? "JPY" : "USD",
      ...terms,
    });
  }
  return books;
}

function snapshot(books: Books): (Account | undefined)[] {
  return names.map((name) => books.account(name));
}

test("debits equal credits in every currency after any history", () => {
  fc.assert(
    fc.property(history, (commands) => {
      const books = openedBooks();
      for (const each of commands) books.execute(each);
      for (const { debitsMinor, creditsMinor } of books.trialBalance()) expect(debitsMinor).toBe(creditsMinor);
    }),
  );
});

test("no posting takes an account below its limit", () => {
  fc.assert(
    fc.property(history, (commands) => {
      const books = openedBooks();
      for (const each of commands) {
        books.execute(each);
        for (const name of names) {
          const { minBalanceMinor, ...rest } = books.account(name)!;
          if (minBalanceMinor !== null)
            expect(balanceMinor({ minBalanceMinor, ...rest })).toBeGreaterThanOrEqual(minBalanceMinor);
        }
      }
    }),
  );
});

test("sending every command twice leaves the same books and answers as sending it once", () => {
  fc.assert(
    fc.property(history, (commands) => {
      const once = openedBooks();
      const twice = openedBooks();
      for (const each of commands) {
        const first = once.execute(each).result;
        expect(twice.execute(each).result).toEqual(first);
        const again = twice.execute(each).result;
        expect({ ...again, replayed: first.replayed }).toEqual(first);
      }
      expect(snapshot(twice)).toEqual(snapshot(once));
    }),
  );
});

test("a refused command moves nothing", () => {
  fc.assert(
    fc.property(history, (commands) => {
      const books = openedBooks();
      for (const each of commands) {
        const before = snapshot(books);
        if (!books.execute(each).result.ok) expect(snapshot(books)).toEqual(before);
      }
    }),
  );
});

test("replaying the recorded commands gives the same answers and the same books", () => {
  fc.assert(
    fc.property(history, (commands) => {
      const books = openedBooks();
      const journal = commands.filter((each) => books.execute(each).record !== undefined);
      const replayed = openedBooks();
      for (const each of journal) {
        const { principal, id } = each;
        const recorded = books.recorded(principal, id)!;
        expect(replayed.execute(commandOf(recorded.content, { principal, id })).record).toEqual(recorded);
      }
      expect(snapshot(replayed)).toEqual(snapshot(books));
    }),
  );
});

test("deciding a command reads no account that it does not say it touches", () => {
  fc.assert(
    fc.property(history, command, (commands, last) => {
      const books = openedBooks();
      for (const each of commands) books.execute(each);
      const read: string[] = [];
      const view = {
        account: (name: string) => (read.push(name), books.account(name)),
        recorded: (principal: string, id: string) => books.recorded(principal, id),
        hasCurrency: (code: string) => books.hasCurrency(code),
        nextSeq: books.nextSeq,
      };
      apply(view, last);
      expect(touches(last)).toEqual(expect.arrayContaining(read));
    }),
  );
});

test("contents are equal exactly when the requests are, whoever sends them under whatever id", () => {
  fc.assert(
    fc.property(command, command, (one, other) => {
      const { principal: _p, id: _i, ...a } = one;
      const { principal: _q, id: _j, ...b } = other;
      const same = fc.stringify(a) === fc.stringify(b);
      expect(contentOf(one) === contentOf(other)).toBe(same);
      expect(commandOf(contentOf(one), one)).toEqual(one);
    }),
  );
});

test.each(["", "a b", "ü", "x".repeat(65), "a\n"])("%j is not an id", (id) => {
  const result = openedBooks().execute(deposit({ principal: "p", id, account: "alice", amountMinor: 1n })).result;
  expect(result).toMatchObject({ ok: false, code: "ID_INVALID" });
});

test("currencies that make no sense are refused when the books are opened", () => {
  expect(() => new Books([{ code: "usd", exponent: 2 }])).toThrow('currency code is "usd", expected 3 to 8 of A-Z 0-9');
  expect(() => new Books([{ code: "USD", exponent: 2.5 }])).toThrow(
    "exponent of USD is 2.5, expected an integer from 0 to 9",
  );
  expect(() => new Books([currencies[0]!, currencies[0]!])).toThrow("two currencies have the same code");
});

test("a read sees every command submitted before it", async () => {
  const ledger = createMemoryLedger({ currencies });
  const opened = ledger.submit({
    kind: "open",
    principal: "p",
    id: "1",
    account: "a",
    currency: "USD",
    normalSide: "credit",
    minBalanceMinor: 0n,
  });
  expect(await ledger.account("a")).toMatchObject({ account: "a", version: 0 });
  expect(await opened).toMatchObject({ ok: true, seq: 1 });
  expect(await ledger.account("b")).toBeUndefined();
  await ledger.close();
});
