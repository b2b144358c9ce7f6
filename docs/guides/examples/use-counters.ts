import { lines } from "@tallyline/framing";
import { createTcpClient } from "@tallyline/tcp";
import { serveCounters } from "./counters.ts";

await using server = await serveCounters(0); // any free port
await using client = createTcpClient<string, string>({ codec: lines(), host: "127.0.0.1", port: server.port });

const questions = ["add apples 3", "add pears 1", "add apples 2", "get apples", "mine", "add apples many"];
const answers = await Promise.all(questions.map((question) => client.request(question))); // all at once, in order
for (const answer of answers) console.log(answer);
