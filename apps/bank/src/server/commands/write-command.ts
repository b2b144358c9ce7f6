import type { Refusal, WriteRequest } from "@tallyline/bank-protocol";
import type { Ledger, Request, Submission } from "@tallyline/ledger";
import type { AccountDirectory } from "../account-directory.ts";
import type { Principal } from "../principal.ts";

/** What a command is carried out with. */
export interface CommandContext {
  readonly ledger: Ledger;
  readonly directory: AccountDirectory;
  readonly principal: Principal;
}

/** An account that a write is about, and what is done to it. */
export interface Use {
  readonly account: string;
  /** `pays`: money may leave it; `is-paid`: money comes in; `is-managed`: neither. */
  readonly as: "pays" | "is-paid" | "is-managed";
  /** An amount in the account's currency, as it was written. */
  readonly amount?: string;
}

/** What a submission is made of, with amounts in minor units and accounts as the session may name them. */
interface Parts {
  /** Who asks, under which id, and what else every write carries. */
  readonly request: Request;
  /** In the order of {@link WriteCommand.uses}; an amount is 0 where none was written. */
  readonly uses: readonly { readonly account: string; readonly amountMinor: bigint }[];
}

/** One write of bank/1: what it is about, and what the ledger is asked for. */
export interface WriteCommand<R extends WriteRequest> {
  /**
   * The accounts that it is about, the one that `if_version=` means first; undefined when it cannot be found out, because
   * it names a hold or an entry that there is not. A promise only where something has to be looked up for it.
   */
  readonly uses: (request: R, context: CommandContext) => readonly Use[] | Refusal | Promise<readonly Use[] | Refusal>;
  /**
   * Whether the request names these accounts. If it does, one that the session may not use is as unknown as one that
   * there is not; if not, the session knows them, and is told that it may not.
   */
  readonly namesAccounts: boolean;
  readonly submission: (request: R, parts: Parts, context: CommandContext) => Submission | Refusal;
}
