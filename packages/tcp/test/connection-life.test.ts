import { execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { readdirSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { connect, createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { chunks, lines } from "@tallyline/framing";
import { connectTcp, createTcpServer, ListenError } from "@tallyline/tcp";
import { describe, expect, test } from "vitest";
import { isFull, timeoutMs, bytesOf, gate, linePeer, socketFrom, until, upperCase } from "./peers.ts";

describe("half-closed", () => {
  test("a peer that sends, ends its side and waits gets all replies, and then the end", async () => {
    const work = gate();
    await using server = await createTcpServer({
      codec: lines(),
      handler: async (line: string) => {
        await work.opened;
        return line;
      },
    });
    await using peer = await linePeer(server);
    peer.send("a\nb\nc\n");
    peer.connection.end();
    await until(() => server.stats().inFlight === 3);
    work.open();
    expect(await peer.rest()).toBe("a\nb\nc\n");
    await until(() => server.stats().connections === 0);
    expect(server.stats().closed["peer-ended"]).toBe(1);
  });

  test("frames behind a bad one are not run when bad frames end the connection; those before it are answered", async () => {
    await using server = await createTcpServer({ codec: lines({ maxLineBytes: 5 }), handler: upperCase });
    await using peer = await linePeer(server);
    peer.send("good\nmuch too long\nlost\n");
    expect(await peer.rest()).toBe("GOOD\n");
    expect(server.stats()).toMatchObject({ requests: 1, badFrames: 1 });
  });

  test("a bad frame that is answered costs no more than itself", async () => {
    await using server = await createTcpServer({
      codec: lines({ maxLineBytes: 5 }),
      handler: upperCase,
      onBadFrame: (error) => error.code,
    });
    await using peer = await linePeer(server);
    peer.send("good\nmuch too long\nfine\n");
    expect([await peer.line(), await peer.line(), await peer.line()]).toEqual(["GOOD", "FRAME_TOO_LONG", "FINE"]);
  });
});

describe("handlers that fail", () => {
  test.each([
    [
      "throws",
      () => {
        throw new Error("no");
      },
    ],
    [
      "throws what is no error",
      () => {
        throw "no" as unknown as Error;
      },
    ],
    ["rejects", () => Promise.reject(new Error("no"))],
    ["answers what cannot be framed", () => "two\nlines"],
    ["promises what cannot be framed", async () => "two\nlines"],
  ])("one that %s ends the connection after the replies before it, and the server lives on", async (_, fail) => {
    const first = gate();
    await using server = await createTcpServer({
      codec: lines(),
      handler: async (line: string) => {
        if (line === "first") await first.opened;
        return line === "fail" ? fail() : line;
      },
    });
    await using peer = await linePeer(server);
    await using other = await linePeer(server);
    peer.send("first\nfail\nbehind\n");
    await until(() => server.stats().inFlight === 3);
    first.open();
    expect(await peer.rest()).toBe("first\n");
    expect(server.stats()).toMatchObject({ inFlight: 0, handlerErrors: 1 });
    other.send("still there\n");
    expect(await other.line()).toBe("still there");
  });

  test("one that throws at once ends the connection too", async () => {
    await using server = await createTcpServer({
      codec: lines(),
      handler: (line: string) => {
        if (line === "fail") throw new Error("no");
        return line;
      },
    });
    await using peer = await linePeer(server);
    peer.send("a\nfail\nb\n");
    expect(await peer.rest()).toBe("a\n");
  });

  test("a failing onBadFrame and a failing openState end one connection, not the process", async () => {
    let opened = 0;
    await using server = await createTcpServer({
      codec: lines({ maxLineBytes: 3 }),
      handler: upperCase,
      openState: () => {
        opened += 1;
        if (opened === 1) throw new Error("no");
      },
      onBadFrame: () => {
        throw new Error("no");
      },
    });
    await using first = await linePeer(server);
    expect(await first.rest()).toMatch(/^(reset)?$/);
    await using second = await linePeer(server);
    second.send("a\ntoo long\nb\n");
    expect(await second.rest()).toBe("A\n");
    expect(server.stats().handlerErrors).toBe(2);
  });

  test("close ends the connection after its own reply; requests behind it are not answered", async () => {
    await using server = await createTcpServer({
      codec: lines(),
      handler: async (line: string, context) => {
        if (line === "bye") context.close();
        return line;
      },
    });
    await using peer = await linePeer(server);
    peer.send("a\nbye\nb\n");
    expect(await peer.rest()).toBe("a\nbye\n");
  });

  test("a handler that closes without a reply sends nothing more", async () => {
    await using server = await createTcpServer({
      codec: lines(),
      handler: (_line: string, context) => {
        context.close();
        return undefined;
      },
    });
    await using peer = await linePeer(server);
    peer.send("a\nb\n");
    expect(await peer.rest()).toBe("");
  });
});

test("each connection has its own state", async () => {
  await using server = await createTcpServer({
    codec: lines(),
    openState: () => ({ count: 0 }),
    handler: (line: string, { state }) => `${line}${++state.count}`,
  });
  await using first = await linePeer(server);
  await using second = await linePeer(server);
  first.send("a\na\n");
  second.send("b\n");
  expect([await first.line(), await first.line(), await second.line()]).toEqual(["a1", "a2", "b1"]);
});

test("replies in order of completion overtake", async () => {
  const slow = gate();
  await using server = await createTcpServer({
    codec: lines(),
    replyOrder: "completion",
    handler: async (line: string) => {
      if (line === "slow") await slow.opened;
      return line;
    },
  });
  await using peer = await linePeer(server);
  peer.send("slow\nfast\n");
  expect(await peer.line()).toBe("fast");
  slow.open();
  expect(await peer.line()).toBe("slow");
});

test("peers that reset at any point crash nothing", async () => {
  const work = gate();
  await using server = await createTcpServer({
    codec: lines(),
    handler: async (line: string) => {
      await work.opened;
      return line.repeat(1_000);
    },
  });
  for (const sent of ["", "half", "whole\n", "whole\n".repeat(100)]) {
    const socket = await socketFrom("127.0.0.1", server.port);
    if (sent !== "") await new Promise<void>((resolve) => socket.write(sent, () => resolve()));
    socket.resetAndDestroy();
  }
  work.open();
  await until(() => server.stats().connections === 0 && server.stats().accepted === 4);
  await using peer = await linePeer(server);
  peer.send("x\n");
  expect((await peer.line())?.length).toBe(1_000);
});

test(
  "hundreds of connections that come and go leave no file descriptor behind",
  async () => {
    const rounds = isFull ? 200 : 4;
    const countOf = (): number => readdirSync("/proc/self/fd").length;
    await using server = await createTcpServer({ codec: lines(), handler: upperCase });
    const before = countOf();
    for (let round = 1; round <= rounds; round += 1) {
      await Promise.all(
        Array.from({ length: 50 }, async (_, i) => {
          const socket = await socketFrom("127.0.0.1", server.port);
          // Some leave in the middle of a line, some with a reply on its way to them.
          if (i % 4 > 1) socket.write(i % 8 > 3 ? "half" : "whole\n");
          if (i % 2 === 0) socket.resetAndDestroy();
          else socket.destroy();
        }),
      );
      await until(() => server.stats().accepted === 50 * round && server.stats().connections === 0);
    }
    await until(() => countOf() <= before);
    expect(server.stats()).toMatchObject({ inFlight: 0, bufferedBytes: 0 });
  },
  timeoutMs,
);

test("a server that runs out of file descriptors serves those that are there, and others again when there is room", async () => {
  // In a process of its own, which may open few files.
  const script = `
    import { lines } from "@tallyline/framing";
    import { createTcpServer } from "@tallyline/tcp";
    const server = await createTcpServer({ codec: lines(), handler: (line) => line });
    console.log(server.port);`;
  const conditions = process.env["VITEST_TARGET"] === "dist" ? [] : ["--conditions=@tallyline/source"];
  const command = [
    "-c",
    'ulimit -n 60; exec "$@"',
    "sh",
    process.execPath,
    ...conditions,
    "--input-type=module",
    "-e",
    script,
  ];
  const child = spawn("sh", command, { cwd: import.meta.dirname, stdio: ["ignore", "pipe", "inherit"] });
  const port = Number(((await once(child.stdout, "data")) as [Buffer])[0]);
  try {
    await using served = await linePeer({ port });
    served.send("here\n");
    expect(await served.line()).toBe("here");
    const crowd = Array.from({ length: 100 }, () => connect({ port, host: "127.0.0.1" }).on("error", () => {}));
    // The system accepts more than the server can; those are closed.
    await Promise.any(crowd.map((socket) => once(socket.resume(), "end")));
    served.send("still here\n");
    expect(await served.line()).toBe("still here");
    for (const socket of crowd) socket.destroy();
    let reply: string | undefined;
    while (reply === undefined) {
      await using late = await linePeer({ port });
      late.send("room again\n");
      reply = await late.line().catch(() => undefined);
    }
    expect(reply).toBe("room again");
  } finally {
    child.kill();
  }
});

test("a connection is closed once, though several of its handlers run out of time", async () => {
  await using server = await createTcpServer({
    codec: lines(),
    handler: () => new Promise<string>(() => {}),
    timeouts: { handlerMs: 10, lingerMs: 40 },
  });
  await using peer = await linePeer(server);
  peer.send("a\nb\nc\n");
  expect(await peer.rest()).toBe("");
  await until(() => server.stats().connections === 0);
  expect(server.stats()).toMatchObject({ inFlight: 0, closed: { "handler-timeout": 1 } });
});

describe("drain", () => {
  test("finishes what is worked on, closes idle connections, takes nothing new, and says what became of it", async () => {
    const work = gate();
    const server = await createTcpServer({
      codec: lines(),
      handler: async (line: string) => {
        await work.opened;
        return line;
      },
    });
    await using busy = await linePeer(server);
    await using idle = await linePeer(server);
    busy.send("a\nb\n");
    await until(() => server.stats().inFlight === 2 && server.stats().connections === 2);
    const drained = server.drain();
    expect(server.drain()).toBe(drained);
    expect(await idle.rest()).toBe("");
    idle.connection.end();
    await expect(connectTcp({ port: server.port })).rejects.toMatchObject({ code: "CONNECT_FAILED" });
    busy.send("too late\n");
    work.open();
    expect(await busy.rest()).toBe("a\nb\n");
    busy.connection.end();
    expect(await drained).toEqual({ completed: 2, aborted: 0 });
    expect(() => server.resume()).toThrow("is drained and cannot be resumed");
  });

  test("ends by its deadline though a handler never does and a peer never closes its side", async () => {
    const server = await createTcpServer({ codec: lines(), handler: () => new Promise<string>(() => {}) });
    await using peer = await linePeer(server);
    peer.send("hang\n");
    await until(() => server.stats().inFlight === 1);
    expect(await server.drain({ deadlineMs: 30 })).toEqual({ completed: 0, aborted: 1 });
    expect(server.stats()).toMatchObject({ connections: 0, inFlight: 0 });
  });

  test("ends although a peer that is still to be sent replies never reads", async () => {
    const server = await createTcpServer({ codec: chunks(), handler: () => Buffer.alloc(60_000) });
    const socket = await socketFrom("127.0.0.1", server.port);
    socket.pause();
    const send = setInterval(() => socket.write("more"), 1);
    await until(() => server.stats().bufferedBytes > 0);
    clearInterval(send);
    expect(await server.drain({ deadlineMs: 30 })).toEqual({ completed: 0, aborted: 0 });
    socket.destroy();
  });

  test("a server that nobody ever connected to drains at once", async () => {
    const server = await createTcpServer({ codec: lines(), handler: upperCase });
    expect(await server.drain()).toEqual({ completed: 0, aborted: 0 });
    expect(await server.drain({ deadlineMs: 1 })).toEqual({ completed: 0, aborted: 0 });
  });
});

describe("listening", () => {
  const options = { codec: lines(), handler: upperCase };

  test("a port that is taken is said to be taken, and can be had once it is free", async () => {
    const first = await createTcpServer(options);
    const port = first.port;
    await expect(createTcpServer({ ...options, port })).rejects.toMatchObject({
      name: "ListenError",
      code: "EADDRINUSE",
      url: `tcp://127.0.0.1:${port}`,
      message: `tcp://127.0.0.1:${port} is already in use`,
    });
    await first.drain();
    await using second = await createTcpServer({ ...options, port });
    expect(second.port).toBe(port);
  });

  test("an address that is not ours, and a name that is none", async () => {
    const foreign = createTcpServer({ ...options, host: "192.0.2.1" });
    await expect(foreign).rejects.toMatchObject({ code: "EADDRNOTAVAIL", message: /not an address of this machine/ });
    await expect(createTcpServer({ ...options, host: "no-such-name.invalid" })).rejects.toBeInstanceOf(ListenError);
  });

  test("suspended, it serves those that are there and refuses others; resumed, it has the same address", async () => {
    await using server = await createTcpServer(options);
    const { port } = server;
    await using peer = await linePeer(server);
    peer.send("before\n");
    expect(await peer.line()).toBe("BEFORE");
    server.suspend();
    server.suspend();
    await expect(connectTcp({ port })).rejects.toMatchObject({ code: "CONNECT_FAILED", delivery: "not-sent" });
    peer.send("during\n");
    expect(await peer.line()).toBe("DURING");
    await Promise.all([server.resume(), server.resume()]);
    expect(server.port).toBe(port);
    await using late = await linePeer(server);
    late.send("after\n");
    expect(await late.line()).toBe("AFTER");
  });

  test("suspended or drained while it begins to listen again, it does not listen", async () => {
    const server = await createTcpServer(options);
    const { port } = server;
    server.suspend();
    const resumed = server.resume();
    server.suspend();
    await resumed;
    await expect(connectTcp({ port })).rejects.toMatchObject({ code: "CONNECT_FAILED" });
    const again = server.resume();
    await server.drain();
    await again;
    await expect(connectTcp({ port })).rejects.toMatchObject({ code: "CONNECT_FAILED" });
  });

  test("resuming rejects when somebody else took the address", async () => {
    await using server = await createTcpServer(options);
    server.suspend();
    const thief = createServer().listen(server.port, "127.0.0.1");
    await once(thief, "listening");
    await expect(server.resume()).rejects.toMatchObject({ code: "EADDRINUSE" });
    thief.close();
    await once(thief, "close");
    await server.resume();
    await using peer = await linePeer(server);
    peer.send("again\n");
    expect(await peer.line()).toBe("AGAIN");
  });

  test("a unix socket: a file left over from a dead server is replaced, one in use is not", async () => {
    const folder = await mkdtemp(join(tmpdir(), "tallyline-"));
    const path = join(folder, "s");
    // A server whose process is killed leaves its file; here another process is.
    const script = `require("net").createServer().listen(${JSON.stringify(path)}, () => process.kill(process.pid, "SIGKILL"))`;
    expect(() => execFileSync(process.execPath, ["-e", script], { stdio: "ignore" })).toThrow("Command failed");
    try {
      await using server = await createTcpServer({ ...options, path });
      expect(server.url).toBe(`unix:${path}`);
      await expect(createTcpServer({ ...options, path })).rejects.toMatchObject({ code: "EADDRINUSE" });
      await using connection = await connectTcp({ path });
      await connection.write(bytesOf("over a file\n"));
      expect(Buffer.from((await connection.read())!).toString()).toBe("OVER A FILE\n");
    } finally {
      await rm(folder, { recursive: true });
    }
  });

  test("an IPv4 peer of a dual-stack listener has its IPv4 address", async () => {
    await using server = await createTcpServer({
      ...options,
      host: "::",
      handler: (_line: string, { peer }) => peer.url,
    });
    await using peer = await linePeer(server);
    peer.send("who am I\n");
    expect(await peer.line()).toMatch(/^tcp:\/\/127\.0\.0\.1:\d+$/);
  });
});
