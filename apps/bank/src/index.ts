export { BankClientError } from "./client-error.ts";
export { createPlainClient, type PlainClient, type PlainClientOptions } from "./plain-client.ts";
export { type Principal, type Right, type Role } from "./principal.ts";
export { createBankServer, type BankServerEvent, type BankServerOptions } from "./server.ts";
export { Users, type User } from "./users.ts";
