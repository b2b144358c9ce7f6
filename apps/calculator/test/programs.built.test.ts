import { join } from "node:path";
import { runProgram, startServer } from "@tallyline/program/testing";
import { expect, test } from "vitest";

const app = join(import.meta.dirname, "..");
const startCalculator = () =>
  startServer({ app, program: "calculator-server", args: ["--port", "0", "--tcp-port", "0"], listenerCount: 2 });
const client = ([udp, tcp]: readonly number[], args: readonly string[], input?: string) =>
  runProgram({
    app,
    program: "calculator-client",
    args: ["--port", String(udp), "--tcp-port", String(tcp), ...args],
    ...(input !== undefined && { input }),
  });

test.concurrent("the server names its UDP listener first, then TCP, and ends with exit code 0", async () => {
  await using server = await startCalculator();
  expect(server.urls).toEqual([`udp://127.0.0.1:${server.ports[0]}`, `tcp://127.0.0.1:${server.ports[1]}`]);
  expect(await server.stop("SIGTERM")).toMatchObject({ exitCode: 0 });
});

test.concurrent("the client asks once, with a leading minus too, and its exit code tells a result from an error", async () => {
  await using server = await startCalculator();
  expect(await client(server.ports, ["2 + 2"])).toEqual({ exitCode: 0, stdout: "Result: 4\n", stderr: "" });
  expect(await client(server.ports, ["-(1 + 2)"])).toEqual({ exitCode: 0, stdout: "Result: -3\n", stderr: "" });
  expect(await client(server.ports, ["1/0"])).toEqual({ exitCode: 1, stdout: "Error: division by zero\n", stderr: "" });
});

test.concurrent("the client reads a pipe line by line and ends with the worst exit code", async () => {
  await using server = await startCalculator();
  const { exitCode, stdout } = await client(server.ports, [], "2 + 2\n1/0\n10**5000\n");
  expect(stdout).toBe(`Result: 4\nError: division by zero\n${stdout.split("\n")[2]}\n`);
  expect(exitCode).toBe(1);
});

test.concurrent("a taken port is one line that names the flag of that port", async () => {
  await using server = await startCalculator();
  const [udp, tcp] = server.ports.map(String) as [string, string];
  const second = (args: readonly string[]) => runProgram({ app, program: "calculator-server", args });
  const takenUdp = await second(["--port", udp, "--tcp-port", "0"]);
  expect(takenUdp).toMatchObject({ exitCode: 1, stdout: "" });
  expect(takenUdp.stderr).toMatch(new RegExp(`^calculator-server: .*${udp}.*--port or CALCULATOR_SERVER_PORT\n$`));
  const takenTcp = await second(["--port", "0", "--tcp-port", tcp]);
  expect(takenTcp.stderr).toMatch(
    new RegExp(`^calculator-server: .*${tcp}.*--tcp-port or CALCULATOR_SERVER_TCP_PORT\n$`),
  );
});

test.concurrent("a host that is none is one line, and exit code 3", async () => {
  const ended = await runProgram({
    app,
    program: "calculator-client",
    args: ["--host", "not a host", "1 + 1"],
  });
  expect(ended).toMatchObject({ exitCode: 3, stdout: "" });
  expect(ended.stderr).toMatch(/^calculator-client: .+\n$/);
});

test.concurrent("a server that cannot start ends, whatever half of it has started", async () => {
  const ended = await runProgram({
    app,
    program: "calculator-server",
    args: ["--host", "not a host", "--port", "0"],
  });
  expect(ended).toMatchObject({ exitCode: 1, stdout: "" });
});
