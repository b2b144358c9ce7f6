import { codeFacts, type ReplyCode } from "./codes.ts";
import { keyOf } from "./commands.ts";
import type { BankReply, OkReply, Refusal } from "./reply.ts";
import { OK_REPLIES, REFUSAL_FIELDS, type Field } from "./reply-shapes.ts";
import { formatValue, formatWords, parseWords, type Words } from "./words.ts";

/** A reply with the tag of its request. */
export interface TaggedReply {
  readonly tag: string | undefined;
  readonly reply: BankReply;
}

type Fields = Readonly<Record<string, Field<unknown>>>;
type Values = Readonly<Record<string, unknown>>;
type Pair = readonly [key: string, value: string];

/** The fields of one line, each with its key. */
type LineFields = readonly (Field<unknown> & {
  readonly field: string;
  readonly key: string;
  /** ` key=` */
  readonly start: string;
})[];

/** One kind of reply, as it is read and written. */
interface Shape {
  readonly fields: LineFields;
  readonly lists: readonly { readonly list: string; readonly kind: string; readonly fields: LineFields }[];
}

/** Writes a reply: its lines of data, and its own line last. @throws RangeError for a value that no line can hold. */
export function formatReply(reply: BankReply, tag?: string): string[] {
  return textOfReply(reply, tag).split("\n");
}

/** The same lines, joined by LF. */
export function textOfReply(reply: BankReply, tag?: string): string {
  const values = reply as unknown as Values;
  if (reply.class !== "OK") return textOfRefusal(reply, tag);
  const shape = SHAPES.get(reply.code)!;
  const start = tag === undefined ? "" : `#${tag} `;
  let text = "";
  for (const { list, kind, fields } of shape.lists) {
    for (const each of values[list] as readonly Values[]) text += `${start}* ${kind}${textOf(fields, each)}\n`;
  }
  return `${text}${start}OK ${reply.code}${textOf(shape.fields, values)}`;
}

function textOfRefusal(reply: Refusal, tag: string | undefined): string {
  const iso = codeFacts(reply.code)?.iso;
  const pairs = pairsOf(REFUSAL, reply as unknown as Values);
  if (iso !== undefined) pairs.splice(pairs.at(-1)?.[0] === "replayed" ? -1 : pairs.length, 0, ["iso", iso]);
  return formatWords({ tag, positionals: [reply.class, reply.code], pairs, text: reply.text });
}

/**
 * Collects the lines of a reply. Fields and kinds of data that this version does not know are passed over, so that a
 * server may say more; what it must say and does not makes the line none of a reply.
 */
export class ReplyLines {
  readonly #maxLines: number;
  #data: Words[] = [];

  /** @param maxLines Most lines of data before a reply's own. Default 1,000: twice what any list may be asked for. */
  constructor(maxLines = 1000) {
    this.#maxLines = maxLines;
  }

  /** Takes the next line. @returns undefined for a line of data, and for people what is wrong with one that is none. */
  push(line: string): TaggedReply | string | undefined {
    const words = parseWords(line, true);
    if (typeof words === "string") return `the line cannot be read: ${words}`;
    const first = this.#data[0];
    if (first !== undefined && first.tag !== words.tag) return "data and reply have different tags";
    if (words.positionals[0] === "*" && words.positionals.length === 2) {
      if (this.#data.length >= this.#maxLines)
        return `more than ${this.#maxLines} lines of data came before their reply`;
      this.#data.push(words);
      return undefined;
    }
    const data = this.#data;
    this.#data = [];
    const reply = replyOf(words, data);
    return typeof reply === "string" ? reply : { tag: words.tag, reply };
  }
}

function replyOf({ positionals, pairs, text }: Words, data: readonly Words[]): BankReply | string {
  const [replyClass, code = "", ...rest] = positionals;
  if (rest.length > 0) return `"${rest[0]}" stands behind the code`;
  if (replyClass === "OK") return okReplyOf(code, pairs, data);

  const facts = codeFacts(code);
  if (replyClass !== "NO" && replyClass !== "BAD" && replyClass !== "TRY" && replyClass !== "UNK") {
    return `"${replyClass}" is no class of replies`;
  }
  if (facts?.class !== replyClass) return `${replyClass} ${code} is no reply of this version`;
  const values = valuesOf(REFUSAL, pairs);
  if (typeof values === "string") return `${code}: ${values}`;
  const refusal: Refusal = {
    class: replyClass,
    code: code as ReplyCode,
    ...values,
    ...(text !== undefined && { text }),
  };
  return refusal;
}

function okReplyOf(code: string, pairs: readonly Pair[], data: readonly Words[]): OkReply | string {
  const shape = SHAPES.get(code);
  if (shape === undefined) return `OK ${code} is no reply of this version`;
  const values = valuesOf(shape.fields, pairs);
  if (typeof values === "string") return `${code}: ${values}`;
  const lists: Record<string, unknown[]> = {};
  for (const { list, kind, fields } of shape.lists) {
    const items: unknown[] = [];
    for (const { positionals, pairs: own } of data) {
      if (positionals[1] !== kind) continue;
      const item = valuesOf(fields, own);
      if (typeof item === "string") return `${kind} of ${code}: ${item}`;
      items.push(item);
    }
    lists[list] = items;
  }
  return { class: "OK", code, ...values, ...lists } as unknown as OkReply;
}

function pairsOf(fields: LineFields, values: Values): Pair[] {
  const pairs: Pair[] = [];
  for (const { field, key, argument } of fields) {
    const value = values[field];
    if (value !== undefined) pairs.push([key, argument.format(value)]);
  }
  return pairs;
}

/** The same as the end of a line. */
function textOf(fields: LineFields, values: Values): string {
  let text = "";
  for (const { field, start, argument } of fields) {
    const value = values[field];
    if (value === undefined) continue;
    text += start;
    text += typeof value === "number" ? value : formatValue(argument.format(value));
  }
  return text;
}

function valuesOf(fields: LineFields, pairs: readonly Pair[]): Record<string, unknown> | string {
  const values: Record<string, unknown> = {};
  for (const { field, key, argument, isOptional } of fields) {
    const text = pairs.find(([each]) => each === key)?.[1];
    if (text === undefined) {
      if (isOptional) continue;
      return `${key}= is missing`;
    }
    const value = argument.parse(text);
    if (value === undefined) return `${key} is not ${argument.expected}`;
    values[field] = value;
  }
  return values;
}

function lineFields(fields: object): LineFields {
  return Object.entries(fields as Fields).map(([field, spec]) => {
    const key = keyOf(field);
    return { ...spec, field, key, start: ` ${key}=` };
  });
}

const REFUSAL = lineFields(REFUSAL_FIELDS);

const SHAPES: ReadonlyMap<string, Shape> = new Map(
  Object.entries(OK_REPLIES).map(([code, { fields, lists }]) => [
    code,
    {
      fields: lineFields(fields),
      lists: Object.entries(lists).map(([list, data]) => ({
        list,
        kind: data.kind,
        fields: lineFields(data.fields),
      })),
    },
  ]),
);
