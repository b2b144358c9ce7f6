import { BankConversation, type BankConversationEvent } from "@tallyline/bank-protocol";
import { expect, test } from "vitest";

const bytes = (text: string) => new TextEncoder().encode(text);
const text = (sent: Uint8Array) => new TextDecoder().decode(sent);

/** A conversation that has been welcomed. */
function welcomed(): BankConversation<string> {
  const conversation = new BankConversation<string>();
  conversation.hello("hello");
  conversation.receive(bytes("OK HELLO protocol=bank/1\n"));
  conversation.next();
  return conversation;
}
function events(conversation: BankConversation<string>): BankConversationEvent<string>[] {
  const all: BankConversationEvent<string>[] = [];
  for (let event = conversation.next(); event !== undefined; event = conversation.next()) all.push(event);
  return all;
}
const lost = (reason: unknown) => ({ kind: "lost", reason });

test("begins with hello and tags what follows, so that replies cannot be mistaken", () => {
  const conversation = new BankConversation<string>();
  expect(text(conversation.hello("h"))).toBe("hello bank/1\n");
  expect(text(conversation.request({ verb: "ping" }, "p"))).toBe("#1 ping\n");
  expect(text(conversation.request({ verb: "settle", id: "x" }, "s"))).toBe("#2 settle id=x\n");
  conversation.receive(bytes("OK HELLO protocol=bank/1\n#1 OK PONG\n#2 OK FEN"));
  conversation.receive(bytes("CED\n"));
  expect(events(conversation)).toEqual([
    { kind: "reply", context: "h", reply: { class: "OK", code: "HELLO", protocol: "bank/1" } },
    { kind: "reply", context: "p", reply: { class: "OK", code: "PONG" } },
    { kind: "reply", context: "s", reply: { class: "OK", code: "FENCED" } },
  ]);
  expect(conversation.waitingCount).toBe(0);
});

test("a reply takes the lines of data before it", () => {
  const conversation = welcomed();
  conversation.request({ verb: "capabilities" }, "c");
  conversation.receive(bytes("#1 * capability name=tags\n#1 OK CAPABILITIES\n"));
  expect(events(conversation)).toMatchObject([{ reply: { capabilities: [{ name: "tags" }] } }]);
});

test.each(["Invalid command.", "Invalid command.\n", "I"])(
  "a server that answers hello with %j speaks the plain dialect only, and nobody waits for the rest",
  (answer) => {
    const conversation = new BankConversation<string>();
    conversation.hello("h");
    conversation.receive(bytes(answer));
    expect(events(conversation)).toEqual([{ ...lost("the server does not speak bank/1"), isForeign: true }]);
  },
);

test.each([
  ["another's reply", "#2 OK PONG\n", "the server answered #2 where #1 was due"],
  ["a reply without its tag", "OK PONG\n", "the server answered # where #1 was due"],
  ["one reply too many", "#1 OK PONG\n#1 OK PONG\n", "the server answered what was not asked"],
  ["what is no reply", "Your balance is: $5\n", expect.stringContaining("the server sent what is no reply")],
  ["a line without end", "x".repeat(9000), expect.stringContaining("cannot be read")],
])("%s ends the conversation", (_what, answer, reason) => {
  const conversation = welcomed();
  conversation.request({ verb: "ping" }, "p");
  conversation.receive(bytes(answer));
  expect(events(conversation).at(-1)).toEqual(lost(reason));
});

test("the end before an answer is no answer, nor is a part of one", () => {
  const conversation = welcomed();
  conversation.request({ verb: "ping" }, "p");
  conversation.receive(bytes("#1 OK PONG"));
  conversation.end();
  expect(events(conversation)).toEqual([lost("the server closed the connection without an answer")]);
});

test("the end without a question is nothing to speak of", () => {
  const conversation = welcomed();
  conversation.end();
  expect(events(conversation)).toEqual([]);
});

test("a request longer than a line is refused before anything is sent; the longest journal entry is not", () => {
  const conversation = welcomed();
  const auth = { verb: "auth", mechanism: "X", data: "x".repeat(8192) } as const;
  expect(() => conversation.request(auth, "a")).toThrow("limit is 8192");
  const longest = { account: "x".repeat(64), side: "debit", amount: `${"1".repeat(19)}.${"1".repeat(9)}` } as const;
  const journal = {
    verb: "journal",
    id: "i".repeat(64),
    legs: Array.from({ length: 64 }, () => longest),
    memo: "\u{10348}".repeat(140),
    ref: "\u{10348}".repeat(64),
    ifVersion: Number.MAX_SAFE_INTEGER,
    dryRun: true,
  } as const;
  expect(text(conversation.request(journal, "j")).startsWith("#1 journal leg=")).toBe(true);
});
