export { EncodeError, type Codec, type DecodeEvent, type Decoder } from "./codec.ts";
export { type EncodeErrorCode, type FrameError, type FrameErrorCode } from "./codec.ts";
export { chunks, type ChunkOptions } from "./chunks.ts";
export { lengthPrefixed, type LengthPrefixOptions } from "./length-prefixed.ts";
export { lines, type LineOptions } from "./lines.ts";
export { map, type Mapping } from "./map.ts";
