export {
  createTcpFaultProxy,
  type TcpFaultProxy,
  type TcpFaultProxyOptions,
  type TcpFaults,
  type TcpProxyCounts,
  type TcpTarget,
} from "./tcp-fault-proxy.ts";
export {
  createUdpFaultProxy,
  type UdpFaultProxy,
  type UdpFaultProxyOptions,
  type UdpFaults,
  type UdpProxyCounts,
} from "./udp-fault-proxy.ts";
export { connectStream, listenForStreams, realTime, type StreamListener } from "./node-streams.ts";
export { openDatagramPeer } from "./node-datagrams.ts";
