import { ClientConversation, type ConversationEvent } from "@tallyline/bank-protocol";
import { describe, expect, test } from "vitest";

const bytes = (text: string) => new TextEncoder().encode(text);
const text = (sent: Uint8Array) => new TextDecoder().decode(sent);

function events(conversation: ClientConversation): ConversationEvent[] {
  const all: ConversationEvent[] = [];
  for (let event = conversation.next(); event !== undefined; event = conversation.next()) all.push(event);
  return all;
}

describe("finding out the framing", () => {
  test("asks with a line that no bank takes for money", () => {
    expect(text(new ClientConversation("auto").opening())).toBe("hello bank/1\n");
    expect(text(new ClientConversation("line").opening())).toBe("");
    expect(text(new ClientConversation("chunk").opening())).toBe("");
  });

  test("an answer with a line ending means lines, however it is split", () => {
    const conversation = new ClientConversation("auto");
    for (const part of ["Invalid com", "mand.", "\n"]) conversation.receive(bytes(part), 10);
    expect(events(conversation)).toEqual([{ kind: "ready", framing: "line" }]);
    expect(text(conversation.request("deposit 5"))).toBe("deposit 5\n");
  });

  test("a welcome to bank/1 means lines, and that this connection is no longer one of the plain dialect", () => {
    const conversation = new ClientConversation("auto");
    conversation.receive(bytes("OK HELLO protocol=bank/1\n"), 0);
    expect(events(conversation)).toEqual([{ kind: "ready", framing: "line", isBank: true }]);
  });

  test("an answer without one, for as long as it takes to be sure, means chunks", () => {
    const conversation = new ClientConversation("auto");
    expect(conversation.wakeAtMs).toBeUndefined();
    conversation.receive(bytes("Invalid command."), 1000);
    expect(conversation.wakeAtMs).toBe(1200);
    conversation.wake(1199);
    expect(events(conversation)).toEqual([]);
    conversation.wake(1200);
    expect(events(conversation)).toEqual([{ kind: "ready", framing: "chunk" }]);
    expect(text(conversation.request("deposit 5"))).toBe("deposit 5");
  });

  test.each(["\n", "\r\n", "\nYour balance is: $5\n"])(
    "a line ending that comes late, as %j, shows that it was not",
    (late) => {
      const conversation = new ClientConversation("auto");
      conversation.receive(bytes("Invalid command."), 0);
      conversation.wake(200);
      conversation.request("check_balance");
      conversation.receive(bytes(late), 300);
      expect(events(conversation)).toEqual([
        { kind: "ready", framing: "chunk" },
        { kind: "lost", reason: "the server ends its lines after all, so its framing was misjudged" },
      ]);
    },
  );

  test("a server that answers and closes is one that reads once", () => {
    const conversation = new ClientConversation("auto");
    conversation.receive(bytes("Invalid command."), 0);
    conversation.end();
    expect(events(conversation)).toEqual([{ kind: "ready", framing: "chunk" }]);
  });

  test("a server that closes without an answer is lost", () => {
    const conversation = new ClientConversation("auto");
    conversation.end();
    expect(events(conversation)).toEqual([
      { kind: "lost", reason: "the server closed the connection without a greeting" },
    ]);
  });

  test("a greeting without end is lost at the limit of a line", () => {
    const conversation = new ClientConversation("auto");
    for (let index = 0; index < 9; index++) conversation.receive(bytes("x".repeat(1000)), 0);
    expect(events(conversation)).toEqual([{ kind: "lost", reason: "the server's greeting is longer than 8192 bytes" }]);
  });

  test("nothing can be sent before it is known", () => {
    expect(() => new ClientConversation("auto").request("deposit 5")).toThrow("the server's framing is not known yet");
  });
});

describe("asking", () => {
  test("replies come in order, one for each line", () => {
    const conversation = new ClientConversation("line");
    conversation.request("a");
    conversation.request("b");
    conversation.receive(bytes("first\r\nsec"), 0);
    conversation.receive(bytes("ond\n"), 0);
    expect(events(conversation).slice(1)).toEqual([
      { kind: "reply", text: "first" },
      { kind: "reply", text: "second" },
    ]);
  });

  test("in chunk framing one request waits at a time, and a read is its reply", () => {
    const conversation = new ClientConversation("chunk");
    conversation.request("a");
    expect(() => conversation.request("b")).toThrow("one request waits at a time");
    conversation.receive(bytes("first"), 0);
    conversation.request("b");
    conversation.receive(bytes("second\n"), 0);
    expect(events(conversation).slice(1)).toEqual([
      { kind: "reply", text: "first" },
      { kind: "reply", text: "second" },
    ]);
  });

  test("an empty command goes out as a line ending, because nothing cannot be sent", () => {
    expect(text(new ClientConversation("chunk").request(""))).toBe("\n");
  });

  test.each(["deposit 5\nwithdraw 5", "deposit 5\r"])("%j would be two commands and is refused", (command) => {
    expect(() => new ClientConversation("line").request(command)).toThrow(RangeError);
  });

  test.each([
    ["an end before the answer", "", "the server closed the connection without an answer"],
    ["an end inside the answer", "Deposited $5", "the server closed the connection without an answer"],
  ])("%s is no answer", (_what, arrived, reason) => {
    const conversation = new ClientConversation("line");
    conversation.request("deposit 5");
    if (arrived !== "") conversation.receive(bytes(arrived), 0);
    conversation.end();
    expect(events(conversation).slice(1)).toEqual([{ kind: "lost", reason }]);
  });

  test("an answer that nobody asked for ends the conversation, so that it cannot be taken for the next one's", () => {
    const conversation = new ClientConversation("line");
    conversation.receive(bytes("Deposited $5. New balance: $5\n"), 0);
    expect(events(conversation).slice(1)).toEqual([
      { kind: "lost", reason: 'the server sent "Deposited $5. New balance: $5" without being asked' },
    ]);
  });

  test("a reply that is longer than a line may be ends it too", () => {
    const conversation = new ClientConversation("line");
    conversation.request("check_balance");
    conversation.receive(bytes("x".repeat(9000)), 0);
    expect(events(conversation).slice(1)).toMatchObject([{ kind: "lost" }]);
  });
});
