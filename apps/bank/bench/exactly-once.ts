// Exactly once, for as long as one likes: `node --conditions=@tallyline/source bench/exactly-once.ts [transfers] [kills] [seed]`,
// in the app's folder, after a build. 16 clients, each through a proxy of its own whose connections are cut, ended, delayed,
// split and swallowed; requests sent again by somebody in between; the server killed and restarted on its books. Then the
// books are compared with what the clients were told, id by id. Exit code 1 when anything differs.
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { startServer } from "@tallyline/program/testing";
import { exactlyOnce } from "../test/exactly-once.ts";

const [transfers = 100_000, kills = 20, seed = 1] = process.argv.slice(2).map(Number);
const app = join(import.meta.dirname, "..");
const folder = mkdtempSync(join(tmpdir(), "tallyline-exactly-once-"));
const args = ["--port", "0", "--log-level", "error"];
const startMs = performance.now();
const report = await exactlyOnce({
  start: async () => {
    const server = await startServer({ app, program: "bank-server", args, folder });
    return { port: server.ports[0]!, kill: async () => void (await server.stop("SIGKILL")) };
  },
  transfers,
  kills,
  seed,
  onProgress: (done) => process.stderr.write(`\r${done} of ${transfers}`),
});
process.stderr.write("\n");
const { violations, ...counts } = report;
const seconds = Math.round((performance.now() - startMs) / 1000);
process.stdout.write(`${JSON.stringify({ seed, transfers, seconds, ...counts, violations: violations.length })}\n`);
for (const violation of violations.slice(0, 20)) process.stdout.write(`${violation}\n`);
if (violations.length === 0) rmSync(folder, { recursive: true });
else process.stdout.write(`the books are in ${folder}\n`);
process.exit(violations.length === 0 ? 0 : 1); // a proxy's half-open sockets may outlive what they were for
