export { ClientConversation, type ConversationEvent } from "./client-conversation.ts";
export { MAX_LINE_BYTES, plainServerCodec, textOfChunk, type Framing } from "./plain-codec.ts";
export { decodePlainReply, encodePlainReply, type PlainReply } from "./plain-reply.ts";
export { decodePlainRequest, type PlainRequest } from "./plain-request.ts";
