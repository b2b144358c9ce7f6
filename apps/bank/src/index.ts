export { createBankClient, type BankClient, type BankClientOptions } from "./client.ts";
export { BankClientError } from "./dialogue.ts";
export { type Principal, type Right, type Role } from "./principal.ts";
export { createBankServer, type BankServerEvent, type BankServerOptions } from "./server.ts";
export { Users, type User } from "./users.ts";
