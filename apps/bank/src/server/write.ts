import { COMMANDS, type BankReply, type Refusal, type WriteRequest } from "@tallyline/bank-protocol";
import { parseAmount, type Currency, type Request, type Submission } from "@tallyline/ledger";
import { WRITES } from "./commands/table.ts";
import type { CommandContext, Use, WriteCommand } from "./commands/write-command.ts";
import { mayBePaid, mayPay, type Principal } from "./principal.ts";
import { previewOf, replyTo, type Reader } from "./receipts.ts";
import { hiddenName, refuse, replyCodeOf } from "./refusals.ts";
import { mayUse } from "./roles.ts";

/** A write that is ready for the ledger, or answered already. */
export type Prepared = { readonly submission: Submission; readonly reader: Reader } | Refusal;

/**
 * Turns a write into what the ledger is asked for: finds the accounts that it is about, reads amounts in their currency,
 * and sees to it that the session may do it. A promise only where something is not known yet.
 */
export function prepare(request: WriteRequest, context: CommandContext): Prepared | Promise<Prepared> {
  const command = WRITES[request.verb] as WriteCommand<WriteRequest>;
  const uses = command.uses(request, context);
  if (uses instanceof Promise) return uses.then((found) => prepareUses(request, command, found, context));
  return prepareUses(request, command, uses, context);
}

/** Asks the ledger. Called without anything awaited since {@link prepare}, so that requests keep their order. */
export function carryOut(
  request: WriteRequest,
  prepared: Prepared,
  { ledger }: CommandContext,
): BankReply | Promise<BankReply> {
  if ("class" in prepared) return prepared;
  const { submission, reader } = prepared;
  if (request.dryRun === true) return ledger.preview(submission).then((result) => previewOf(result, reader));
  return ledger.submit(submission).then((answer) => replyTo(answer, reader));
}

function prepareUses(
  request: WriteRequest,
  command: WriteCommand<WriteRequest>,
  uses: readonly Use[] | Refusal,
  context: CommandContext,
): Prepared | Promise<Prepared> {
  if ("class" in uses) return uses;
  const { directory } = context;
  const areKnown = uses.every(({ account }) => directory.known(account) !== undefined);
  if (areKnown) return decide(request, command, uses, context);
  return directory.load(uses.map(({ account }) => account)).then(() => decide(request, command, uses, context));
}

function decide(
  request: WriteRequest,
  command: WriteCommand<WriteRequest>,
  uses: readonly Use[],
  context: CommandContext,
): Prepared | Promise<Prepared> {
  const { principal } = context;
  const hasRole = mayUse(COMMANDS[request.verb], principal.role);
  if (hasRole && uses.every((use) => isAllowed(use, context))) return build(request, command, uses, context);
  return decideWithoutRights(request, command, uses, context, hasRole && command.namesAccounts);
}

/**
 * The session has not the rights. An id that has an outcome gets it again all the same: the request is a repetition of
 * one that had, and `NO` to what happened would be a lie. Otherwise the id is used up, because `NO` promises so.
 */
async function decideWithoutRights(
  request: WriteRequest,
  command: WriteCommand<WriteRequest>,
  uses: readonly Use[],
  context: CommandContext,
  canHide: boolean,
): Promise<Prepared> {
  const { ledger, principal } = context;
  const identity = { principal: principal.name, id: request.id };
  if ((await ledger.lookup(identity)) !== undefined) return build(request, command, uses, context);
  if (canHide) {
    const shown = uses.map((use) => (isAllowed(use, context) ? use : { ...use, account: hiddenName(use.account) }));
    return build(request, command, shown, context, uses);
  }
  if (request.dryRun === true) return refuse("FORBIDDEN");
  const fence = await ledger.submit({ verb: "settle", ...identity });
  return refuse(fence.ok || fence.code === "ID_FENCED" ? "FORBIDDEN" : replyCodeOf(fence.code));
}

function isAllowed({ account, as }: Use, { principal, directory }: CommandContext): boolean {
  const facts = directory.known(account);
  if (facts === undefined || as === "is-managed") return true; // the ledger says that there is none; only operators manage
  return as === "pays" ? mayPay(principal, account, facts) : mayBePaid(principal, account, facts);
}

function build(
  request: WriteRequest,
  command: WriteCommand<WriteRequest>,
  uses: readonly Use[],
  context: CommandContext,
  written: readonly Use[] = uses,
): Prepared {
  const { directory, principal } = context;
  const parts: { account: string; amountMinor: bigint }[] = [];
  for (const { account, amount } of uses) {
    const currency = directory.known(account)?.currency ?? fallbackCurrency(uses, context);
    const amountMinor = amount === undefined ? 0n : parseAmount(amount, currency);
    if (amountMinor === undefined) return refuseAmount(amount!, currency);
    parts.push({ account, amountMinor });
  }
  const submission = command.submission(
    request,
    { request: ledgerRequest(request, uses, principal), uses: parts },
    context,
  );
  if ("class" in submission) return submission;
  const currency = fallbackCurrency(uses, context);
  return { submission, reader: { principal, directory, written: written.map(({ account }) => account), currency } };
}

/** Of an account that there is not, amounts are read in the currency of the others. */
function fallbackCurrency(uses: readonly Use[], { directory }: CommandContext): Currency {
  for (const { account } of uses) {
    const facts = directory.known(account);
    if (facts !== undefined) return facts.currency;
  }
  return directory.defaultCurrency;
}

function refuseAmount(amount: string, currency: Currency): Refusal {
  const decimals = amount.split(".")[1]?.length ?? 0;
  return refuse(decimals > currency.exponent ? "AMOUNT_PRECISION" : "AMOUNT_INVALID", { argument: "amount" });
}

function ledgerRequest(
  { id, memo, ref, ifVersion }: WriteRequest,
  uses: readonly Use[],
  { name: principal }: Principal,
): Request {
  if (memo === undefined && ref === undefined && ifVersion === undefined) return { principal, id }; // as most are
  const account = uses[0]?.account;
  return {
    principal,
    id,
    ...(memo !== undefined && { memo }),
    ...(ref !== undefined && { ref }),
    ...(ifVersion !== undefined && account !== undefined && { ifVersion: { account, version: ifVersion } }),
  };
}
