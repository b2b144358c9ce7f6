import { once } from "node:events";
import { createServer, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { ListenError } from "@tallyline/tcp";

/** Where probes ask how a server is. */
export interface HealthServer {
  /** Such as `http://127.0.0.1:8080`. */
  readonly url: string;
  /** From now on it is not ready, because it stops. */
  drain(): Promise<object>;
  close(): Promise<void>;
}

/** What a health server listens on, and tells. */
export interface HealthOptions {
  readonly host: string;
  /** 0 for a free one. */
  readonly port: number;
  /** Whether requests can be served now. */
  readonly isReady: () => boolean;
}

const MAX_CONNECTIONS = 64;
const MAX_HEADER_BYTES = 4096;
const REQUEST_TIMEOUT_MS = 5000;

/**
 * Answers probes of load balancers and orchestrators over HTTP: `GET /livez` with 200 as long as the process runs, `GET /readyz`
 * with 200 while requests can be served and with 503 while they cannot, because the store is away or the server stops.
 * @throws ListenError when the address cannot be listened on.
 */
export async function startHealthServer({ host, port, isReady }: HealthOptions): Promise<HealthServer> {
  let isDraining = false;
  const limits = { maxHeaderSize: MAX_HEADER_BYTES, requestTimeout: REQUEST_TIMEOUT_MS };
  const server = createServer({ ...limits, headersTimeout: REQUEST_TIMEOUT_MS }, ({ method, url }, response) => {
    if (method !== "GET" && method !== "HEAD")
      return answer(response.setHeader("Allow", "GET, HEAD"), 405, "GET or HEAD");
    if (url === "/livez") return answer(response, 200, "alive");
    if (url !== "/readyz") return answer(response, 404, "/livez or /readyz");
    if (isDraining) return answer(response, 503, "stopping");
    return isReady() ? answer(response, 200, "ready") : answer(response, 503, "the store is away");
  });
  server.maxConnections = MAX_CONNECTIONS;
  const shownHost = host.includes(":") ? `[${host}]` : host;
  try {
    await once(server.listen(port, host), "listening");
  } catch (error) {
    throw new ListenError(`http://${shownHost}:${port}`, error);
  }
  return {
    url: `http://${shownHost}:${(server.address() as AddressInfo).port}`,
    drain: () => {
      isDraining = true;
      return Promise.resolve({});
    },
    close: async () => {
      const closed = once(server, "close");
      server.close();
      server.closeAllConnections();
      await closed;
    },
  };
}

/** Probes come seconds apart: a connection each. */
function answer(response: ServerResponse, status: number, text: string): void {
  response.writeHead(status, { "Content-Type": "text/plain", "Cache-Control": "no-store", Connection: "close" });
  response.end(`${text}\n`);
}
