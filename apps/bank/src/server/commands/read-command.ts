import type { BankReply, BankRequest } from "@tallyline/bank-protocol";
import type { CommandContext } from "./write-command.ts";

/**
 * One question of bank/1. It calls the ledger before it awaits anything, so that answers belong to the place of their
 * requests in the order.
 */
export type ReadCommand<R extends BankRequest> = (request: R, context: CommandContext) => Promise<BankReply>;
