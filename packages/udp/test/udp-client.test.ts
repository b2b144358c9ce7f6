import { execFile } from "node:child_process";
import { channel } from "node:diagnostics_channel";
import { promisify } from "node:util";
import { describe, expect, test } from "vitest";
import { createUdpClient, createUdpServer, TransportError, type UdpClient } from "@tallyline/udp";
import { bytes, deferred, RawSocket, stillTime, text } from "./raw-socket.ts";

const quick = { initialRetransmitMs: 10, minRetransmitMs: 10, maxRetransmitMs: 10_000 };

function clientOf(raw: RawSocket, timeouts = quick): Promise<UdpClient> {
  return createUdpClient({ host: "127.0.0.1", port: raw.port, timeouts });
}

/** The reply to a request datagram, as a well-behaved server would write it. */
function replyTo(request: string, payload: string): string {
  return `!${request.slice(1, 24)}\n${payload}`;
}

describe("a call", () => {
  test("is sent again on silence, under the same id, and answered", async () => {
    await using raw = await RawSocket.open();
    await using client = await clientOf(raw);
    const reply = client.request(bytes("1 + 1"));
    const first = await raw.at(0);
    const second = await raw.at(1);
    expect(first.text).toMatch(/^\?call\/1 [0-9a-f]{16}\n1 \+ 1$/);
    expect(second.text.slice(0, 24)).toBe(first.text.slice(0, 24));
    expect(second.text).toMatch(/ age=\d+\n1 \+ 1$/);
    await raw.send(replyTo(second.text, "2"), second.port);
    expect(await reply).toMatchObject({ truncated: false, header: true });
    expect(client.stats()).toMatchObject({ pending: 0, roundTripMs: undefined });
  });

  test("ends at its deadline if nobody answers, and may have been executed", async () => {
    await using raw = await RawSocket.open();
    await using client = await clientOf(raw);
    const failed = client.request(bytes("x"), { deadlineMs: 30 });
    await expect(failed).rejects.toBeInstanceOf(TransportError);
    await expect(failed).rejects.toMatchObject({ code: "DEADLINE_EXCEEDED", delivery: "unknown" });
  });

  test("is answered only by the peer that was asked: the kernel drops what others send (no. 45)", async () => {
    await using raw = await RawSocket.open();
    await using stranger = await RawSocket.open();
    await using client = await clientOf(raw, { ...quick, initialRetransmitMs: 5000 });
    const reply = client.request(bytes("x"));
    const request = await raw.at(0);
    await stranger.send(replyTo(request.text, "forged"), request.port);
    await raw.send(`!call/1 0000000000000000\nguessed`, request.port);
    await raw.send(replyTo(request.text, "true"), request.port);
    expect(text((await reply).payload)).toBe("true");
    expect(client.stats()).toMatchObject({ datagramsReceived: 2, datagramsIgnored: 1 });
  });

  test("learns that its reply does not fit (no. 48)", async () => {
    await using server = await createUdpServer({ handler: () => new Uint8Array(1208) });
    await using client = await createUdpClient({ host: "127.0.0.1", port: server.port });
    expect(await client.request(bytes("x"))).toMatchObject({ truncated: true, header: true });
  });

  test("carries up to 65,507 bytes if both sides allow it, and says which limit is in the way (no. 48)", async () => {
    const limits = { maxRequestBytes: 65_507 };
    await using server = await createUdpServer({
      handler: (request) => request,
      limits: { ...limits, maxReplyBytes: 65_507 },
    });
    await using strict = await createUdpServer({ handler: (request) => request });
    await using client = await createUdpClient({ host: "127.0.0.1", port: server.port, limits });
    await using other = await createUdpClient({ host: "127.0.0.1", port: strict.port, limits });
    expect((await client.request(new Uint8Array(65_427))).payload).toHaveLength(65_427);
    await expect(client.request(new Uint8Array(65_428))).rejects.toMatchObject({
      code: "MESSAGE_TOO_LARGE",
      delivery: "not-sent",
    });
    await expect(other.request(new Uint8Array(1208))).rejects.toMatchObject({
      code: "MESSAGE_TOO_LARGE",
      delivery: "rejected",
    });
  });

  test("can be aborted before, while it waits and while it is out; the reason is kept and no listener stays", async () => {
    await using raw = await RawSocket.open();
    await using client = await clientOf(raw);
    const reason = new Error("changed my mind");
    await expect(client.request(bytes("x"), { signal: AbortSignal.abort(reason) })).rejects.toMatchObject({
      code: "ABORTED",
      delivery: "not-sent",
      cause: reason,
    });
    const controller = new AbortController();
    const out = client.request(bytes("out"), { signal: controller.signal });
    const waiting = client.request(bytes("waiting"), { signal: controller.signal });
    await raw.at(0);
    controller.abort(reason);
    await expect(out).rejects.toMatchObject({ code: "ABORTED", delivery: "unknown", cause: reason });
    await expect(waiting).rejects.toMatchObject({ code: "ABORTED", delivery: "not-sent" });
    expect(client.stats().pending).toBe(0);
  });

  test("fails when the client is closed, and so do later ones", async () => {
    await using raw = await RawSocket.open();
    const client = await clientOf(raw);
    const failed = [
      client.request(bytes("out")),
      client.request(bytes("waiting")),
      client.request(bytes("bare"), { header: false }),
    ];
    const settled = Promise.allSettled(failed);
    await raw.at(0);
    await client.close();
    await client.close();
    const outcomes = (await settled).map((one) => (one as PromiseRejectedResult).reason as TransportError);
    expect(outcomes.map(({ code }) => code)).toEqual(["CLOSED", "CLOSED", "CLOSED"]);
    expect(outcomes.slice(0, 2).map(({ delivery }) => delivery)).toEqual(["unknown", "not-sent"]);
    await expect(client.request(bytes("x"))).rejects.toMatchObject({ code: "CLOSED", delivery: "not-sent" });
  });

  test("fails soon when nobody listens, and the client lives on (no. 50)", async () => {
    const raw = await RawSocket.open();
    const { port } = raw;
    await raw[Symbol.asyncDispose]();
    await using client = await createUdpClient({ host: "127.0.0.1", port, timeouts: quick });
    await expect(client.request(bytes("x"))).rejects.toMatchObject({
      code: "PEER_UNREACHABLE",
      cause: { code: "ECONNREFUSED" },
    });
    await using server = await createUdpServer({ handler: (request) => request, port });
    expect(text((await client.request(bytes("now"))).payload)).toBe("now");
    expect(server.stats().requests).toBe(1);
  });

  test("does not end a server whose client has left (no. 50)", async () => {
    const gate = deferred<void>();
    const begun = deferred<void>();
    await using server = await createUdpServer({
      handler: async (request) => {
        begun.resolve();
        await gate.promise;
        return request;
      },
    });
    const raw = await RawSocket.open();
    await raw.send("x", server.port);
    await begun.promise;
    await raw[Symbol.asyncDispose]();
    gate.resolve();
    await using client = await createUdpClient({ host: "127.0.0.1", port: server.port });
    expect(text((await client.request(bytes("y"))).payload)).toBe("y");
  });
});

describe("peers without headers", () => {
  test("are recognised by their answer, and asked again bare", async () => {
    await using server = await createUdpServer({ mode: "plain", handler: (request) => request });
    await using client = await createUdpClient({ host: "127.0.0.1", port: server.port });
    expect((await client.request(bytes("x"))).header).toBe(false);
    const reply = await client.request(bytes("x"), { header: false });
    expect(text(reply.payload)).toBe("x");
    expect(reply.header).toBe(false);
  });

  test("cannot answer the next bare call with a late reply: each has a port of its own", async () => {
    await using raw = await RawSocket.open();
    await using client = await clientOf(raw);
    using time = stillTime();
    const failure = client.request(bytes("first"), { header: false, deadlineMs: 20 }).catch((error: unknown) => error);
    const first = await raw.at(0);
    time.pass(20);
    expect(await failure).toMatchObject({ code: "DEADLINE_EXCEEDED" });
    const second = client.request(bytes("second"), { header: false });
    const request = await raw.at(1);
    expect(request.text).toBe("second");
    await raw.send("late", first.port);
    await raw.send("own", request.port);
    expect(text((await second).payload)).toBe("own");
  });

  test("are asked by a bounded number of bare calls at a time", async () => {
    await using raw = await RawSocket.open();
    await using client = await createUdpClient({ host: "127.0.0.1", port: raw.port, limits: { maxBareCalls: 1 } });
    const out = client.request(bytes("x"), { header: false });
    await expect(client.request(bytes("y"), { header: false })).rejects.toMatchObject({
      code: "QUEUE_FULL",
      delivery: "not-sent",
    });
    const { port } = await raw.at(0);
    await raw.send("done", port);
    await out;
  });
});

describe("names", () => {
  test("are resolved; one without an address fails before anything is sent (no. 51)", async () => {
    await using server = await createUdpServer({ handler: (request) => request, host: "localhost" });
    await using client = await createUdpClient({ host: "localhost", port: server.port });
    expect(text((await client.request(bytes("x"))).payload)).toBe("x");
    await expect(createUdpClient({ host: "host.invalid", port: 1 })).rejects.toMatchObject({
      code: "HOST_NOT_FOUND",
      delivery: "not-sent",
    });
  });
});

describe("a name whose address changes", () => {
  test("is resolved again after a call that heard nothing (no. 51)", async () => {
    await using silent = await RawSocket.open();
    await using server = await createUdpServer({ handler: (request) => request, host: "127.0.0.2", port: silent.port });
    const addresses = ["127.0.0.1", "127.0.0.2"];
    await using client = await createUdpClient({
      host: "moving.invalid",
      port: server.port,
      lookup: () => Promise.resolve(addresses.shift() ?? "127.0.0.2"),
    });
    const waiting = client.request(bytes("early"));
    const early = await silent.at(0);
    using time = stillTime();
    const failure = client.request(bytes("y"), { header: false, deadlineMs: 5 }).catch((error: unknown) => error);
    await silent.at(1);
    time.pass(5);
    expect(await failure).toMatchObject({ code: "DEADLINE_EXCEEDED", delivery: "unknown" });
    expect(text((await client.request(bytes("x"))).payload)).toBe("x");
    // A call that was out to the old address is still answered from there.
    await silent.send(replyTo(early.text, "late"), early.port);
    expect(text((await waiting).payload)).toBe("late");
  });

  test("ends calls by their deadline while it cannot be resolved, and so many may wait for it (no. 51)", async () => {
    await using silent = await RawSocket.open();
    const lookups = [Promise.resolve("127.0.0.1"), new Promise<string>(() => {})];
    await using client = await createUdpClient({
      host: "vanished.invalid",
      port: silent.port,
      limits: { maxQueued: 1 },
      lookup: () => lookups.shift() ?? Promise.reject(new Error("no more")),
    });
    await expect(client.request(bytes("x"), { deadlineMs: 5 })).rejects.toMatchObject({ delivery: "unknown" });
    const controller = new AbortController();
    const waiting = client.request(bytes("x"), { signal: controller.signal });
    await expect(client.request(bytes("x"))).rejects.toMatchObject({ code: "QUEUE_FULL", delivery: "not-sent" });
    controller.abort();
    await expect(waiting).rejects.toMatchObject({ code: "ABORTED", delivery: "not-sent" });
    await expect(client.request(bytes("x"), { deadlineMs: 5 })).rejects.toMatchObject({
      code: "DEADLINE_EXCEEDED",
      delivery: "not-sent",
    });
  });
});

test("an idle client does not keep the process alive (no. 22)", async () => {
  await using server = await createUdpServer({ handler: (request) => request });
  const script = `
    import { createUdpClient } from "@tallyline/udp";
    const client = await createUdpClient({ host: "127.0.0.1", port: ${server.port} });
    const reply = await client.request(new TextEncoder().encode("and now it ends"));
    console.log(new TextDecoder().decode(reply.payload));`;
  const conditions = process.env["VITEST_TARGET"] === "dist" ? [] : ["--conditions=@tallyline/source"];
  const run = promisify(execFile)(process.execPath, [...conditions, "--input-type=module", "-e", script], {
    cwd: import.meta.dirname,
    timeout: 25_000,
  });
  expect((await run).stdout).toBe("and now it ends\n");
});

test("events for subscribers: every call that starts ends (no. 59)", async () => {
  const events: string[] = [];
  const started = (): void => void events.push("start");
  const ended = (event: unknown): void =>
    void events.push(`end ${(event as { error?: TransportError }).error?.code ?? "well"}`);
  channel("tallyline.udp.client.request.start").subscribe(started);
  channel("tallyline.udp.client.request.end").subscribe(ended);
  try {
    await using raw = await RawSocket.open();
    await using client = await clientOf(raw);
    await expect(client.request(bytes("x"), { deadlineMs: 10 })).rejects.toThrow("when the deadline passed");
    await using server = await createUdpServer({ handler: (request) => request });
    await using well = await createUdpClient({ host: "127.0.0.1", port: server.port });
    await well.request(bytes("x"));
  } finally {
    channel("tallyline.udp.client.request.start").unsubscribe(started);
    channel("tallyline.udp.client.request.end").unsubscribe(ended);
  }
  expect(events).toEqual(["start", "end DEADLINE_EXCEEDED", "start", "end well"]);
});

test("options that make no sense are refused at the door, by name (no. 58)", async () => {
  const target = { host: "127.0.0.1", port: 1 };
  await expect(createUdpClient({ ...target, port: 0 })).rejects.toThrow(
    "port is 0, must be an integer from 1 to 65535",
  );
  await expect(createUdpClient({ ...target, retries: 1 } as never)).rejects.toThrow(
    "unknown option createUdpClient.retries",
  );
  await expect(createUdpClient({ ...target, limits: { maxQueued: Number.NaN } })).rejects.toThrow(
    "limits.maxQueued is NaN",
  );
  await expect(createUdpClient({ ...target, limits: { maxRequestBytes: 70_000 } })).rejects.toThrow(
    "UDP carries at most 65507",
  );
  await using client = await createUdpClient(target);
  await expect(client.request("text" as never)).rejects.toThrow("the payload is not a Uint8Array");
  await expect(client.request(bytes("x"), { deadlineMs: 0 })).rejects.toThrow("deadlineMs is 0");
  await expect(client.request(bytes("x"), { deadline: 1 } as never)).rejects.toThrow("unknown option request.deadline");
});
