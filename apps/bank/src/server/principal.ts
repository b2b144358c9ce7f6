import type { AccountFacts } from "./account-directory.ts";

/** What a user may do in general. */
export type Role = "customer" | "operator" | "auditor";

/** What a user was given on an account of somebody else: to read it, or also to move money out of it. */
export type Right = "view" | "pay";

/** Who a session acts for. Its name is what ids are filed under. */
export interface Principal {
  readonly name: string;
  readonly role: Role;
  /** The session's own account, which commands without one are about. */
  readonly account: string | undefined;
  /** What it was given besides what it owns. */
  readonly rights: ReadonlyMap<string, Right>;
}

/** Whoever is at this machine, as long as there are no users. */
export function localPrincipal(account: string): Principal {
  return { name: "local", role: "operator", account, rights: new Map() };
}

/** Whether it may read an account: its balance, its entries, its holds. */
export function maySee(principal: Principal, account: string, facts: AccountFacts | undefined): boolean {
  if (principal.role !== "customer") return true;
  return isCustomers(account, facts) && (facts?.owner === principal.name || principal.rights.has(account));
}

/** Whether it may move money out of an account. */
export function mayPay(principal: Principal, account: string, facts: AccountFacts | undefined): boolean {
  if (principal.role !== "customer") return principal.role === "operator";
  const isGiven = facts?.owner === principal.name || principal.rights.get(account) === "pay";
  return isCustomers(account, facts) && isGiven;
}

/**
 * Whether a customer may move money into an account. Only what the bank owes its customers grows by a credit: into an
 * account of another kind a payment would be taken out, or made of nothing.
 */
export function mayBePaid(principal: Principal, account: string, facts: AccountFacts | undefined): boolean {
  return principal.role === "operator" || (principal.role === "customer" && isCustomers(account, facts));
}

function isCustomers(account: string, facts: AccountFacts | undefined): boolean {
  return !account.startsWith("@") && facts?.kind === "liability";
}
