import { createSocket, type RemoteInfo, type Socket } from "node:dgram";
import { once } from "node:events";
import { connect } from "node:net";
import { buffer } from "node:stream/consumers";
import { createCalculatorClient, createCalculatorServer, type Language } from "@tallyline/calculator";
import { describe, expect, test } from "vitest";

const host = "127.0.0.1";
const startCalculator = () => createCalculatorServer({ port: 0, tcpPort: 0 });

/** Sends a datagram as it is and waits for what comes back. */
async function askRaw(socket: Socket, port: number, expression: string | Uint8Array): Promise<string> {
  socket.send(expression, port, host);
  const [reply] = (await once(socket, "message")) as [Buffer];
  return reply.toString();
}

const answers: [string, string][] = [
  ["2 + 2", "Result: 4"],
  ["10 / 4", "Result: 2.5"],
  ["4/2", "Result: 2.0"],
  ["2**100", "Result: 1267650600228229401496703205376"],
  ["1/0", "Error: division by zero"],
  ["2 + 2\n", "Result: 4"],
];

describe("the language of the server", () => {
  test.each<[language: Language, expression: string, answer: string]>([
    [{ numbers: "decimal" }, "0.1 + 0.2", "Result: 0.3"],
    [{ numbers: "rational" }, "1/3 + 1/6", "Result: 1/2"],
    [{ dialect: "calc" }, "2^10 - 5!", "Result: 904"],
    [{ dialect: "calc", numbers: "decimal" }, "1.1^2", "Result: 1.21"],
    [{ functions: "math" }, "sqrt(16) + floor(pi)", "Result: 7.0"],
    [{}, "sqrt(16)", "Error: name 'sqrt' is not defined"],
  ])("%j answers %s with %s, over UDP and over TCP", async (language, expression, answer) => {
    await using calculator = await createCalculatorServer({ port: 0, tcpPort: 0, ...language });
    await using client = createCalculatorClient({ port: calculator.udp.port, tcpPort: calculator.tcp.port });
    expect(await client.ask(expression)).toBe(answer);
    const long = `${expression}${" ".repeat(1200)}`; // too long for a datagram
    expect(await client.ask(long)).toBe(answer);
  });

  test("is refused at the start when its functions are not for its numbers", async () => {
    await expect(
      createCalculatorServer({ port: 0, tcpPort: 0, numbers: "decimal", functions: "math" }),
    ).rejects.toThrow(new TypeError("math functions are for python numbers, not for decimal"));
  });
});

describe("a datagram without a header", () => {
  test.each(answers)("%j is answered %j", async (expression, answer) => {
    await using calculator = await startCalculator();
    const socket = createSocket("udp4");
    expect(await askRaw(socket, calculator.udp.port, expression)).toBe(answer);
    socket.close();
  });

  test.each([
    "__import__('os').system('id')",
    "print(1)",
    "().__class__",
    "process.exit()",
    "x",
    "",
    "import os",
    "lambda: 1",
    "9**9**9**9",
    "\0",
  ])("%j is an error and nothing runs", async (expression) => {
    await using calculator = await startCalculator();
    const socket = createSocket("udp4");
    expect(await askRaw(socket, calculator.udp.port, expression)).toMatch(/^Error: ./);
    expect(await askRaw(socket, calculator.udp.port, "1 + 1")).toBe("Result: 2");
    socket.close();
  });

  test("that looks like an answer is not answered, so two servers cannot be set to talk to each other", async () => {
    await using one = await startCalculator();
    await using other = await startCalculator();
    const socket = createSocket("udp4");
    socket.send("Error: x", one.udp.port, host);
    socket.send("Result: 4", one.udp.port, host);
    expect(await askRaw(socket, one.udp.port, "1 + 1")).toBe("Result: 2"); // the first answer to come
    expect(await askRaw(socket, other.udp.port, "Result")).toMatch(/^Error: /);
    socket.close();
  });

  test("that is not UTF-8 is an error", async () => {
    await using calculator = await startCalculator();
    const socket = createSocket("udp4");
    expect(await askRaw(socket, calculator.udp.port, Uint8Array.from([0x31, 0xff]))).toBe(
      "Error: the expression is not UTF-8 text",
    );
    socket.close();
  });
});

test("over TCP a line is an expression, and a cut off one is not computed", async () => {
  await using calculator = await startCalculator();
  const socket = connect({ port: calculator.tcp.port, host, allowHalfOpen: true });
  socket.end("2 + 2\r\n1/0\n2 + ");
  expect((await buffer(socket)).toString()).toBe("Result: 4\nError: division by zero\n");
});

describe("the client", () => {
  test.each(answers.slice(0, -1))("asks %j and gets %j", async (expression, answer) => {
    await using calculator = await startCalculator();
    await using client = createCalculatorClient({ port: calculator.udp.port, tcpPort: calculator.tcp.port });
    expect(await client.ask(expression)).toBe(answer);
  });

  test("asks over TCP when the answer is too long for a datagram, or the question", async () => {
    await using calculator = await startCalculator();
    await using client = createCalculatorClient({ port: calculator.udp.port, tcpPort: calculator.tcp.port });
    expect(await client.ask("10**4000")).toBe(`Result: 1${"0".repeat(4000)}`);
    expect(await client.ask(`${"1+".repeat(1000)}1`)).toBe("Result: 1001");
  });

  test("asks many questions at once and gives each its own answer", async () => {
    await using calculator = await startCalculator();
    await using client = createCalculatorClient({ port: calculator.udp.port, tcpPort: calculator.tcp.port });
    const numbers = Array.from({ length: 50 }, (_, index) => index);
    expect(await Promise.all(numbers.map((number) => client.ask(`${number} + 1`)))).toEqual(
      numbers.map((number) => `Result: ${number + 1}`),
    );
  });

  test("falls back to bare datagrams with a server that reads them as they are", async () => {
    const seen: string[] = [];
    const server = createSocket("udp4");
    server.on("message", (datagram: Buffer, from: RemoteInfo) => {
      seen.push(datagram.toString());
      const reply = datagram.toString() === "2 + 2" ? "Result: 4" : "Error: invalid syntax (<string>, line 1)";
      server.send(reply, from.port, from.address);
    });
    server.bind(0, host);
    await once(server, "listening");
    await using client = createCalculatorClient({ port: server.address().port, tcpPort: 1 });
    expect(await client.ask("2 + 2")).toBe("Result: 4");
    expect(await client.ask("2 +")).toBe("Error: invalid syntax (<string>, line 1)");
    expect(seen.slice(1)).toEqual(["2 + 2", "2 +"]);
    expect(seen[0]).toContain("2 + 2");
    server.close();
  });

  test("rejects by its deadline when nobody answers", async () => {
    const silent = createSocket("udp4").bind(0, host);
    await once(silent, "listening");
    await using client = createCalculatorClient({ port: silent.address().port, tcpPort: 1, deadlineMs: 50 });
    await expect(client.ask("2 + 2")).rejects.toMatchObject({ name: "TransportError" });
    silent.close();
  });
});
