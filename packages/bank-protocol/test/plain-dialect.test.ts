import {
  decodePlainReply,
  decodePlainRequest,
  encodePlainReply,
  plainServerCodec,
  type PlainReply,
  type PlainRequest,
} from "@tallyline/bank-protocol";
import fc from "fast-check";
import { describe, expect, test } from "vitest";

describe("a request", () => {
  test.each<[string, PlainRequest]>([
    ["check_balance", { kind: "balance" }],
    ["  check_balance\t", { kind: "balance" }],
    ["deposit 50", { kind: "deposit", amount: "50" }],
    ["withdraw 20", { kind: "withdraw", amount: "20" }],
    ["\tdeposit   0.10 ", { kind: "deposit", amount: "0.10" }],
    ["deposit 1.001", { kind: "deposit", amount: "1.001" }], // how many decimals are too many is the account's to say
    ["deposit 99999999999999999999", { kind: "deposit", amount: "99999999999999999999" }],
  ])("%j is understood", (text, request) => {
    expect(decodePlainRequest(text)).toEqual(request);
  });

  test.each([
    "",
    " ",
    "deposits 5",
    "Check_Balance",
    "check_balance now",
    "balance",
    "DEPOSIT 5",
    "deposit5",
    "\u00a0check_balance",
    "help",
  ])("%j is no command", (text) => {
    expect(decodePlainRequest(text)).toEqual({ kind: "invalid-command" });
  });

  test.each([
    "",
    " abc",
    " -5",
    " +5",
    " 1e3",
    " 1_000",
    " 1,000",
    " 5 6",
    " .5",
    " 5.",
    " 05",
    " $5",
    " 0x5",
    " ５",
    " NaN",
    " Infinity",
  ])("deposit%s has no amount", (rest) => {
    expect(decodePlainRequest(`deposit${rest}`)).toEqual({ kind: "invalid-amount", verb: "deposit" });
    expect(decodePlainRequest(`withdraw${rest}`)).toEqual({ kind: "invalid-amount", verb: "withdraw" });
  });

  test("never throws, whatever the text", () => {
    const text = fc.uint8Array().map((bytes) => new TextDecoder().decode(bytes));
    fc.assert(fc.property(text, (each) => void decodePlainRequest(each)));
  });
});

describe("a reply", () => {
  const replies: [PlainReply, string][] = [
    [{ kind: "balance", balance: "1000" }, "Your balance is: $1000"],
    [{ kind: "deposited", amount: "50", balance: "1050" }, "Deposited $50. New balance: $1050"],
    [{ kind: "withdrew", amount: "0.5", balance: "1000.25" }, "Withdrew $0.5. New balance: $1000.25"],
    [{ kind: "insufficient-funds" }, "Insufficient funds."],
    [{ kind: "invalid-amount", verb: "deposit" }, "Invalid deposit amount."],
    [{ kind: "invalid-amount", verb: "withdraw" }, "Invalid withdrawal amount."],
    [{ kind: "invalid-command" }, "Invalid command."],
    [{ kind: "unfinished-line" }, "Unfinished command: end it with a line feed. Nothing was done."],
  ];

  test.each(replies)("%o is written in the words of the dialect, and read back", (reply, text) => {
    expect(encodePlainReply(reply)).toBe(text);
    expect(decodePlainReply(text)).toEqual(reply);
  });

  test("in other words is none of the dialect's", () => {
    expect(decodePlainReply("Your balance is: 1000")).toBeUndefined();
    expect(decodePlainReply("OK")).toBeUndefined();
  });
});

describe("on the wire", () => {
  const serve = (framing: "line" | "chunk", reads: readonly string[]) => {
    const codec = plainServerCodec(framing);
    const decoder = codec.decoder();
    const kinds: string[] = [];
    for (const read of reads) {
      decoder.push(new TextEncoder().encode(read));
      for (let event = decoder.next(); event !== undefined; event = decoder.next()) {
        kinds.push(event.kind === "message" ? event.message.kind : event.kind);
      }
    }
    return kinds;
  };
  const text = (framing: "line" | "chunk", reply: PlainReply) =>
    new TextDecoder().decode(plainServerCodec(framing).encode(reply));

  test("lines are requests however the network cuts them", () => {
    expect(serve("line", ["check_bal", "ance\r\ndeposit 5\nwith", "draw 5", "\n"])).toEqual([
      "balance",
      "deposit",
      "withdraw",
    ]);
    expect(text("line", { kind: "insufficient-funds" })).toBe("Insufficient funds.\n");
  });

  test("in chunk framing every read is a request, with or without one line ending", () => {
    expect(serve("chunk", ["check_balance", "deposit 5\n", "withdraw 5\r\n", "\n", "deposit 1\ndeposit 2"])).toEqual([
      "balance",
      "deposit",
      "withdraw",
      "invalid-command",
      "invalid-amount",
    ]);
    expect(text("chunk", { kind: "insufficient-funds" })).toBe("Insufficient funds.");
  });
});
