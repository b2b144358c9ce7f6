import { isDeepStrictEqual } from "node:util";
import {
  apply,
  availableMinor,
  Books,
  commandOf,
  contentOf,
  createMemoryLedger,
  deposit,
  highestMinor,
  MAX_MINOR,
  touches,
  transfer,
  type Account,
  type Command,
  type Decision,
} from "@tallyline/ledger";
import { ByteReader, ByteWriter, readRecord, writeRecord } from "@tallyline/ledger/journal";
import fc from "fast-check";
import { expect, test } from "vitest";

const currencies = [
  { code: "USD", exponent: 2 },
  { code: "JPY", exponent: 0 },
];
const names = ["@cash", "alice", "bob", "emi"];

// Few accounts, ids and amounts, so that overdrafts, reused ids, unbalanced entries and expired holds come up all the time.
const account = fc.constantFrom(...names);
const id = fc.integer({ min: 1, max: 12 }).map(String);
const who = { principal: fc.constantFrom("p", "q"), id };
/** Seldom there; where it is undefined, `withoutUndefined` leaves it out: an absent memo and an undefined one are the same. */
const seldom = <Value>(value: fc.Arbitrary<Value>) =>
  fc.oneof({ weight: 9, arbitrary: fc.constant(undefined) }, { weight: 1, arbitrary: value }) as fc.Arbitrary<Value>;
const identity = {
  ...who,
  memo: seldom<string>(fc.constantFrom("rent", "née", "")),
  ref: seldom<string>(fc.constantFrom("7", "\n")),
  ifVersion: seldom(fc.record({ account, version: fc.nat(3) })),
};
const amountMinor = fc.bigInt(1n, 20n);
const limits = { minBalanceMinor: fc.constantFrom(0n, -10n, null), maxBalanceMinor: fc.constantFrom(30n, null) };
const verb = <Verb extends Command["verb"]>(...verbs: Verb[]) => fc.constantFrom(...verbs);
const leg = fc.record({
  account,
  side: fc.constantFrom("debit" as const, "credit" as const),
  amountMinor: fc.oneof({ weight: 9, arbitrary: fc.bigInt(0n, 20n) }, { weight: 1, arbitrary: fc.constant(MAX_MINOR) }),
});
const move = fc.record({ ...identity, from: account, to: account, amountMinor }).map(transfer);
const command: fc.Arbitrary<Command> = fc
  .oneof(
    { weight: 4, arbitrary: move },
    fc.record({
      verb: verb("open"),
      ...identity,
      account,
      currency: fc.constantFrom("USD", "JPY"),
      kind: fc.constantFrom("asset" as const, "liability" as const),
      ...limits,
      owner: seldom<string>(fc.constantFrom("p", "q r")),
      metadata: seldom(fc.dictionary(fc.constantFrom("a", "b", "__proto__"), fc.constantFrom("x", "y"))),
    }),
    fc.record({ verb: verb("post"), ...identity, legs: fc.array(leg, { maxLength: 4 }) }),
    fc.record({
      verb: verb("hold"),
      ...identity,
      from: account,
      to: account,
      amountMinor,
      expiresInMs: fc.constantFrom(null, 1, 5),
    }),
    fc.record({
      verb: verb("capture"),
      ...identity,
      hold: id,
      amountMinor: fc.option(amountMinor),
      isFinal: fc.boolean(),
    }),
    fc.record({ verb: verb("release"), ...identity, hold: id }),
    fc.record({ verb: verb("reverse"), ...identity, entry: id }),
    fc.record({ verb: verb("limit"), ...identity, account, ...limits }),
    fc.record({ verb: verb("freeze", "unfreeze", "close"), ...identity, account }),
    fc.record({ verb: verb("settle"), ...who }),
  )
  .map(withoutUndefined);

function withoutUndefined(value: object): Command {
  return Object.fromEntries(Object.entries(value).filter(([, each]) => each !== undefined)) as unknown as Command;
}
/** Commands, each after some time has passed; now and then the clock goes back. */
const history = fc.array(fc.record({ command, afterMs: fc.integer({ min: -2, max: 3 }) }), { maxLength: 80 });
type History = readonly { readonly command: Command; readonly afterMs: number }[];

function openedBooks(): Books {
  const books = new Books({ currencies, maxRefusalsPerPrincipal: 8 });
  for (const name of names) {
    const terms =
      name === "@cash"
        ? ({ kind: "asset", minBalanceMinor: null } as const)
        : ({ kind: "liability", minBalanceMinor: -10n } as const);
    const currency = name === "emi" ? "JPY" : "USD";
    books.execute(
      { verb: "open", principal: "setup", id: name, account: name, currency, maxBalanceMinor: null, ...terms },
      0,
    );
  }
  return books;
}

/** Executes a history; the check sees the books after each command that was decided, expirations included. */
function play(
  books: Books,
  commands: History,
  check: (decision: Decision, executed: Command) => void = () => {},
): void {
  let nowMs = 100;
  for (const { command: each, afterMs } of commands) {
    nowMs += afterMs;
    for (const { command: executed, decision } of books.execute(each, nowMs)) check(decision, executed);
  }
}

function snapshot(books: Books): (Account | undefined)[] {
  return names.map((name) => books.account(name));
}

test("debits equal credits in every currency after any history, and so do promised ones", () => {
  fc.assert(
    fc.property(history, (commands) => {
      const books = openedBooks();
      play(books, commands);
      for (const { debitsMinor, creditsMinor } of books.trialBalance()) expect(debitsMinor).toBe(creditsMinor);
      const held = snapshot(books).map((each) => each!.heldDebitsMinor - each!.heldCreditsMinor);
      expect(held.reduce((sum, each) => sum + each, 0n)).toBe(0n);
    }),
  );
});

test("nothing takes an account past its limits, unless it was past them already", () => {
  fc.assert(
    fc.property(history, (commands) => {
      const books = openedBooks();
      let before = snapshot(books);
      play(books, commands, () => {
        snapshot(books).forEach((after, index) => {
          const { minBalanceMinor, maxBalanceMinor } = after!;
          const earlier = before[index]!;
          if (minBalanceMinor !== null && availableMinor(after!) < minBalanceMinor) {
            expect(availableMinor(after!)).toBeGreaterThanOrEqual(availableMinor(earlier));
          }
          if (maxBalanceMinor !== null && highestMinor(after!) > maxBalanceMinor) {
            expect(highestMinor(after!)).toBeLessThanOrEqual(highestMinor(earlier));
          }
        });
        before = snapshot(books);
      });
    }),
  );
});

test("an account's balance is the sum of its entries, and what it holds is the sum of its holds", () => {
  fc.assert(
    fc.property(history, (commands) => {
      const books = openedBooks();
      const holds = new Set<number>();
      play(books, commands, ({ result }) => {
        if (result.ok && result.hold !== undefined) holds.add(result.hold.seq);
      });
      for (const name of names) {
        const { entries, closingMinor } = books.statement(name, { limit: 1000 })!;
        const { debitsMinor, creditsMinor, version, kind, heldDebitsMinor } = books.account(name)!;
        const sum = (side: string) =>
          entries.filter((each) => each.side === side).reduce((total, each) => total + each.amountMinor, 0n);
        expect([sum("debit"), sum("credit"), entries.length]).toEqual([debitsMinor, creditsMinor, version]);
        expect(closingMinor).toBe(kind === "asset" ? debitsMinor - creditsMinor : creditsMinor - debitsMinor);
        const own = [...holds].map((seq) => books.hold(seq)!).filter(({ from }) => from === name);
        expect(own.reduce((total, { leftMinor }) => total + leftMinor, 0n)).toBe(heldDebitsMinor);
      }
    }),
  );
});

test("sending every command twice leaves the same books and answers as sending it once", () => {
  fc.assert(
    fc.property(history, (commands) => {
      const once = openedBooks();
      const twice = openedBooks();
      let nowMs = 100;
      for (const { command: each, afterMs } of commands) {
        nowMs += afterMs;
        const first = once.execute(each, nowMs).at(-1)!.decision.result;
        expect(twice.execute(each, nowMs).at(-1)!.decision.result).toEqual(first);
        const again = twice.execute(each, nowMs).at(-1)!.decision.result;
        expect({ ...again, replayed: first.replayed }).toEqual(first);
      }
      expect(snapshot(twice)).toEqual(snapshot(once));
    }),
  );
});

test("a refused command changes no account", () => {
  fc.assert(
    fc.property(history, (commands) => {
      const books = openedBooks();
      let before = snapshot(books);
      play(books, commands, ({ result }) => {
        if (!result.ok || result.replayed) expect(snapshot(books)).toEqual(before);
        before = snapshot(books);
      });
    }),
  );
});

test("what an id was once answered it is always answered, until it is used for something else", () => {
  fc.assert(
    fc.property(history, (commands) => {
      const books = openedBooks();
      const first = new Map<string, Decision>();
      play(books, commands, (decision, { principal, id: key }) => {
        const known = first.get(`${principal}/${key}`);
        if (decision.record !== undefined) {
          expect(known).toBeUndefined();
          first.set(`${principal}/${key}`, decision);
        } else if (decision.result.replayed) {
          expect(decision.result).toEqual({ ...known!.result, replayed: true });
        }
      });
    }),
  );
});

test("replaying the journal, expirations included, gives the same answers and the same books", () => {
  fc.assert(
    fc.property(history, (commands) => {
      const books = openedBooks();
      const replayed = openedBooks();
      let nowMs = 100;
      for (const { command: each, afterMs } of commands) {
        nowMs += afterMs;
        for (const { command: executed, decision, atMs } of books.execute(each, nowMs)) {
          if (decision.record === undefined) continue;
          const again = commandOf(decision.record.content, executed);
          const replay = replayed.replay(again, atMs).decision;
          expect(replay).toEqual(decision);
          expect(replay.record?.content).toBe(decision.record.content); // which is no property of its own
        }
      }
      expect(snapshot(replayed)).toEqual(snapshot(books));
      expect(names.map((name) => replayed.statement(name))).toEqual(names.map((name) => books.statement(name)));
    }),
  );
});

test("what is recorded does not change with the object that it came in", async () => {
  const ledger = createMemoryLedger({ currencies, now: () => 0 });
  const terms = { verb: "open", principal: "p", id: "1", account: "alice", currency: "USD", kind: "asset" } as const;
  const sent = { ...terms, minBalanceMinor: null as bigint | null, maxBalanceMinor: null };
  await ledger.submit(sent);
  sent.minBalanceMinor = 5n;
  expect(await ledger.submit(sent)).toMatchObject({ ok: false, code: "ID_REUSED" });
  expect(await ledger.submit({ ...sent, minBalanceMinor: null })).toMatchObject({ ok: true, replayed: true });
});

test("the journal keeps the content of a command to the letter", () => {
  fc.assert(
    fc.property(history, (commands) => {
      const books = openedBooks();
      for (const { command: each } of commands) {
        const { command: executed, decision, atMs } = books.execute(each, 100).at(-1)!;
        if (decision.record === undefined) continue;
        const writer = new ByteWriter();
        writeRecord(writer, { seq: 1, atMs, command: executed, result: decision.result, images: [] }, () => 0);
        const read = readRecord(new ByteReader(writer.view(), 2), 1, () => ({
          account: "",
          currency: "",
          kind: "asset",
        }));
        expect(read.content).toBe(contentOf(executed));
        expect(read.command).toEqual(executed);
      }
    }),
  );
});

test("deciding a command reads nothing that it does not say it touches", () => {
  fc.assert(
    fc.property(history, command, (commands, last) => {
      const books = openedBooks();
      play(books, commands);
      const touched = touches(last);
      const holds = new Set(touched.holds);
      const accounts = new Set(touched.accounts);
      for (const each of touched.ids) {
        const result = books.recorded(last.principal, each)?.result;
        if (result?.ok !== true) continue;
        for (const { account: name } of result.legs) accounts.add(name);
        if (result.hold !== undefined) holds.add(result.hold.seq);
      }
      for (const seq of holds) accounts.add(books.hold(seq)!.from).add(books.hold(seq)!.to);

      const only =
        <Key, Value>(allowed: ReadonlySet<Key>, read: (key: Key) => Value) =>
        (key: Key) => {
          expect([...allowed]).toContain(key);
          return read(key);
        };
      const ids = new Set(touched.ids);
      apply(
        {
          nextSeq: books.nextSeq,
          account: only(accounts, (name) => books.account(name)),
          recorded: (principal, key) => {
            expect(principal).toBe(last.principal);
            return only(ids, (each) => books.recorded(principal, each))(key);
          },
          hold: only(holds, (seq) => books.hold(seq)),
          isReversed: (seq) => books.isReversed(seq),
          hasCurrency: (code) => books.hasCurrency(code),
          hasTooManyRefusals: (principal) => books.hasTooManyRefusals(principal),
        },
        last,
        1000,
      );
    }),
  );
});

test("contents are equal exactly when the requests are, whoever sends them under whatever id", () => {
  fc.assert(
    fc.property(command, command, (one, other) => {
      const { principal: _p, id: _i, ...a } = one;
      const { principal: _q, id: _j, ...b } = other;
      expect(contentOf(one) === contentOf(other)).toBe(isDeepStrictEqual(structuredClone(a), structuredClone(b)));
      expect(commandOf(contentOf(one), one)).toEqual(one);
    }),
  );
});

test.each(["", "a b", "ü", "x".repeat(65), "a\n"])("%j is not an id", (text) => {
  const executed = openedBooks().execute(deposit({ principal: "p", id: text, account: "alice", amountMinor: 1n }), 0);
  expect(executed.at(-1)?.decision).toMatchObject({ record: undefined, result: { ok: false, code: "ID_INVALID" } });
});

test("books that make no sense are refused when they are opened", () => {
  const open = (options: object) => () => new Books({ currencies, ...options });
  expect(open({ currencies: [{ code: "usd", exponent: 2 }] })).toThrow(
    'currency code is "usd", expected 3 to 8 of A-Z 0-9',
  );
  expect(open({ currencies: [{ code: "USD", exponent: 2.5 }] })).toThrow(
    "exponent of USD is 2.5, expected a whole number from 0 to 9",
  );
  expect(open({ currencies: [currencies[0], currencies[0]] })).toThrow("two currencies have the same code");
  expect(open({ maxRefusalsPerPrincipal: NaN })).toThrow(
    "maxRefusalsPerPrincipal is NaN, expected a whole number from 1 to 10^9",
  );
});

test.each([
  [{ afterVersion: -1 }, "afterVersion is -1, expected a whole number, 0 or more"],
  [{ limit: 0 }, "limit is 0, expected a whole number from 1 to 1000"],
  [{ limit: 1001 }, "limit is 1001, expected a whole number from 1 to 1000"],
])("a statement of %j is refused", (range, message) => {
  expect(() => openedBooks().statement("alice", range)).toThrow(message);
});

test("a read sees every command submitted before it", async () => {
  const ledger = createMemoryLedger({ currencies, now: () => 0 });
  const terms = {
    account: "a",
    currency: "USD",
    kind: "liability",
    minBalanceMinor: 0n,
    maxBalanceMinor: null,
  } as const;
  const opened = ledger.submit({ verb: "open", principal: "p", id: "1", ...terms });
  expect(await ledger.account("a")).toMatchObject({ account: "a", version: 0 });
  expect(await opened).toMatchObject({ ok: true, seq: 1 });
  expect(await ledger.account("b")).toBeUndefined();
  await ledger.close();
});
