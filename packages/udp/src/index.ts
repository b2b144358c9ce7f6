export type { UdpClientLimits, UdpClientOptions, UdpClientTimeouts, UdpRequestOptions } from "./client-options.ts";
export { ListenError, TransportError, type TransportErrorCode } from "./errors.ts";
export type { UdpPeer } from "./peer.ts";
export type { UdpRequestContext, UdpServerLimits, UdpServerOptions, UdpServerTimeouts } from "./server-options.ts";
export { createUdpClient, type UdpClient, type UdpClientStats, type UdpReply } from "./udp-client.ts";
export { createUdpServer, type UdpServer, type UdpServerStats } from "./udp-server.ts";
