import type { RequestOf, Verb, WriteRequest } from "@tallyline/bank-protocol";
import { accounts } from "./accounts.ts";
import { audit } from "./audit.ts";
import { balance } from "./balance.ts";
import { capture } from "./capture.ts";
import { cash } from "./cash.ts";
import { hold } from "./hold.ts";
import { holds } from "./holds.ts";
import { journal } from "./journal.ts";
import { limit } from "./limit.ts";
import { open } from "./open.ts";
import { outcome } from "./outcome.ts";
import type { ReadCommand } from "./read-command.ts";
import { release } from "./release.ts";
import { reverse } from "./reverse.ts";
import { statement } from "./statement.ts";
import { status } from "./status.ts";
import { transfer } from "./transfer.ts";
import type { WriteCommand } from "./write-command.ts";

type WriteVerb = WriteRequest["verb"];
/** What a session answers by itself: who it talks to, and that it is there. */
type SessionVerb = "hello" | "capabilities" | "auth" | "ping" | "help" | "quit";
type ReadVerb = Exclude<Verb, WriteVerb | SessionVerb>;

/** What changes the books. */
export const WRITES: { readonly [V in WriteVerb]: WriteCommand<RequestOf<V> & WriteRequest> } = {
  deposit: cash,
  withdraw: cash,
  transfer,
  journal,
  hold,
  capture,
  release,
  reverse,
  open,
  close: status,
  freeze: status,
  unfreeze: status,
  limit,
};

/** What reads them. */
export const READS: { readonly [V in ReadVerb]: ReadCommand<RequestOf<V>> } = {
  balance,
  statement,
  holds,
  accounts,
  audit,
  lookup: outcome,
  settle: outcome,
};
