export { createRandom, type Random } from "./random.ts";
export { byteByByte, coalesced, cutAt, randomPieces, splitsOf, type Split, type SplitOptions } from "./splits.ts";
export { createVirtualClock, type After, type RunLimits, type VirtualClock } from "./virtual-clock.ts";
export { StreamResetError, type ByteStream } from "./byte-stream.ts";
export { type DatagramCounts, type DatagramFaults } from "./datagram-faults.ts";
export {
  createDatagramNetwork,
  type Datagram,
  type DatagramEvent,
  type DatagramNetwork,
  type DatagramNetworkOptions,
  type VirtualSocket,
} from "./datagram-network.ts";
export { type StreamCounts, type StreamFaults } from "./stream-faults.ts";
export { createStreamPair, type StreamPair, type StreamPairFaults, type StreamPairOptions } from "./stream-pair.ts";
export {
  parseTranscript,
  replayTranscript,
  replayTranscriptOverStream,
  TranscriptError,
  type Ask,
  type TranscriptStep,
  type TranscriptStreamOptions,
} from "./transcript.ts";
export { ConformanceError, type ConformanceCase } from "./conformance-case.ts";
export {
  codecConformance,
  type CodecConformanceOptions,
  type CodecEvent,
  type ConformingCodec,
  type ConformingDecoder,
} from "./codec-conformance.ts";
export {
  streamServerConformance,
  type ServedStreams,
  type StreamExchange,
  type StreamServerConformanceOptions,
} from "./stream-server-conformance.ts";
export {
  streamClientConformance,
  type CallingClient,
  type ClientExchange,
  type StreamClientConformanceOptions,
} from "./stream-client-conformance.ts";
export {
  datagramServerConformance,
  type DatagramCall,
  type DatagramPeer,
  type DatagramServerConformanceOptions,
  type ServedDatagrams,
} from "./datagram-server-conformance.ts";
