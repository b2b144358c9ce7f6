import { lines } from "@tallyline/framing";

const decoder = lines({ maxLineBytes: 20 }).decoder();
const pieces = ["deposit 42 10", "00\r\nthis line is far too long for the limit\nbalance 42\nwithdraw 42 1"];

for (const piece of pieces) decoder.push(new TextEncoder().encode(piece));
decoder.end();
for (let event = decoder.next(); event !== undefined; event = decoder.next()) {
  console.log(event.kind === "message" ? `line: ${event.message}` : `${event.kind}: ${event.error.message}`);
}
