import { once } from "node:events";
import { createServer, type AddressInfo, type Socket } from "node:net";
import { createPlainClient, createBankServer } from "@tallyline/bank";
import { createMemoryLedger } from "@tallyline/ledger";
import { describe, expect, test } from "vitest";
import { startReadOnceBank } from "./raw-peers.ts";

const startBank = (framing: "line" | "chunk") =>
  createBankServer({
    ledger: createMemoryLedger({ currencies: [{ code: "USD", exponent: 2 }], now: Date.now }),
    port: 0,
    framing,
  });

/** A server that treats each connection as the test says. */
async function startRaw(serve: (socket: Socket) => void): Promise<AsyncDisposable & { readonly port: number }> {
  const server = createServer((socket) => {
    socket.on("error", () => {});
    serve(socket);
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return { port: (server.address() as AddressInfo).port, [Symbol.asyncDispose]: async () => void server.close() };
}

describe("a client as it is by default", () => {
  test.each(["line", "chunk"] as const)("talks to a bank in %s framing", async (framing) => {
    await using bank = await startBank(framing);
    await using client = createPlainClient({ port: bank.port });
    expect(await client.send("deposit 5")).toBe("Deposited $5. New balance: $1005");
    expect(await client.send("")).toBe("Invalid command.");
    expect(await client.send("check_balance")).toBe("Your balance is: $1005");
  });

  test("talks to a server that reads once and compares the bytes as they are", async () => {
    await using bank = await startReadOnceBank();
    await using client = createPlainClient({ port: bank.port });
    const answers = await Promise.all(
      ["check_balance", "deposit 50", "withdraw 5000"].map((command) => client.send(command)),
    );
    expect(answers).toEqual(["Your balance is: $1000", "Deposited $50. New balance: $1050", "Insufficient funds."]);
    expect(bank.reads).toEqual(["hello bank/1\n", "check_balance", "deposit 50", "withdraw 5000"]);
  });

  test("connects again for each command where the server closes after each answer, and asks about the framing once", async () => {
    await using bank = await startReadOnceBank({ closes: true });
    await using client = createPlainClient({ port: bank.port });
    expect(await client.send("deposit 50")).toBe("Deposited $50. New balance: $1050");
    expect(await client.send("check_balance")).toBe("Your balance is: $1050");
    expect(bank.reads).toEqual(["hello bank/1\n", "deposit 50", "check_balance"]);
  });
});

describe("a client without an answer knows whether its command may have been executed", () => {
  test("nobody listens: not sent", async () => {
    const gone = await startBank("line");
    await gone.drain();
    await using client = createPlainClient({ port: gone.port });
    await expect(client.send("deposit 5")).rejects.toMatchObject({ name: "BankClientError", delivery: "not-sent" });
  });

  test("the server closes at once, as one that is full does: rejected", async () => {
    await using server = await startRaw((socket) => socket.end());
    await using client = createPlainClient({ port: server.port });
    await expect(client.send("deposit 5")).rejects.toMatchObject({ delivery: "rejected" });
  });

  test("the server ends its lines too late to be known for it: unknown, and never another command's answer", async () => {
    await using server = await startRaw((socket) => {
      socket.on("data", (bytes) => {
        if (bytes.toString().startsWith("hello")) socket.write("Invalid command.");
        else socket.write("\nDeposited $5. New balance: $1005\n");
      });
    });
    await using client = createPlainClient({ port: server.port });
    await expect(client.send("deposit 5")).rejects.toMatchObject({
      delivery: "unknown",
      message: expect.stringContaining("its framing was misjudged"),
    });
  });

  test("the server never greets: not sent", async () => {
    await using server = await startRaw((socket) => socket.resume());
    await using client = createPlainClient({ port: server.port, deadlineMs: 30 });
    await expect(client.send("deposit 5")).rejects.toMatchObject({
      delivery: "not-sent",
      message: expect.stringContaining("its time is up"),
    });
  });

  test.each([
    ["closes", (socket: Socket) => socket.end()],
    ["resets", (socket: Socket) => socket.resetAndDestroy()],
    ["stops inside its answer", (socket: Socket) => socket.end("Deposited $5. New ba")],
    ["says nothing", () => {}],
  ])("the server %s after the command: unknown, and it is not sent again", async (_what, react) => {
    const commands: string[] = [];
    await using server = await startRaw((socket) => {
      socket.on("data", (bytes) => {
        if (bytes.toString().startsWith("hello")) return void socket.write("Invalid command.\n");
        commands.push(bytes.toString());
        react(socket);
      });
    });
    await using client = createPlainClient({ port: server.port, deadlineMs: 100 });
    await expect(client.send("deposit 5")).rejects.toMatchObject({ delivery: "unknown" });
    expect(commands).toEqual(["deposit 5\n"]);
  });
});
