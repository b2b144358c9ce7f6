import { bankServerCodec, type BankAnswer, type BankMessage } from "@tallyline/bank-protocol";
import fc from "fast-check";
import { describe, expect, test } from "vitest";

const bytes = (text: string) => new TextEncoder().encode(text);

function messages(reads: readonly Uint8Array[], end = false): (BankMessage | string)[] {
  const decoder = bankServerCodec().decoder();
  const all: (BankMessage | string)[] = [];
  for (const read of reads) {
    decoder.push(read);
    for (let event = decoder.next(); event !== undefined; event = decoder.next()) {
      all.push(event.kind === "message" ? event.message : event.error.code);
    }
  }
  if (end) {
    decoder.end();
    for (let event = decoder.next(); event !== undefined; event = decoder.next()) {
      all.push(event.kind === "message" ? event.message : event.error.code);
    }
  }
  return all;
}
const text = (answer: BankAnswer) => new TextDecoder().decode(bankServerCodec().encode(answer));

describe("a connection", () => {
  test("speaks the plain dialect until the line hello bank/1, and bank/1 from there on", () => {
    expect(messages([bytes("deposit 5\nhello bank/1\n#1 deposit 5 id=a\nhello bank/1\n")])).toEqual([
      { dialect: "plain", request: { kind: "deposit", amount: "5" } },
      { dialect: "bank/1", ok: true, tag: undefined, request: { verb: "hello", protocol: "bank/1" } },
      { dialect: "bank/1", ok: true, tag: "1", request: { verb: "deposit", amount: "5", id: "a" } },
      { dialect: "bank/1", ok: true, tag: undefined, request: { verb: "hello", protocol: "bank/1" } },
    ]);
  });

  test.each(["hello", "hello bank/2", "hello bank/1 now", "Hello bank/1", "#1 hello bank/1", "ping"])(
    "takes %j for no command of the plain dialect",
    (line) => {
      expect(messages([bytes(`${line}\n`)])).toEqual([{ dialect: "plain", request: { kind: "invalid-command" } }]);
    },
  );

  test("begins bank/1 with blanks around the words, as a person types it", () => {
    expect(messages([bytes("  hello\tbank/1 \r\n")])).toMatchObject([{ dialect: "bank/1", ok: true }]);
  });

  const long = bytes(`${"x".repeat(8193)}\n`);
  const notUtf8 = Uint8Array.of(0x70, 0xff, 0x0a);

  test("goes on after a line that is too long or not UTF-8, in the words of its dialect", () => {
    const plain = { dialect: "plain", request: { kind: "invalid-command" } };
    const bad = (code: string) => ({ dialect: "bank/1", ok: false, tag: undefined, problem: { code } });
    const hello = bytes("hello bank/1\n");
    expect(messages([long, notUtf8, hello, long, notUtf8, bytes("ping\n")])).toMatchObject([
      plain,
      plain,
      { dialect: "bank/1", ok: true },
      bad("LINE_TOO_LONG"),
      bad("SYNTAX"),
      { dialect: "bank/1", request: { verb: "ping" } },
    ]);
  });

  test("never runs a command that the end of the stream cut off", () => {
    const stream = bytes("hello bank/1\n#1 withdraw 42 1000 id=a\n");
    for (let cut = 14; cut < stream.length; cut += 1) {
      expect(messages([stream.subarray(0, cut)], true).slice(1)).toEqual(["FRAME_TRUNCATED"]);
    }
  });

  test("asks for the same however its bytes are split", () => {
    const stream = bytes('deposit 1\nhello bank/1\n#1 deposit 5 id=a memo="ü"\nbad"\nping\n');
    const whole = messages([stream]);
    expect(whole).toHaveLength(5);
    expect(messages([...stream].map((byte) => Uint8Array.of(byte)))).toEqual(whole);
    fc.assert(
      fc.property(fc.nat(stream.length), fc.nat(stream.length), (one, other) => {
        const [first, second] = one < other ? [one, other] : [other, one];
        const pieces = [stream.subarray(0, first), stream.subarray(first, second), stream.subarray(second)];
        expect(messages(pieces)).toEqual(whole);
      }),
    );
  });
});

describe("an answer", () => {
  test("is in the dialect of its request", () => {
    expect(text({ dialect: "plain", reply: { kind: "insufficient-funds" } })).toBe("Insufficient funds.\n");
    expect(text({ dialect: "bank/1", tag: "7", reply: { class: "OK", code: "PONG" } })).toBe("#7 OK PONG\n");
  });

  test("of several lines has its data first, each with the tag", () => {
    const capabilities = [{ name: "tags" }, { name: "legs", value: "64" }];
    expect(text({ dialect: "bank/1", tag: "c", reply: { class: "OK", code: "CAPABILITIES", capabilities } })).toBe(
      "#c * capability name=tags\n#c * capability name=legs value=64\n#c OK CAPABILITIES\n",
    );
  });

  test("with a line above the limit is refused, not sent", () => {
    const reply = { class: "OK", code: "CONTINUE", data: "é".repeat(4096) } as const;
    expect(() => text({ dialect: "bank/1", tag: undefined, reply })).toThrow("limit is 8192");
  });
});
