// A calculator over CoAP (RFC 7252): node-coap's server, with our calculator's arithmetic behind it, so that what is compared is the call.
import { calculate } from "@tallyline/expression";
import { importPeer } from "../engine/peer-packages.ts";

interface CoapRequest {
  readonly payload: Buffer;
}
interface CoapResponse {
  end(payload: string): void;
}

const coap = await importPeer("coap");
const server = (coap.default ?? coap).createServer((request: CoapRequest, response: CoapResponse) => {
  const outcome = calculate(request.payload.toString());
  response.end(outcome.ok ? `Result: ${outcome.text}` : `Error: ${outcome.error.message}`);
});
server.listen(0, "127.0.0.1", () => console.log(`listening on ${server._port ?? server._sock.address().port}`));
