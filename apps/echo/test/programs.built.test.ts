import { join } from "node:path";
import { runProgram, startServer } from "@tallyline/program/testing";
import { expect, test } from "vitest";

const app = join(import.meta.dirname, "..");
const startEcho = () => startServer({ app, program: "echo-server", args: ["--port", "0"], listenerCount: 2 });
const client = (args: readonly string[]) => runProgram({ app, program: "echo-client", args });

test.concurrent("the server names its TCP listener first, then UDP on the same port, and ends with exit code 0", async () => {
  await using server = await startEcho();
  const [port] = server.ports;
  expect(server.urls).toEqual([`tcp://127.0.0.1:${port}`, `udp://127.0.0.1:${port}`]);
  expect(await server.stop("SIGTERM")).toMatchObject({ exitCode: 0 });
});

test.concurrent("the client prints what comes back, over TCP and UDP", async () => {
  await using server = await startEcho();
  const port = String(server.ports[0]);
  expect(await client(["--port", port])).toEqual({ exitCode: 0, stdout: "Hello, Server!\n", stderr: "" });
  expect(await client(["--port", port, "--udp", "one datagram"])).toEqual({
    exitCode: 0,
    stdout: "one datagram\n",
    stderr: "",
  });
});

test.concurrent("a client whom nobody answers ends with exit code 3 and says why", async () => {
  const server = await startEcho();
  await server.stop("SIGTERM");
  const unanswered = await client(["--port", String(server.ports[0])]);
  expect(unanswered).toMatchObject({ exitCode: 3, stdout: "" });
  expect(unanswered.stderr).toMatch(/^echo-client: .+\n$/);
});

test.concurrent("a taken port is one line that names it and the flag to change it", async () => {
  await using server = await startEcho();
  const port = String(server.ports[0]);
  const second = await runProgram({ app, program: "echo-server", args: ["--port", port] });
  expect(second).toMatchObject({ exitCode: 1, stdout: "" });
  expect(second.stderr).toMatch(new RegExp(`^echo-server: .*${port}.*--port or ECHO_SERVER_PORT\n$`));
});
