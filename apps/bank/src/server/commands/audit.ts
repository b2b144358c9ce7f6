import type { AuditRequest } from "@tallyline/bank-protocol";
import type { ReadCommand } from "./read-command.ts";

/** The books are not what their history makes them. Nothing that this bank says about money can be relied on. */
class BooksCorruptError extends Error {
  override readonly name = "BooksCorruptError";
}

/** `audit head`, `audit verify` */
export const audit: ReadCommand<AuditRequest> = async ({ what }, { ledger }) => {
  if (what === "head") return { class: "OK", code: "AUDIT", ...headOf(await ledger.head()) };
  const verification = await ledger.verify();
  if (!verification.ok) throw new BooksCorruptError(`the books are wrong at ${verification.seq}: ${verification.what}`);
  return { class: "OK", code: "AUDIT", ...headOf(verification), verified: true };
};

function headOf({ seq, head }: { readonly seq: number; readonly head: string }): { seq: number; head?: string } {
  return head === "" ? { seq } : { seq, head };
}
