import { channel } from "node:diagnostics_channel";
import { describe, expect, test } from "vitest";
import { createUdpClient, createUdpServer, ListenError, type UdpServerOptions } from "@tallyline/udp";
import { bytes, deferred, RawSocket, stillTime, text } from "./raw-socket.ts";

const id = "9f86d081884c7d65";
const upperCase: UdpServerOptions["handler"] = (request) => bytes(text(request).toUpperCase());

describe("a server", () => {
  test("answers calls and plain datagrams, and says which is which", async () => {
    await using server = await createUdpServer({
      handler: (request, { header, peer }) => bytes(`${text(request)} ${header} ${peer.url}`),
    });
    await using raw = await RawSocket.open();
    await raw.send("1 + 1", server.port);
    expect((await raw.at(0)).text).toBe(`1 + 1 false udp://127.0.0.1:${raw.port}`);
    await raw.send(`?call/1 ${id}\n1 + 1`, server.port);
    expect((await raw.at(1)).text).toBe(`!call/1 ${id}\n1 + 1 true udp://127.0.0.1:${raw.port}`);
    expect(server.url).toBe(`udp://127.0.0.1:${server.port}`);
  });

  test("a handler may answer with text, at once or later", async () => {
    const handlers: UdpServerOptions["handler"][] = [() => "naïve", async () => "naïve"];
    for (const handler of handlers) {
      await using server = await createUdpServer({ handler });
      await using raw = await RawSocket.open();
      await raw.send(`?call/1 ${id}\n1 + 1`, server.port);
      expect((await raw.at(0)).text).toBe(`!call/1 ${id}\nnaïve`);
      await raw.send("1 + 1", server.port);
      expect((await raw.at(1)).text).toBe("naïve");
    }
  });

  test("answers a burst after all of it was read, each once, and what waits also when it is drained meanwhile", async () => {
    const events: string[] = [];
    let drained: Promise<unknown> | undefined;
    await using server = await createUdpServer({
      handler: (request) => {
        events.push(`${text(request)} came`);
        if (text(request) === "last") queueMicrotask(() => (drained = server.drain()));
        return request;
      },
    });
    await using raw = await RawSocket.open();
    raw.socket.on("message", (reply) => events.push(`${text(reply)} answered`));
    const burst = async (names: readonly string[]) => {
      const before = raw.received.length;
      for (const name of names) raw.socket.send(name, server.port, "127.0.0.1");
      await raw.at(before + names.length - 1);
    };
    // A turn that brings many is what makes the server wait for the end of the next ones.
    await burst(Array.from({ length: 24 }, (_, i) => `${i}`));
    events.length = 0;
    await burst(["first", "second", "last"]);
    await drained;
    const of = (what: string) => ["first", "second", "last"].map((name) => `${name} ${what}`);
    expect(events).toEqual([...of("came"), ...of("answered")]);
  });

  test("in plain mode gives every datagram to the handler as it is, the empty one too", async () => {
    await using server = await createUdpServer({ mode: "plain", handler: (request) => request });
    await using raw = await RawSocket.open();
    for (const [index, datagram] of ["", `?call/1 ${id}\n1`, `!call/1 ${id}\n1`, "x"].entries()) {
      await raw.send(datagram, server.port);
      expect((await raw.at(index)).text).toBe(datagram);
    }
  });

  test("runs copies of a request once, while the handler works and afterwards (no. 42)", async () => {
    const gate = deferred<void>();
    const begun = deferred<void>();
    let executions = 0;
    await using server = await createUdpServer({
      handler: async (request) => {
        executions++;
        begun.resolve();
        await gate.promise;
        return request;
      },
    });
    await using raw = await RawSocket.open();
    await raw.send(`?call/1 ${id}\nx`, server.port);
    await begun.promise;
    await raw.send(`?call/1 ${id} age=1\nx`, server.port);
    await raw.send("plain, so that the copy before it has been read", server.port);
    while (server.stats().requests < 2) await new Promise(setImmediate);
    gate.resolve();
    expect((await raw.at(0)).text).toBe(`!call/1 ${id}\nx`);
    await raw.at(1);
    await raw.send(`?call/1 ${id} age=100\nx`, server.port);
    expect((await raw.at(2)).text).toBe(`!call/1 ${id}\nx`);
    expect(executions).toBe(2);
    expect(server.stats()).toMatchObject({ requests: 2, repeated: 1, inFlight: 0, dropped: { joined: 1 } });
  });

  test("survives handlers that throw, reject or return nonsense, and tells the caller", async () => {
    const failures: UdpServerOptions["handler"][] = [
      () => {
        throw new Error("sync");
      },
      () => Promise.reject(new Error("async")),
      () => 42 as never,
      () => Promise.resolve(42 as never),
    ];
    for (const handler of failures) {
      await using server = await createUdpServer({ handler });
      await using client = await createUdpClient({ host: "127.0.0.1", port: server.port });
      await expect(client.request(bytes("x"))).rejects.toMatchObject({ code: "PEER_FAILED", delivery: "answered" });
      expect(server.stats()).toMatchObject({ failures: 1, inFlight: 0 });
    }
  });

  test("ends a handler that takes too long, with its signal", async () => {
    const reasons: unknown[] = [];
    await using server = await createUdpServer({
      timeouts: { handlerMs: 20 },
      handler: (_request, { signal }) =>
        new Promise(() => signal.addEventListener("abort", () => reasons.push(signal.reason))),
    });
    await using client = await createUdpClient({ host: "127.0.0.1", port: server.port });
    await expect(client.request(bytes("x"))).rejects.toMatchObject({ code: "PEER_FAILED" });
    expect(reasons).toEqual([new Error("the handler took longer than 20 ms")]);
  });

  test("takes datagrams of any bytes and any size without harm (no. 49)", async () => {
    await using server = await createUdpServer({ handler: upperCase });
    await using raw = await RawSocket.open();
    for (const datagram of ["", "?", "!", "?call/1 ", `?call/1 ${id}`, `?call/1 ${id} huh\n`, `!call/1 ${id}\nx`]) {
      await raw.send(datagram, server.port);
    }
    await raw.send(new Uint8Array(65_507), server.port);
    await raw.send("still there", server.port);
    // Replies come in order: to "", "?", "!" and the long one, then the last.
    expect((await raw.at(3)).text).toBe("Error: too large for a datagram without a header");
    expect((await raw.at(4)).text).toBe("STILL THERE");
    expect(server.stats().dropped).toMatchObject({ malformed: 3, reply: 1 });
  });

  test("does not answer a plain datagram that comes from its own port number: there sits another like it (no. 46)", async () => {
    await using server = await createUdpServer({ handler: upperCase });
    await using twin = await RawSocket.open(server.port, "127.0.0.2");
    await twin.send("x", server.port);
    await twin.send(`?call/1 ${id}\nx`, server.port);
    expect((await twin.at(0)).text).toBe(`!call/1 ${id}\nX`);
    expect(server.stats().dropped["plain-ignored"]).toBe(1);
  });

  test("limits the rate of an address, from loopback only if it is told to", async () => {
    const limits = { maxRatePerAddress: 1, maxBurstPerAddress: 3 };
    await using strict = await createUdpServer({ handler: upperCase, limits, exemptLoopback: false });
    await using lenient = await createUdpServer({ handler: upperCase, limits });
    await using raw = await RawSocket.open();
    using _time = stillTime();
    for (let i = 0; i < 6; i++) {
      await raw.send("strict", strict.port);
      await raw.send("lenient", lenient.port);
    }
    await raw.at(8);
    while (strict.stats().datagramsReceived < 6) await new Promise(setImmediate);
    expect(raw.received.filter((one) => one.text === "STRICT")).toHaveLength(3);
    expect(raw.received.filter((one) => one.text === "LENIENT")).toHaveLength(6);
    expect(strict.stats().dropped.rate).toBe(3);
  });

  test("throws away what has waited too long, and answers what is fresh again afterwards", async () => {
    await using server = await createUdpServer({
      mode: "plain",
      timeouts: { maxWaitMs: 20 },
      handler: (request) => {
        const until = performance.now() + 3;
        while (performance.now() < until) continue;
        return request;
      },
    });
    await using raw = await RawSocket.open();
    await Promise.all(Array.from({ length: 60 }, (_, index) => raw.send(`old ${index}`, server.port)));
    while (server.stats().datagramsReceived < 60) await new Promise(setImmediate);
    const { shed } = server.stats().dropped;
    expect(shed).toBeGreaterThan(30);
    expect(shed).toBeLessThan(60);
    // Two turns without a datagram: the socket is known to be empty.
    for (let turn = 0; turn < 3; turn++) await new Promise(setImmediate);
    await raw.send("fresh", server.port);
    expect((await raw.at(60 - shed)).text).toBe("fresh");
  });

  test("counts what the kernel dropped, and tells which receive buffer it got (no. 52)", async () => {
    await using server = await createUdpServer({
      mode: "plain",
      handler: () => undefined,
      limits: { recvBufferBytes: 2048 },
    });
    await using raw = await RawSocket.open();
    await Promise.all(Array.from({ length: 200 }, () => raw.send(new Uint8Array(1000), server.port)));
    const { recvBufferBytes, kernelDrops } = server.stats();
    expect(recvBufferBytes.requested).toBe(2048);
    expect(recvBufferBytes.effective).toBeGreaterThan(0);
    if (process.platform !== "linux") return;
    while (server.stats().datagramsReceived === 0) await new Promise(setImmediate);
    expect(kernelDrops ?? 0).toBeGreaterThan(0);
  });
});

describe("listening", () => {
  test("fails with the address in the message if somebody else has it: nothing is shared (no. 53)", async () => {
    await using server = await createUdpServer({ handler: upperCase });
    const second = createUdpServer({ handler: upperCase, port: server.port });
    await expect(second).rejects.toBeInstanceOf(ListenError);
    await expect(second).rejects.toMatchObject({
      code: "EADDRINUSE",
      url: server.url,
      message: `${server.url} is already in use`,
    });
  });

  test("fails for an address that is not ours, and the message says so", async () => {
    await expect(createUdpServer({ handler: upperCase, host: "192.0.2.1" })).rejects.toMatchObject({
      code: "EADDRNOTAVAIL",
      message: "udp://192.0.2.1:0 is not an address of this machine",
    });
  });

  test("shows IPv6 in brackets, and answers there", async () => {
    await using server = await createUdpServer({ handler: upperCase, host: "::1" });
    await using client = await createUdpClient({ host: "::1", port: server.port });
    expect(server.url).toBe(`udp://[::1]:${server.port}`);
    expect(text((await client.request(bytes("x"))).payload)).toBe("X");
  });
});

describe("draining", () => {
  test("waits for handlers, sends their replies, then closes (no. 55)", async () => {
    const gate = deferred<void>();
    const begun = deferred<void>();
    const server = await createUdpServer({
      handler: async (request) => {
        begun.resolve();
        await gate.promise;
        return request;
      },
    });
    await using client = await createUdpClient({ host: "127.0.0.1", port: server.port });
    const reply = client.request(bytes("x"));
    await begun.promise;
    const drained = server.drain();
    await using late = await createUdpClient({ host: "127.0.0.1", port: server.port });
    await expect(late.request(bytes("y"))).rejects.toMatchObject({ code: "PEER_DRAINING", delivery: "rejected" });
    gate.resolve();
    expect(text((await reply).payload)).toBe("x");
    expect(await drained).toEqual({ completed: 1, aborted: 0 });
    expect(await server.drain()).toEqual({ completed: 1, aborted: 0 });
  });

  test("ends at its deadline, aborts what still runs and does not mind a late reply (no. 55)", async () => {
    const gate = deferred<void>();
    const aborted = deferred<unknown>();
    const begun = deferred<void>();
    const server = await createUdpServer({
      handler: async (request, { signal }) => {
        signal.addEventListener("abort", () => aborted.resolve(signal.reason));
        begun.resolve();
        await gate.promise;
        return request;
      },
    });
    await using raw = await RawSocket.open();
    await raw.send("x", server.port);
    await begun.promise;
    expect(await server.drain({ deadlineMs: 1 })).toEqual({ completed: 0, aborted: 1 });
    expect(await aborted.promise).toEqual(new Error("the server has stopped"));
    gate.resolve();
    await new Promise(setImmediate);
    expect(raw.received).toEqual([]);
    expect(server.stats().inFlight).toBe(0);
  });

  test("leaves nothing open", async () => {
    const before = process.getActiveResourcesInfo().filter((name) => name === "UDPWrap").length;
    for (let i = 0; i < 20; i++) {
      await using server = await createUdpServer({ handler: upperCase });
      await using client = await createUdpClient({ host: "127.0.0.1", port: server.port });
      await client.request(bytes("x"));
    }
    const after = process.getActiveResourcesInfo().filter((name) => name === "UDPWrap").length;
    // Less if a socket of the test before was still closing.
    expect(after).toBeLessThanOrEqual(before);
  });
});

test("events for subscribers: every start has its end, and drops have a reason (no. 59)", async () => {
  const events: string[] = [];
  const open = new Set<unknown>();
  const listeners = {
    "tallyline.udp.server.request.start": ({ request }: { request: unknown }) =>
      open.add(request) && events.push("start"),
    "tallyline.udp.server.request.end": ({ request, error }: { request: unknown; error?: Error }) =>
      open.delete(request) && events.push(`end ${error?.message ?? "well"}`),
    "tallyline.udp.server.drop": ({ reason }: { reason: string }) => events.push(`drop ${reason}`),
  };
  for (const [name, listener] of Object.entries(listeners)) channel(name).subscribe(listener as never);
  try {
    await using server = await createUdpServer({
      handler: (request) => {
        if (text(request) === "fail") throw new Error("failed");
        return request;
      },
    });
    await using raw = await RawSocket.open();
    for (const datagram of ["a", `?call/1 ${id}\nfail`, `!call/1 ${id}\nx`, "b"]) await raw.send(datagram, server.port);
    await raw.at(2);
  } finally {
    for (const [name, listener] of Object.entries(listeners)) channel(name).unsubscribe(listener as never);
  }
  expect(events).toEqual(["start", "end well", "start", "end failed", "drop reply", "start", "end well"]);
  expect(open.size).toBe(0);
});

test("options that make no sense are refused at the door, by name (no. 58)", async () => {
  const refusals: [object, string][] = [
    [{ handler: 1 }, "handler is not a function"],
    [{ handler: upperCase, prot: 1 }, "unknown option createUdpServer.prot"],
    [{ handler: upperCase, port: 65_536 }, "port is 65536, must be an integer from 0 to 65535"],
    [
      { handler: upperCase, limits: { maxReplyBytes: 65_508 } },
      "limits.maxReplyBytes is 65508, UDP carries at most 65507",
    ],
    [{ handler: upperCase, limits: { maxInFlight: Number.NaN } }, "limits.maxInFlight is NaN"],
    [{ handler: upperCase, limits: { recvBufferBytes: -1 } }, "limits.recvBufferBytes is -1"],
    [{ handler: upperCase, timeouts: { handlerMs: Infinity } }, "timeouts.handlerMs is Infinity"],
    [{ handler: upperCase, timeouts: { hadnlerMs: 1 } }, "unknown option timeouts.hadnlerMs"],
    [{ handler: upperCase, mode: "loud" }, 'mode is "calls" or "plain", not loud'],
  ];
  for (const [options, message] of refusals) {
    await expect(createUdpServer(options as UdpServerOptions)).rejects.toThrow(message);
  }
});
