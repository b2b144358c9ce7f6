export {
  DatagramClient,
  type DatagramClientOptions,
  type DatagramFailureCode,
  type DatagramOutcome,
  type Delivery,
} from "./datagram-client.ts";
export type { KeyedHash, RandomBytes } from "./datagram-cookies.ts";
export {
  type Datagram,
  decodeDatagram,
  encodeReply,
  encodeRequest,
  type RefusalReason,
  type ReplyHeader,
  type RequestHeader,
} from "./datagram-header.ts";
export {
  DatagramServer,
  type DatagramPeer,
  type DatagramServerOptions,
  type DatagramServerStep,
  type DropReason,
  type RunningRequest,
} from "./datagram-server.ts";
export { StreamCalls, type StreamCall, type StreamCallFailure, type StreamCallId } from "./stream-calls.ts";
export { type StreamCallInput, type StreamCallsOptions, type StreamReceipt } from "./stream-calls.ts";
export { StreamReplies, type StreamTurn, type StreamTurnOutcome } from "./stream-replies.ts";
export { TurnQueue } from "./turn-queue.ts";
