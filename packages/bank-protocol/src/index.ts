export {
  MAX_LIST_LENGTH,
  MAX_MEMO_LENGTH,
  MAX_REF_LENGTH,
  type Argument,
  type WireLeg,
  type WireSide,
} from "./argument.ts";
export { BankConversation, type BankConversationEvent } from "./bank-conversation.ts";
export { PROTOCOL_CAPABILITIES, type Capability } from "./capabilities.ts";
export { ClientConversation, type ConversationEvent } from "./client-conversation.ts";
export { CODES, codeFacts, type CodeFacts, type ReplyClass, type ReplyCode } from "./codes.ts";
export { COMMANDS, type Command, type Placed } from "./commands.ts";
export { MAX_LINE_BYTES, plainServerCodec, type Framing } from "./plain-codec.ts";
export { decodePlainReply, encodePlainReply, type PlainReply } from "./plain-reply.ts";
export { decodePlainRequest, type PlainRequest } from "./plain-request.ts";
export {
  type AccountsReply,
  type AuditReply,
  type AuthenticatedReply,
  type BalanceReply,
  type BankReply,
  type ByeReply,
  type CapabilitiesReply,
  type ContinueReply,
  type DeclinedReply,
  type DoneReply,
  type ExecutedReply,
  type FencedReply,
  type HelloReply,
  type HelpReply,
  type HoldsReply,
  type OkReply,
  type PongReply,
  type Receipt,
  type Refusal,
  type RefusalFacts,
  type StatementReply,
  type UnseenReply,
  type WireAccount,
  type WireBalance,
  type WireEntry,
  type WireHold,
  type WouldDeclineReply,
  type WouldDoReply,
} from "./reply.ts";
export { formatReply, ReplyLines, type TaggedReply } from "./reply-grammar.ts";
export {
  type AccountsRequest,
  type AuditRequest,
  type AuthRequest,
  type BalanceRequest,
  type BankRequest,
  type CaptureRequest,
  type CashRequest,
  type HelloRequest,
  type HoldRequest,
  type HoldsRequest,
  type JournalRequest,
  type LimitRequest,
  type OpenRequest,
  type OutcomeRequest,
  type PlainWordRequest,
  type ReleaseRequest,
  type RequestOf,
  type ReverseRequest,
  type StatementRequest,
  type StatusRequest,
  type TransferRequest,
  type Verb,
  type WireAccountKind,
  type Write,
  type WriteRequest,
} from "./request.ts";
export { formatRequest, parseRequest, usageOf, type ParsedRequest, type RequestProblem } from "./request-grammar.ts";
export {
  fromBase64,
  readScramHello,
  SCRAM_MAX_ITERATIONS,
  SCRAM_MIN_ITERATIONS,
  scramCredentials,
  ScramClient,
  ScramServer,
  toBase64,
  type PasswordHash,
  type ScramCredentials,
  type ScramCrypto,
  type ScramHello,
} from "./scram.ts";
export { bankServerCodec, type BankAnswer, type BankMessage } from "./server-codec.ts";
