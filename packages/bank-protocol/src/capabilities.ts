import { MAX_LIST_LENGTH, MAX_MEMO_LENGTH, MAX_REF_LENGTH } from "./argument.ts";
import { MAX_LINE_BYTES } from "./plain-codec.ts";

/** Something a server can do, or a bound that it has. */
export interface Capability {
  readonly name: string;
  readonly value?: string;
}

/** What bank/1 of this package brings with it; a server adds what is its own, such as how to authenticate. */
export const PROTOCOL_CAPABILITIES: readonly Capability[] = [
  { name: "line-bytes", value: `${MAX_LINE_BYTES}` },
  { name: "list-length", value: `${MAX_LIST_LENGTH}` },
  { name: "memo-characters", value: `${MAX_MEMO_LENGTH}` },
  { name: "ref-characters", value: `${MAX_REF_LENGTH}` },
  { name: "legs", value: "64" },
  { name: "tags" },
  { name: "pipelining" },
  { name: "ids" },
  { name: "settle" },
  { name: "if-version" },
  { name: "dry-run" },
  { name: "holds" },
];
