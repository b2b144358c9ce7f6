import { createHmac, randomBytes } from "node:crypto";
import { DatagramClient, DatagramServer } from "@tallyline/request-reply";

const keyedHash = (key: Uint8Array, text: Uint8Array): Uint8Array => createHmac("sha256", key).update(text).digest();
const client = new DatagramClient({ randomBytes });
const server = new DatagramServer({ randomBytes, keyedHash, now: 0 });
const peer = { key: "127.0.0.1:50000", isValidated: true, isPlainIgnored: false };

client.start(new TextEncoder().encode("1 + 1"), { deadlineAt: 5000, isIdempotent: false }, 0);
const first = server.handle(client.pollTransmit(0)!, peer, 1);
if (first.kind === "run") server.complete(first.request, new TextEncoder().encode("2"), 2); // and the reply is lost
const again = server.handle(client.pollTransmit(1500)!, peer, 1501); // not to be run again
if (again.kind === "send") client.handle(again.datagram, 1502);
console.log(client.pollOutcome());
