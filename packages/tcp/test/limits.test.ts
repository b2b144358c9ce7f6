import { once } from "node:events";
import { chunks, lengthPrefixed, lines } from "@tallyline/framing";
import { connectTcp, createTcpServer } from "@tallyline/tcp";
import { describe, expect, test } from "vitest";
import {
  isFull,
  timeoutMs,
  bytesOf,
  gate,
  holdUpFor,
  linePeer,
  socketFrom,
  stillTime,
  turns,
  until,
  upperCase,
  readsResetAsEnd,
} from "./peers.ts";

describe("connections", () => {
  test("one more than maxConnections is turned away, and there is room again when one has left", async () => {
    await using server = await createTcpServer({ codec: lines(), handler: upperCase, limits: { maxConnections: 2 } });
    await using first = await linePeer(server);
    await using second = await linePeer(server);
    first.send("a\n");
    second.send("b\n");
    expect([await first.line(), await second.line()]).toEqual(["A", "B"]);
    await using third = await linePeer(server);
    expect(await third.rest()).toMatch(/^(reset)?$/);
    expect(server.stats()).toMatchObject({ connections: 2, refused: { connections: 1 } });

    await first.connection.close();
    await until(() => server.stats().connections === 1);
    await using fourth = await linePeer(server);
    fourth.send("d\n");
    expect(await fourth.line()).toBe("D");
  });

  test("an address has its own limit, counted down on every way out; other addresses are not concerned", async () => {
    const limits = { maxConnectionsPerAddress: 1, exemptLoopback: false };
    await using server = await createTcpServer({
      codec: lines(),
      handler: upperCase,
      limits,
      openState: (peer) => {
        if (peer.address === "127.0.0.3") throw new Error("this one cannot be served");
      },
    });
    // A reset, a clean end and a failing openState each leave the count at zero.
    for (const address of ["127.0.0.2", "127.0.0.3"]) {
      for (let round = 0; round < 3; round += 1) {
        const socket = await socketFrom(address, server.port);
        if (round === 0) socket.resetAndDestroy();
        else socket.end();
        await until(() => server.stats().connections === 0 && server.stats().accepted > 0);
        socket.destroy();
        if (!socket.closed) await once(socket, "close");
      }
    }
    const holder = await socketFrom("127.0.0.2", server.port);
    await until(() => server.stats().connections === 1);
    const surplus = await socketFrom("127.0.0.2", server.port);
    if (!surplus.closed) await once(surplus.resume(), "close");
    const other = await socketFrom("127.0.0.4", server.port);
    other.write("still served\n");
    expect(String((await once(other, "data"))[0])).toBe("STILL SERVED\n");
    expect(server.stats().refused["connections-per-address"]).toBe(1);
    holder.destroy();
    other.destroy();
  });

  test("peers of this machine are exempt from the limit of an address by default", async () => {
    const limits = { maxConnectionsPerAddress: 1 };
    await using server = await createTcpServer({ codec: lines(), handler: upperCase, limits });
    await using first = await linePeer(server);
    await using second = await linePeer(server);
    first.send("a\n");
    second.send("b\n");
    expect([await first.line(), await second.line()]).toEqual(["A", "B"]);
  });
});

describe("requests", () => {
  test("no more requests of a connection run at once than the limit; the others wait in the socket", async () => {
    const gates = [gate(), gate(), gate()];
    let started = 0;
    await using server = await createTcpServer({
      codec: lines(),
      handler: async (line: string) => {
        const { opened } = gates[started++]!;
        await opened;
        return line;
      },
      limits: { maxInFlightPerConnection: 2 },
    });
    await using peer = await linePeer(server);
    peer.send("a\nb\nc\n");
    await until(() => started === 2);
    expect(server.stats().inFlight).toBe(2);
    gates[0]!.open();
    await until(() => started === 3);
    gates[1]!.open();
    gates[2]!.open();
    expect([await peer.line(), await peer.line(), await peer.line()]).toEqual(["a", "b", "c"]);
  });

  test("no more requests run at once for all than the limit, and connections that wait get their turn", async () => {
    const block = gate();
    const running: string[] = [];
    await using server = await createTcpServer({
      codec: lines(),
      handler: async (line: string) => {
        running.push(line);
        await block.opened;
        return line;
      },
      limits: { maxInFlight: 1 },
    });
    await using first = await linePeer(server);
    await using second = await linePeer(server);
    first.send("a\na\n");
    await until(() => running.length === 1);
    second.send("b\n");
    await until(() => server.stats().bytesRead === 6);
    expect(running).toEqual(["a"]);
    block.open();
    expect([await first.line(), await second.line(), await first.line()]).toEqual(["a", "b", "a"]);
    expect(server.stats().inFlight).toBe(0);
  });

  test("a place that became free is not lost on a connection that has no use for it", async () => {
    const block = gate();
    await using server = await createTcpServer({
      codec: lines(),
      handler: async (line: string) => {
        if (line === "blocks") await block.opened;
        return line;
      },
      limits: { maxInFlight: 1 },
    });
    await using blocking = await linePeer(server);
    blocking.send("blocks\n");
    await until(() => server.stats().inFlight === 1);
    // Each of these waits for the place: half a frame, the end of the stream, a connection that dies, a whole frame.
    await using half = await linePeer(server);
    half.send("half");
    await until(() => server.stats().bytesRead === 11);
    await using ended = await linePeer(server);
    ended.connection.end();
    const dying = await socketFrom("127.0.0.1", server.port);
    dying.write("dying\n");
    await until(() => server.stats().bytesRead === 17);
    await using waiting = await linePeer(server);
    waiting.send("waits\n");
    await until(() => server.stats().bytesRead === 23);
    dying.resetAndDestroy();
    block.open();
    expect(await waiting.line()).toBe("waits");
    expect(await ended.rest()).toBe("");
    half.send(" of it\n");
    expect(await half.line()).toBe("half of it");
  });

  test("a connection that dies gives its places back, though its handlers never end", async () => {
    const signals: AbortSignal[] = [];
    await using server = await createTcpServer({
      codec: lines(),
      handler: (line: string, { signal }) => {
        if (line === "quick") return line;
        signals.push(signal);
        return new Promise<string>(() => {});
      },
      limits: { maxInFlight: 2 },
    });
    const dying = await socketFrom("127.0.0.1", server.port);
    dying.write("slow\nslow\n");
    await until(() => signals.length === 2);
    dying.resetAndDestroy();
    await until(() => signals.every((signal) => signal.aborted));
    expect(server.stats().inFlight).toBe(0);
    await using peer = await linePeer(server);
    peer.send("quick\n");
    expect(await peer.line()).toBe("quick");
  });

  test("a peer that floods does not keep another waiting for longer than one share of frames", async () => {
    const order: string[] = [];
    await using server = await createTcpServer({
      codec: lines(),
      handler: (line: string) => void order.push(line),
      limits: { maxFramesPerTurn: 10 },
    });
    await using flood = await linePeer(server);
    await using polite = await linePeer(server);
    flood.send("flood\n".repeat(1_000));
    polite.send("polite\n");
    await until(() => order.length === 1_001);
    expect(order.indexOf("polite")).toBeLessThan(500);
  });
});

describe("memory", () => {
  test.each([
    ["at once", (line: string) => line.repeat(150)],
    ["later", async (line: string) => line.repeat(150)],
  ])(
    "a peer that never reads is not read from either, holds little, and is cut off; answered %s",
    async (_, handler) => {
      await using server = await createTcpServer({ codec: lines(), handler, timeouts: { writeMs: 100 } });
      const socket = await socketFrom("127.0.0.1", server.port);
      socket.pause();
      // More than a gibibyte of replies is asked for.
      socket.write("ask!\n".repeat(2_000_000));
      let mostBuffered = 0;
      await until(() => {
        mostBuffered = Math.max(mostBuffered, server.stats().bufferedBytes);
        return server.stats().closed["write-timeout"] === 1;
      });
      expect(mostBuffered).toBeLessThan(400_000);
      // What the two kernels hold of the replies, and the reads that asked for them.
      expect(server.stats().replies).toBeLessThan(50_000);
      expect(server.stats().bytesRead).toBeLessThan(500_000);
      socket.destroy();
    },
  );

  test("a slow handler is not sent more than it takes: what comes stays on the wire", async () => {
    const block = gate();
    await using server = await createTcpServer({
      codec: chunks(),
      handler: async () => {
        await block.opened;
        return undefined;
      },
      limits: { maxInFlightPerConnection: 4 },
    });
    await using connection = await connectTcp({ port: server.port });
    void connection.write(Buffer.alloc(50_000_000));
    await until(() => server.stats().inFlight === 4);
    for (let turn = 0; turn < 50; turn += 1) await new Promise(setImmediate);
    expect(server.stats().bytesRead).toBeLessThan(6 * 65_536);
    block.open();
    await until(() => server.stats().bytesRead > 40_000_000);
  });

  test("a connection that holds too much is cut off", async () => {
    const codec = lengthPrefixed({ prefixBytes: 4, maxFrameBytes: 1_000_000 });
    await using server = await createTcpServer({
      codec,
      handler: () => undefined,
      limits: { maxBufferedBytesPerConnection: 100_000 },
    });
    await using peer = await linePeer(server);
    void peer.connection.write(codec.encode(new Uint8Array(500_000)));
    expect(await peer.rest()).toBe("reset");
    expect(server.stats()).toMatchObject({ closed: { "buffer-limit": 1 }, bufferedBytes: 0 });
  });

  test("when all connections together hold too much, the one that holds the most goes", async () => {
    const codec = lengthPrefixed({ prefixBytes: 4, maxFrameBytes: 1_000_000 });
    await using server = await createTcpServer({
      codec,
      handler: (bytes: Uint8Array) => bytes,
      limits: { maxBufferedBytes: 100_000 },
    });
    await using large = await linePeer(server);
    await using small = await linePeer(server);
    const frame = codec.encode(new Uint8Array(200_000));
    void large.connection.write(frame.subarray(0, 60_000));
    await until(() => server.stats().bufferedBytes === 60_000);
    void small.connection.write(frame.subarray(0, 50_000));
    expect(await large.rest()).toMatch(/^(reset)?$/);
    expect(server.stats()).toMatchObject({ closed: { "server-buffer-limit": 1 }, bufferedBytes: 50_000 });
  });

  test("many connections with unfinished frames hold no more than the budget of the server", async () => {
    const budget = 200_000;
    await using server = await createTcpServer({
      codec: lines(),
      handler: upperCase,
      limits: { maxBufferedBytes: budget },
    });
    const sockets = await Promise.all(Array.from({ length: 50 }, () => socketFrom("127.0.0.1", server.port)));
    let most = 0;
    for (const socket of sockets) socket.resume().write("y".repeat(8_000));
    await until(() => {
      most = Math.max(most, server.stats().bufferedBytes);
      return server.stats().bytesRead === 400_000;
    });
    expect(most).toBeLessThanOrEqual(budget);
    expect(server.stats().closed["server-buffer-limit"]).toBe(25);
    for (const socket of sockets) socket.destroy();
  });
});

describe("time", () => {
  test("a frame has its time from the first byte; bytes that trickle do not extend it", async () => {
    await using server = await createTcpServer({ codec: lines(), handler: upperCase, timeouts: { frameMs: 60 } });
    await using slow = await linePeer(server);
    slow.send("whole\n");
    const trickle = setInterval(() => slow.send("x"), 5);
    expect(await slow.line()).toBe("WHOLE");
    expect(await slow.rest()).toMatch(/^(reset)?$/);
    clearInterval(trickle);
    slow.connection.end();
    await until(() => server.stats().closed["frame-timeout"] === 1);
  });

  test(
    "trickling peers at the limit of connections leave the others served",
    async () => {
      const maxConnections = isFull ? 1_024 : 20;
      await using server = await createTcpServer({
        codec: lines(),
        handler: upperCase,
        limits: { maxConnections },
        timeouts: { frameMs: isFull ? 1_500 : 40 },
      });
      await using served = await linePeer(server);
      const trickling = maxConnections - 1;
      const sockets = await Promise.all(Array.from({ length: trickling }, () => socketFrom("127.0.0.1", server.port)));
      await until(() => server.stats().connections === maxConnections);
      const trickle = setInterval(() => sockets.forEach((socket) => socket.write("x")), isFull ? 100 : 5);
      for (let i = 0; i < 5; i += 1) {
        served.send(`call ${i}\n`);
        expect(await served.line()).toBe(`CALL ${i}`);
      }
      await until(() => server.stats().closed["frame-timeout"] === trickling, timeoutMs);
      clearInterval(trickle);
      await using late = await linePeer(server);
      late.send("there is room again\n");
      expect(await late.line()).toBe("THERE IS ROOM AGAIN");
    },
    timeoutMs,
  );

  test("a connection without a call is closed after the idle time, cleanly", async () => {
    await using server = await createTcpServer({ codec: lines(), handler: upperCase, timeouts: { idleMs: 30 } });
    await using peer = await linePeer(server);
    peer.send("a\n");
    expect(await peer.rest()).toBe("A\n");
    expect(server.stats().closed["idle-timeout"]).toBe(0);
    peer.connection.end();
    await until(() => server.stats().closed["idle-timeout"] === 1);
  });

  test("a connection that is used is not idle; once it is not, it has its time and at most an eighth more", async () => {
    await using server = await createTcpServer({ codec: lines(), handler: upperCase, timeouts: { idleMs: 80 } });
    using time = stillTime();
    await using peer = await linePeer(server);
    for (const line of ["a", "b", "c"]) {
      peer.send(`${line}\n`);
      expect(await peer.line()).toBe(line.toUpperCase());
      time.pass(60);
      await turns(3);
    }
    peer.send("d\n");
    expect(await peer.line()).toBe("D");
    for (const passedMs of [10, 79]) {
      time.pass(passedMs);
      await turns(3);
    }
    peer.connection.end();
    await until(() => server.stats().connections === 0);
    expect(server.stats().closed).toMatchObject({ "peer-ended": 1, "idle-timeout": 0 });
    await using silent = await linePeer(server);
    silent.send("e\n");
    expect(await silent.line()).toBe("E");
    for (const passedMs of [10, 80]) {
      time.pass(passedMs);
      await turns(3);
    }
    expect(await silent.rest()).toBe("");
  });

  test.each([
    ["the idle time", "", { idleMs: 10 }],
    ["the time of a frame", "half of ", { frameMs: 10 }],
  ])("a server that was held up for longer than %s answers what had come in time", async (_, before, timeouts) => {
    await using server = await createTcpServer({ codec: lines(), handler: upperCase, timeouts });
    await using peer = await linePeer(server);
    peer.send(before);
    await until(() => server.stats().connections === 1 && server.stats().bytesRead === before.length);
    await holdUpFor(30, () => peer.send("it\n"));
    expect(await peer.line()).toBe(`${before}it`.toUpperCase());
  });

  test("a connection whose request is worked on is not idle", async () => {
    const work = gate();
    await using server = await createTcpServer({
      codec: lines(),
      handler: async (line: string) => {
        await work.opened;
        return line;
      },
      timeouts: { idleMs: 10 },
    });
    await using peer = await linePeer(server);
    await using witness = await linePeer(server);
    peer.send("slow\n");
    expect(await witness.rest()).toBe("");
    work.open();
    expect(await peer.line()).toBe("slow");
  });

  test("a handler that never ends blocks its connection alone, until its time is up; its signal is aborted", async () => {
    let signal: AbortSignal | undefined;
    await using server = await createTcpServer({
      codec: lines(),
      handler: (line: string, context) => {
        if (line !== "hang") return line;
        signal = context.signal;
        return new Promise<string>(() => {});
      },
      timeouts: { handlerMs: 40 },
    });
    await using stuck = await linePeer(server);
    await using other = await linePeer(server);
    stuck.send("before\nhang\nbehind\n");
    expect(await stuck.line()).toBe("before");
    other.send("fine\n");
    expect(await other.line()).toBe("fine");
    expect(await stuck.rest()).toBe("");
    expect(signal?.aborted).toBe(true);
    stuck.connection.end();
    await until(() => server.stats().closed["handler-timeout"] === 1);
  });

  test("a peer that does not end its side after ours is cut off", async () => {
    await using server = await createTcpServer({
      codec: lines(),
      handler: (line: string, context) => {
        context.close();
        return line;
      },
      timeouts: { lingerMs: 20 },
    });
    await using peer = await linePeer(server);
    peer.send("bye\nignored\n");
    expect(await peer.rest()).toBe("bye\n");
    await until(() => server.stats().connections === 0);
    expect(server.stats()).toMatchObject({ requests: 1, closed: { "handler-closed": 1 } });
  });

  test("an unfinished frame is hinted at once each time it lies still, and stays pending", async () => {
    await using server = await createTcpServer({
      codec: lines(),
      handler: upperCase,
      unfinishedFrameHint: { afterMs: 20, reply: "end your line" },
    });
    await using peer = await linePeer(server);
    peer.send("half");
    expect(await peer.line()).toBe("end your line");
    peer.send(" of a");
    expect(await peer.line()).toBe("end your line");
    expect(server.stats().requests).toBe(0);
    peer.send(" line\nnext\n");
    expect([await peer.line(), await peer.line()]).toEqual(["HALF OF A LINE", "NEXT"]);
  });

  test("a hint is only for connections that are said to be told", async () => {
    await using server = await createTcpServer({
      codec: lines(),
      openState: () => ({ isTold: true }),
      handler: (line: string, { state }) => {
        state.isTold = line !== "quiet";
        return line;
      },
      unfinishedFrameHint: { afterMs: 5, reply: "hint", isFor: ({ isTold }) => isTold },
    });
    await using quiet = await linePeer(server);
    await using witness = await linePeer(server);
    quiet.send("quiet\nhalf");
    expect(await quiet.line()).toBe("quiet");
    witness.send("half");
    expect(await witness.line()).toBe("hint");
    witness.send("\n");
    expect(await witness.line()).toBe("half");
    quiet.send(" a line\n");
    expect(await quiet.line()).toBe("half a line");
  });

  test("a hint never comes between a request and its reply", async () => {
    const work = gate();
    await using server = await createTcpServer({
      codec: lines(),
      handler: async (line: string) => {
        await work.opened;
        return line;
      },
      unfinishedFrameHint: { afterMs: 5, reply: "hint" },
    });
    await using peer = await linePeer(server);
    await using witness = await linePeer(server);
    peer.send("asked\nhalf");
    witness.send("half");
    expect(await witness.line()).toBe("hint");
    work.open();
    expect([await peer.line(), await peer.line()]).toEqual(["asked", "hint"]);
  });
});

test("bytes of an unfinished frame at the end of the stream never reach the handler", async () => {
  const ran: string[] = [];
  await using server = await createTcpServer({ codec: lines(), handler: (line: string) => void ran.push(line) });
  const text = "withdraw 42 1000";
  for (let cut = 1; cut <= text.length; cut += 1) {
    for (const ends of ["end", "resetAndDestroy"] as const) {
      const socket = await socketFrom("127.0.0.1", server.port);
      socket.resume().write(bytesOf(text.slice(0, cut)), () => socket[ends]());
      if (!socket.closed) await once(socket, "close");
    }
  }
  await until(() => server.stats().connections === 0);
  expect(ran).toEqual([]);
  expect(server.stats().closed["bad-frame"]).toBe(text.length * (readsResetAsEnd ? 2 : 1));
});
