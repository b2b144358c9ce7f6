import { execFile } from "node:child_process";
import { once } from "node:events";
import { readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { runProgram, startServer, temporaryFolder } from "@tallyline/program/testing";
import { expect, test, vi } from "vitest";

// Starting a program takes seconds where the machine has other things to do, and some of these start four.
vi.setConfig({ testTimeout: 120_000 });

const app = join(import.meta.dirname, "..");
const startCalculator = (args: readonly string[] = [], environment: Readonly<Record<string, string>> = {}) =>
  startServer({
    app,
    program: "calculator-server",
    args: ["--port", "0", "--tcp-port", "0", ...args],
    environment,
    listenerCount: 2,
  });
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
  const [four, negative, error] = await Promise.all(
    ["2 + 2", "-(1 + 2)", "1/0"].map((expression) => client(server.ports, [expression])),
  );
  expect(four).toEqual({ exitCode: 0, stdout: "Result: 4\n", stderr: "" });
  expect(negative).toEqual({ exitCode: 0, stdout: "Result: -3\n", stderr: "" });
  expect(error).toMatchObject({ exitCode: 1, stdout: "Error: division by zero\n" });
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

test.concurrent("the client points on stderr at the place of an error, in the line as it was typed", async () => {
  await using server = await startCalculator();
  const { exitCode, stdout, stderr } = await client(server.ports, [], "20 + 22\n1 + (ans / 0)\n");
  expect({ exitCode, stdout }).toEqual({ exitCode: 1, stdout: "Result: 42\nError: division by zero\n" });
  expect(stderr).toBe("  |\n1 | 1 + (ans / 0)\n  |      ^^^^^^^\n");
});

test.concurrent("ans is the last result, also one that came over TCP", async () => {
  await using server = await startCalculator();
  const { stdout } = await client(server.ports, [], "2 ** 9000\nans % 1000007\nans * 2\n");
  expect(stdout.split("\n").slice(1)).toEqual([
    `Result: ${2n ** 9000n % 1000007n}`,
    `Result: ${2n * (2n ** 9000n % 1000007n)}`,
    "",
  ]);
});

test.concurrent("the language is a flag of the server, or a variable", async () => {
  await using calc = await startCalculator(["--dialect", "calc", "--numbers", "decimal"]);
  expect(await client(calc.ports, ["1.1^2"])).toMatchObject({ exitCode: 0, stdout: "Result: 1.21\n" });
  await using math = await startCalculator([], { CALCULATOR_SERVER_FUNCTIONS: "math" });
  expect(await client(math.ports, ["sqrt(16)"])).toMatchObject({ exitCode: 0, stdout: "Result: 4.0\n" });
});

test.concurrent.each([
  ["calculator-server", ["--numbers", "complex"], "--numbers"],
  ["calculator-server", ["--numbers", "decimal", "--functions", "math"], "--functions"],
  ["calculator-client", ["--dialect", "basic", "1"], "--dialect"],
])("%s with %j makes no sense: exit code 2", async (program, args, flag) => {
  const ended = await runProgram({ app, program, args });
  expect(ended).toMatchObject({ exitCode: 2, stdout: "" });
  expect(ended.stderr).toContain(flag);
});

test.runIf(process.platform === "linux")("a terminal's lines are there again in the next session", async () => {
  await using server = await startCalculator();
  using folder = temporaryFolder();
  const history = join(folder.path, "state", "history");
  expect(await atTerminal(server.ports, history, "6 * 7\nans + 1\n")).toContain("Result: 43");
  expect(statSync(history).mode & 0o777).toBe(0o600);
  const arrowUp = "\u001b[A";
  expect(await atTerminal(server.ports, history, `${arrowUp}${arrowUp}\n`)).toContain("Result: 42");
  expect(readFileSync(history, "utf8")).toBe("6 * 7\nans + 1\n6 * 7\n");
});

/** What a terminal shows of a session in which a person types this, and then Ctrl-D. */
async function atTerminal([udp, tcp]: readonly number[], history: string, typed: string): Promise<string> {
  const command = `"${process.execPath}" dist/calculator-client.cjs --port ${udp} --tcp-port ${tcp} --history "${history}"`;
  const terminal = execFile("script", ["-qec", command, "/dev/null"], { cwd: app });
  let shown = "";
  terminal.stdout!.on("data", (part: string) => {
    if (shown === "") terminal.stdin!.write(`${typed}\u0004`); // all at once, at the first prompt
    shown += part;
  });
  await once(terminal, "exit");
  return shown;
}
