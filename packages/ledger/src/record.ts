import type { Account, AccountKind } from "./account.ts";
import type { ByteReader } from "./byte-reader.ts";
import type { ByteWriter } from "./byte-writer.ts";
import type { Command, Leg } from "./command.ts";
import type { Recorded } from "./books-view.ts";
import { commandOf, writeContent } from "./content.ts";
import type { Done, Hold, RefusalCode, Refused, Result } from "./result.ts";

/** What an account is, and never changes. */
export interface AccountIdentity {
  readonly account: string;
  readonly currency: string;
  readonly kind: AccountKind;
}

/** What of an account changes. */
export type AccountState = Omit<Account, keyof AccountIdentity>;

/** An account as a command left it. */
export interface AccountImage {
  readonly number: number;
  readonly state: AccountState;
  /** The position of its latest entry; 0 for none. */
  readonly latest: number;
}

/** One command of the journal, with what it came to: enough to answer it again, and to redo what it did to the accounts. */
export interface JournalRecord {
  readonly seq: number;
  readonly atMs: number;
  readonly command: Command;
  readonly result: Result;
  readonly images: readonly AccountImage[];
}

/** A record as it is read: the content that it was compared by is in it. */
export interface ReadRecord extends JournalRecord, Recorded {}

const REFUSED = 0;
const DONE = 1;
const STATUSES = ["open", "frozen", "closed"] as const;
const NO_LEAST = 4;
const NO_GREATEST = 8;
const LEAST_IS_NEGATIVE = 16;
const GREATEST_IS_NEGATIVE = 32;

/** Writes a record; docs/ledger-format.md has the picture. @throws RangeError for one of 64 KiB, which no valid command is. */
export function writeRecord(writer: ByteWriter, record: JournalRecord, numberOf: (name: string) => number): void {
  const { command, result, images, atMs } = record;
  const start = writer.length;
  writer.skip(2);
  writer.number(atMs);
  writer.text(command.principal);
  writer.text(command.id);
  writeContent(writer, command);
  writer.byte(result.ok ? DONE : REFUSED);
  if (result.ok) writeDone(writer, command, result, images, numberOf);
  else writer.text(JSON.stringify([result.code, result.account ?? null, result.availableMinor?.toString() ?? null]));

  const length = writer.length - start - 2;
  if (length > 0xffff) throw new RangeError(`record ${record.seq} is ${length} bytes, the limit is 65535`);
  writer.fill16(start, length);
}

function writeDone(
  writer: ByteWriter,
  command: Command,
  { legs, hold, reversedSeq = 0 }: Done,
  images: readonly AccountImage[],
  numberOf: (name: string) => number,
): void {
  writer.number(images.length);
  for (const image of images) writeImage(writer, image);
  writer.number(reversedSeq);
  writer.text(hold === undefined ? "" : textOfHold(hold));
  // What a post posts is in its content.
  const own = command.verb === "post" ? [] : legs;
  writer.number(own.length);
  for (const { account, side, amountMinor } of own) {
    writer.number(numberOf(account));
    writer.byte(side === "debit" ? 0 : 1);
    writer.bigint(amountMinor);
  }
}

function writeImage(writer: ByteWriter, { number, state, latest }: AccountImage): void {
  const { minBalanceMinor: least, maxBalanceMinor: greatest } = state;
  writer.number(number);
  writer.byte(
    STATUSES.indexOf(state.status) |
      (least === null ? NO_LEAST : least < 0n ? LEAST_IS_NEGATIVE : 0) |
      (greatest === null ? NO_GREATEST : greatest < 0n ? GREATEST_IS_NEGATIVE : 0),
  );
  writer.bigint(state.debitsMinor);
  writer.bigint(state.creditsMinor);
  writer.bigint(state.heldDebitsMinor);
  writer.bigint(state.heldCreditsMinor);
  writer.number(state.version);
  writer.number(latest);
  if (least !== null) writer.bigint(least < 0n ? -least : least);
  if (greatest !== null) writer.bigint(greatest < 0n ? -greatest : greatest);
}

/** Reads a record whose length was read already. @param identityOf What the account of a number is. */
export function readRecord(
  reader: ByteReader,
  seq: number,
  identityOf: (number: number) => AccountIdentity,
): ReadRecord {
  const atMs = reader.number();
  const identity = { principal: reader.text(), id: reader.text() };
  const content = reader.text();
  const command = commandOf(content, identity);
  if (reader.byte() === REFUSED) return { seq, atMs, command, content, result: readRefused(reader), images: [] };

  const images = readImages(reader);
  const reversedSeq = reader.number();
  const hold = reader.text();
  const legs: Leg[] = Array.from({ length: reader.number() }, () => {
    const { account } = identityOf(reader.number());
    return { account, side: reader.byte() === 0 ? "debit" : "credit", amountMinor: reader.bigint() };
  });
  const accounts = images.map(({ number, state }): Account => {
    const { account, currency, kind } = command.verb === "open" ? command : identityOf(number);
    return { account, currency, kind, ...state };
  });
  const result: Done = {
    ok: true,
    seq,
    atMs,
    legs: command.verb === "post" ? command.legs : legs,
    accounts,
    ...(hold !== "" && { hold: holdOf(hold) }),
    ...(reversedSeq !== 0 && { reversedSeq }),
    replayed: false,
  };
  return { seq, atMs, command, content, result, images };
}

/** Who sent a record, under which id, without the rest of it. */
export function readIdentity(reader: ByteReader): { readonly principal: string; readonly id: string } {
  reader.number();
  return { principal: reader.text(), id: reader.text() };
}

/** The accounts as a record left them, without the rest of it. */
export function readAfterImages(reader: ByteReader): AccountImage[] {
  reader.number();
  for (let texts = 0; texts < 3; texts += 1) reader.skipText();
  return reader.byte() === REFUSED ? [] : readImages(reader);
}

function readImages(reader: ByteReader): AccountImage[] {
  return Array.from({ length: reader.number() }, () => readImage(reader));
}

function readImage(reader: ByteReader): AccountImage {
  const number = reader.number();
  const flags = reader.byte();
  const debitsMinor = reader.bigint();
  const creditsMinor = reader.bigint();
  const heldDebitsMinor = reader.bigint();
  const heldCreditsMinor = reader.bigint();
  const version = reader.number();
  const latest = reader.number();
  const minBalanceMinor = readLimit(reader, flags & NO_LEAST, flags & LEAST_IS_NEGATIVE);
  const maxBalanceMinor = readLimit(reader, flags & NO_GREATEST, flags & GREATEST_IS_NEGATIVE);
  const status = STATUSES[flags & 3] ?? "closed";
  const sums = { debitsMinor, creditsMinor, heldDebitsMinor, heldCreditsMinor };
  return { number, state: { minBalanceMinor, maxBalanceMinor, status, ...sums, version }, latest };
}

function readLimit(reader: ByteReader, isNone: number, isNegative: number): bigint | null {
  if (isNone !== 0) return null;
  const magnitude = reader.bigint();
  return isNegative === 0 ? magnitude : -magnitude;
}

function readRefused(reader: ByteReader): Refused {
  const [code, account, available] = JSON.parse(reader.text()) as [RefusalCode, string | null, string | null];
  return {
    ok: false,
    code,
    ...(account !== null && { account }),
    ...(available !== null && { availableMinor: BigInt(available) }),
    replayed: false,
  };
}

/** A hold as JSON, its amounts as decimal texts. */
export function textOfHold(hold: Hold): string {
  return JSON.stringify(hold, (_key, value: unknown) => (typeof value === "bigint" ? value.toString() : value));
}

/** The inverse of {@link textOfHold}. */
export function holdOf(text: string): Hold {
  const hold = JSON.parse(text) as Hold & { readonly amountMinor: string; readonly leftMinor: string };
  return { ...hold, amountMinor: BigInt(hold.amountMinor), leftMinor: BigInt(hold.leftMinor) };
}
