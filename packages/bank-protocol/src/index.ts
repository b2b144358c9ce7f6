export { ClientConversation, type ConversationEvent } from "./client-conversation.ts";
export { plainServerCodec, type Framing } from "./plain-codec.ts";
export { decodePlainReply, encodePlainReply, type PlainReply } from "./plain-reply.ts";
export { decodePlainRequest, type PlainRequest } from "./plain-request.ts";
