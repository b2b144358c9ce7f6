export { BankClientError } from "./client/client-error.ts";
export { createPlainClient, type PlainClient, type PlainClientOptions } from "./client/plain-client.ts";
export { type Principal, type Right, type Role } from "./server/principal.ts";
export { createBankServer, type BankServerEvent, type BankServerOptions } from "./server/server.ts";
export { Users, type User } from "./server/users.ts";
