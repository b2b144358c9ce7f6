import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { decodeDatagram, encodeReply, encodeRequest, type RefusalReason } from "@tallyline/request-reply";
import { bytes, text } from "./datagram-network.ts";

const id = "9f86d081884c7d65";
const cookie = "60303ae22b998861";
const hex = fc.stringMatching(/^[0-9a-f]{16}$/);
const payloads = fc.uint8Array({ maxLength: 64 });

describe("the header of a datagram", () => {
  test("is one readable line before the payload", () => {
    const request = encodeRequest({ id, cookie, ageMs: 250, isIdempotent: true }, bytes("1 + 1"));
    expect(text(request)).toBe(`?call/1 ${id} cookie=${cookie} age=250 idempotent\n1 + 1`);
    expect(text(encodeReply({ id }, bytes("Result: 2")))).toBe(`!call/1 ${id}\nResult: 2`);
  });

  test("comes back from every request as it went in", () => {
    const headers = fc.record({
      id: hex,
      cookie: fc.option(hex, { nil: undefined }),
      ageMs: fc.nat(9_999_999),
      isIdempotent: fc.boolean(),
    });
    fc.assert(
      fc.property(headers, payloads, (header, payload) => {
        const decoded = decodeDatagram(encodeRequest(header, payload));
        expect(decoded).toEqual({ kind: "request", ...header, payload });
      }),
    );
  });

  test("comes back from every reply as it went in", () => {
    const refusals: RefusalReason[] = ["busy", "draining", "failed", "forgotten", "too-large"];
    const cases = [
      [{ id }, { status: "complete" }],
      [{ id, isTruncated: true }, { status: "truncated" }],
      [
        { id, cookie },
        { status: "cookie", cookie },
      ],
      ...refusals.map(
        (refusal) =>
          [
            { id, refusal },
            { status: "refused", refusal },
          ] as const,
      ),
    ] as const;
    for (const [header, expected] of cases) {
      const decoded = decodeDatagram(encodeReply(header, bytes("payload")));
      expect(decoded).toEqual({
        kind: "reply",
        id,
        cookie: undefined,
        refusal: undefined,
        payload: bytes("payload"),
        ...expected,
      });
    }
  });

  test("never throws on any bytes, and takes what does not begin like a header for plain payload", () => {
    expect(() =>
      fc.assert(
        fc.property(fc.uint8Array({ maxLength: 100 }), (datagram) => {
          const beginsLikeHeader = /^[?!]call\/1 /.test(Buffer.from(datagram).toString("latin1"));
          return (decodeDatagram(datagram).kind === "plain") === !beginsLikeHeader;
        }),
      ),
    ).not.toThrow();
  });

  test.each([
    "",
    "?",
    "!",
    "1 + 1",
    "?call/2 9f86d081884c7d65\n1",
    "?call",
    "!x",
    " ?call/1 9f86d081884c7d65\n1",
    "\n",
  ])("takes %j for a plain datagram", (datagram) => expect(decodeDatagram(bytes(datagram)).kind).toBe("plain"));

  test.each([
    "?call/1 ",
    `?call/1 ${id}`,
    `?call/1 ${id.toUpperCase()}\n1`,
    `?call/1 ${id.slice(1)}\n1 + 1`,
    `?call/1 ${id}0\n1`,
    `?call/1 ${id}\r\n1`,
    `?call/1 ${id} \n1`,
    `?call/1 ${id}  idempotent\n1`,
    `?call/1 ${id} idempotent age=1\n1`,
    `?call/1 ${id} age=01\n1`,
    `?call/1 ${id} age=10000000\n1`,
    `?call/1 ${id} age=-1\n1`,
    `?call/1 ${id} cookie=123\n1`,
    `?call/1 ${id} truncated\n1`,
    `?call/1 ${id} unknown\n1`,
    `?call/1 ${id} ${" ".repeat(100)}\n1`,
    `!call/1 ${id} idempotent\n1`,
    `!call/1 ${id} truncated cookie=${cookie}\n1`,
    `!call/1 ${id} refused=maybe\n1`,
  ])("finds %j malformed", (datagram) => expect(decodeDatagram(bytes(datagram)).kind).toBe("malformed"));

  test("is refused by the encoder if it could not be read back", () => {
    expect(() => encodeRequest({ id: "short" }, bytes(""))).toThrow(
      'an id has 16 lowercase hexadecimal digits, not "short"',
    );
    expect(() => encodeRequest({ id: "9f86d081884c7d6\n" }, bytes(""))).toThrow(RangeError);
    expect(() => encodeRequest({ id, cookie: "x" }, bytes(""))).toThrow(RangeError);
    expect(() => encodeReply({ id, isTruncated: true, refusal: "busy" }, bytes(""))).toThrow(RangeError);
  });

  test("is read from a view into a larger buffer just the same", () => {
    const datagram = encodeRequest({ id }, bytes("1 + 1"));
    const buffer = new Uint8Array(200);
    buffer.set(datagram, 50);
    const decoded = decodeDatagram(buffer.subarray(50, 50 + datagram.length));
    expect(decoded).toMatchObject({ kind: "request", id });
  });
});
