export { createBankClient, type BankClient, type BankClientOptions } from "./client.ts";
export { BankClientError } from "./dialogue.ts";
export { createBankServer, type BankServerOptions } from "./server.ts";
