export { ListenError, TransportError, type TransportErrorCode } from "./errors.ts";
export type { UdpPeer } from "./peer.ts";
export {
  createUdpClient,
  type UdpClient,
  type UdpClientLimits,
  type UdpClientOptions,
  type UdpClientStats,
  type UdpClientTimeouts,
  type UdpReply,
  type UdpRequestOptions,
} from "./udp-client.ts";
export {
  createUdpServer,
  type UdpRequestContext,
  type UdpServer,
  type UdpServerLimits,
  type UdpServerOptions,
  type UdpServerStats,
  type UdpServerTimeouts,
} from "./udp-server.ts";
