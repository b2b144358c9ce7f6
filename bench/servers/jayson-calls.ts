// JSON-RPC over TCP, as jayson's README sets it up.
import type { AddressInfo } from "node:net";
import { importPeer } from "../engine/peer-packages.ts";

const { default: jayson } = await importPeer("jayson");
const methods = { ping: (_: unknown, reply: (error: null, result: string) => void) => reply(null, "PONG") };
const server = new jayson.Server(methods).tcp();
server.listen(0, "127.0.0.1", () => console.log(`listening on ${(server.address() as AddressInfo).port}`));
