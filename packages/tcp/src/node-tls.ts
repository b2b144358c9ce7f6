import type * as Tls from "node:tls";

/**
 * `node:tls`, loaded with the first TLS server or connection. It brings `node:crypto` along, which nobody should wait for
 * who speaks plain TCP.
 */
export function nodeTls(): typeof Tls {
  return process.getBuiltinModule("node:tls");
}
