import { isZero } from "./argument.ts";
import type { ReplyCode } from "./codes.ts";
import { ALIASES, COMMANDS, keyOf, WRITE_ARGUMENTS, type Placed } from "./commands.ts";
import type { BankRequest, Verb } from "./request.ts";
import { formatWords, parseWords, tagOf } from "./words.ts";

/** A line that was read as a request of bank/1. */
export type ParsedRequest =
  | { readonly ok: true; readonly tag: string | undefined; readonly request: BankRequest }
  | { readonly ok: false; readonly tag: string | undefined; readonly problem: RequestProblem };

/** Why a line is no request. */
export interface RequestProblem {
  /** In class BAD. */
  readonly code: ReplyCode;
  /** The argument that it is about, by its key, or its name where it has no key. */
  readonly argument?: string;
  /** For people. */
  readonly text: string;
}

/** An argument with its field, the key it has in the line, and where it stands. */
interface Slot extends Placed<unknown> {
  readonly field: string;
  readonly key: string;
}

/** How a command's line is read, worked out once. */
interface LineShape {
  readonly verb: Verb;
  readonly words: readonly Slot[];
  readonly requiredWords: readonly Slot[];
  readonly keys: readonly Slot[];
  readonly requiredKeys: readonly Slot[];
  readonly keyNames: ReadonlySet<string>;
}

/**
 * Reads a request, without its line ending. Never throws. What is wrong is told in the order of the codes' precedence,
 * and among arguments in the order of the command's, so the same line always has the same problem.
 */
export function parseRequest(line: string): ParsedRequest {
  const words = parseWords(line, false);
  if (typeof words === "string") return bad(tagOf(line), "SYNTAX", `The line cannot be read: ${words}.`);
  const { tag, positionals, pairs } = words;

  const shape = SHAPES.get(positionals[0] ?? "");
  if (shape === undefined) return bad(tag, "UNKNOWN_COMMAND", "There is no such command; help lists those there are.");
  const { verb } = shape;
  const wordCount = positionals.length - 1;

  for (const pair of pairs) {
    const key = pair[0];
    if (!shape.keyNames.has(key)) return bad(tag, "UNKNOWN_ARGUMENT", `${verb} has no ${key}=.`, key);
  }
  if (wordCount > shape.words.length) {
    return bad(tag, "UNKNOWN_ARGUMENT", `${verb} takes ${shape.words.length} words, there are ${wordCount}.`);
  }
  const present = wordCount === shape.words.length ? shape.words : shape.requiredWords;
  const absent = present[wordCount] ?? absentKey(shape, pairs);
  if (absent !== undefined && absent.field !== "id")
    return bad(tag, "ARGUMENT_MISSING", `${absent.key} is missing.`, absent.key);
  if (absent !== undefined)
    return bad(tag, "ID_REQUIRED", `${verb} needs id=, made by you and new for each thing to be done.`, "id");

  const request: Record<string, unknown> = { verb };
  let wrong: Slot | undefined;
  for (const slot of shape.keys) {
    const text = textOf(slot, pairs);
    if (text === undefined) continue;
    const value = slot.as === "keys" ? valuesOf(slot, pairs) : slot.argument.parse(text);
    if (value === undefined && slot.field === "id") return bad(tag, "ID_INVALID", expectation(slot), "id");
    if (value === undefined) wrong ??= slot;
    request[slot.field] = value;
  }
  for (let index = 0; index < present.length; index += 1) {
    const slot = present[index]!;
    const text = positionals[index + 1]!;
    const value = slot.argument.parse(text);
    if (value === undefined) return bad(tag, slot.argument.code, expectation(slot), slot.key);
    if (slot.argument.code === "AMOUNT_INVALID" && isZero(text)) {
      return bad(tag, "ZERO_AMOUNT", `${slot.key} is zero, expected more.`, slot.key);
    }
    request[slot.field] = value;
  }
  if (wrong !== undefined) return bad(tag, wrong.argument.code, expectation(wrong), wrong.key);
  if (verb === "journal") {
    const { length } = request["legs"] as unknown[];
    if (length < 2 || length > 64)
      return bad(tag, "LEGS_INVALID", `journal takes 2 to 64 legs, there are ${length}.`, "leg");
  }
  return { ok: true, tag, request: request as unknown as BankRequest };
}

function bad(tag: string | undefined, code: ReplyCode, text: string, argument?: string): ParsedRequest {
  return { ok: false, tag, problem: { code, text, ...(argument !== undefined && { argument }) } };
}

/** Writes a request in the one canonical way. @throws RangeError for a value that is none: this side's mistake. */
export function formatRequest(request: BankRequest, tag?: string): string {
  const shape = SHAPES.get(request.verb)!;
  const fields = request as unknown as Readonly<Record<string, unknown>>;
  const positionals: string[] = [request.verb];
  const pairs: (readonly [string, string])[] = [];
  for (const slot of shape.words) {
    if (fields[slot.field] !== undefined) positionals.push(formatArgument(slot, fields[slot.field]));
  }
  for (const slot of shape.keys) {
    const value = fields[slot.field];
    if (value === undefined) continue;
    for (const each of slot.as === "keys" ? (value as unknown[]) : [value]) {
      pairs.push([slot.key, formatArgument(slot, each)]);
    }
  }
  return formatWords({ tag, positionals, pairs, text: undefined });
}

/** How a command is used, for `help`: `transfer FROM TO AMOUNT id= [if_version=] …`. */
export function usageOf(verb: Verb): string {
  const { words, keys } = SHAPES.get(verb)!;
  const shown = (slot: Slot): string => (slot.as === "word" ? slot.key.toUpperCase() : `${slot.key}=`);
  return [verb, ...[...words, ...keys].map((slot) => (slot.isOptional ? `[${shown(slot)}]` : shown(slot)))].join(" ");
}

/** By the verb, and by its aliases. */
const SHAPES: ReadonlyMap<string, LineShape> = new Map(
  [...Object.keys(COMMANDS), ...Object.keys(ALIASES)].map((name) => {
    const verb = ALIASES[name] ?? (name as Verb);
    const command = COMMANDS[verb];
    const all = Object.entries({ ...command.arguments, ...(command.isWrite && WRITE_ARGUMENTS) });
    const slots = all.map(([field, placed]) => ({ ...(placed as Placed<unknown>), field, key: keyOf(field, placed) }));
    const words = slots.filter((slot) => slot.as === "word");
    const keys = slots.filter((slot) => slot.as !== "word");
    const isRequired = (slot: Slot) => !slot.isOptional;
    const required = { requiredWords: words.filter(isRequired), requiredKeys: keys.filter(isRequired) };
    return [name, { verb, words, keys, ...required, keyNames: new Set(keys.map((slot) => slot.key)) }];
  }),
);

type Pairs = readonly (readonly [key: string, value: string])[];

function absentKey({ requiredKeys }: LineShape, pairs: Pairs): Slot | undefined {
  for (const slot of requiredKeys) if (textOf(slot, pairs) === undefined) return slot;
  return undefined;
}

/** What the line has under a key, the first time. */
function textOf(slot: Slot, pairs: Pairs): string | undefined {
  for (const pair of pairs) if (pair[0] === slot.key) return pair[1];
  return undefined;
}

function formatArgument(slot: Slot, value: unknown): string {
  const text = slot.argument.format(value);
  if (slot.argument.parse(text) === undefined)
    throw new RangeError(`${slot.key} is ${JSON.stringify(text)}: ${expectation(slot)}`);
  return text;
}

/** All values of a key; undefined where a text is none. */
function valuesOf(slot: Slot, pairs: Pairs): unknown[] | undefined {
  const values: unknown[] = [];
  for (const [key, text] of pairs) if (key === slot.key) values.push(slot.argument.parse(text));
  return values.includes(undefined) ? undefined : values;
}

function expectation(slot: Slot): string {
  return `${slot.key} is not ${slot.argument.expected}.`;
}
