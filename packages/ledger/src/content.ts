import type { AccountKind, AccountProfile, Side } from "./account.ts";
import type { ByteWriter } from "./byte-writer.ts";
import type { Command, Identity, Leg, Request } from "./command.ts";

/**
 * What a command asks for, as canonical text: two commands are the same request exactly if their contents are equal.
 * Principal and id are left out; they are what the content is filed under. Stores keep it as their journal.
 *
 * A JSON array of the verb, its arguments, and last, where there are any, an object of what is optional.
 */
export function contentOf(command: Command): string {
  const options = optionsOf(command);
  const content = [command.verb, ...argumentsOf(command)];
  if (options !== undefined) content.push(options);
  return JSON.stringify(content);
}

/** Writes a command's content, and its length before it. What most commands are, two legs and no more, is written without a text. */
export function writeContent(writer: ByteWriter, command: Command): void {
  if (command.verb !== "post" || optionsOf(command) !== undefined) writer.text(contentOf(command));
  else writeLegs(writer, command.legs);
}

/** The same bytes: names of accounts have nothing to escape. */
function writeLegs(writer: ByteWriter, legs: readonly Leg[]): void {
  const amounts = legs.map(({ amountMinor }) => amountMinor.toString());
  let length = START.length + END.length;
  for (let index = 0; index < legs.length; index += 1) {
    const { account, side } = legs[index]!;
    length += account.length + side.length + amounts[index]!.length + LEG.length + 2 * BETWEEN.length + LEG_END.length;
  }
  writer.number(length);
  writer.ascii(START);
  for (let index = 0; index < legs.length; index += 1) {
    const { account, side } = legs[index]!;
    writer.ascii(LEG);
    writer.ascii(account);
    writer.ascii(BETWEEN);
    writer.ascii(side);
    writer.ascii(BETWEEN);
    writer.ascii(amounts[index]!);
    writer.ascii(LEG_END);
  }
  writer.ascii(END);
}

const START = '["post"';
const LEG = ',["';
const BETWEEN = '","';
const LEG_END = '"]';
const END = "]";

function argumentsOf(command: Command): unknown[] {
  switch (command.verb) {
    case "open": {
      const { account, currency, kind, minBalanceMinor, maxBalanceMinor } = command;
      return [account, currency, kind, text(minBalanceMinor), text(maxBalanceMinor)];
    }
    case "post":
      return command.legs.map((leg) => [leg.account, leg.side, text(leg.amountMinor)]);
    case "hold":
      return [command.from, command.to, text(command.amountMinor), command.expiresInMs];
    case "capture":
      return [command.hold, text(command.amountMinor), command.isFinal];
    case "release":
      return [command.hold];
    case "reverse":
      return [command.entry];
    case "limit":
      return [command.account, text(command.minBalanceMinor), text(command.maxBalanceMinor)];
    case "freeze":
    case "unfreeze":
    case "close":
      return [command.account];
    case "expire":
      return [command.holdSeq];
    case "settle":
      return [];
  }
}

/** What may be left out of a command, in the order in which it is written. */
interface Options extends Pick<Request, "memo" | "ref">, Pick<AccountProfile, "owner"> {
  /** Sorted by name. */
  readonly metadata?: readonly (readonly [string, string])[];
  readonly if?: readonly [account: string, version: number];
}

function optionsOf(command: Command): Options | undefined {
  if (command.verb === "settle" || command.verb === "expire") return undefined;
  const { memo, ref, ifVersion } = command;
  const isBare = memo === undefined && ref === undefined && ifVersion === undefined;
  if (isBare && command.verb !== "open") return undefined;
  const { owner, metadata }: AccountProfile = command.verb === "open" ? command : {};
  const facts = metadata && Object.entries(metadata).toSorted(([name], [other]) => (name < other ? -1 : 1));
  const options: Options = {
    ...(memo !== undefined && { memo }),
    ...(ref !== undefined && { ref }),
    ...(ifVersion !== undefined && { if: [ifVersion.account, ifVersion.version] }),
    ...(owner !== undefined && { owner }),
    ...(facts !== undefined && { metadata: facts }),
  };
  return Object.keys(options).length > 0 ? options : undefined;
}

/** The command that a content came from: the inverse of {@link contentOf}. @throws TypeError for another text. */
export function commandOf(content: string, { principal, id }: Identity): Command {
  const [verb, ...rest] = JSON.parse(content) as [Command["verb"], ...unknown[]];
  const options = isOptions(rest.at(-1)) ? (rest.pop() as Options) : {};
  const [first, second, third, fourth, fifth] = rest as [string, string, string, string | null, string | null];
  const request = { principal, id, ...requestOf(options) };
  switch (verb) {
    case "open": {
      const limits = { minBalanceMinor: minor(fourth), maxBalanceMinor: minor(fifth) };
      const terms = { account: first, currency: second, kind: third as AccountKind, ...limits };
      return { verb, ...request, ...terms, ...profileOf(options) };
    }
    case "post": {
      const legs = rest as [string, Side, string][];
      const legOf = ([account, side, amount]: (typeof legs)[0]) => ({ account, side, amountMinor: BigInt(amount) });
      return { verb, ...request, legs: legs.map(legOf) };
    }
    case "hold": {
      const expiresInMs = rest[3] as number | null;
      return { verb, ...request, from: first, to: second, amountMinor: BigInt(third), expiresInMs };
    }
    case "capture":
      return { verb, ...request, hold: first, amountMinor: minor(second), isFinal: rest[2] as boolean };
    case "release":
      return { verb, ...request, hold: first };
    case "reverse":
      return { verb, ...request, entry: first };
    case "limit":
      return { verb, ...request, account: first, minBalanceMinor: minor(second), maxBalanceMinor: minor(third) };
    case "freeze":
    case "unfreeze":
    case "close":
      return { verb, ...request, account: first };
    case "expire":
      return { verb, principal, id, holdSeq: rest[0] as number };
    case "settle":
      return { verb, principal, id };
    default:
      throw new TypeError(`journal holds a command with the unknown verb ${JSON.stringify(verb)}`);
  }
}

function isOptions(last: unknown): boolean {
  return typeof last === "object" && last !== null && !Array.isArray(last);
}

function requestOf({ memo, ref, if: condition }: Options): Omit<Request, keyof Identity> {
  return {
    ...(memo !== undefined && { memo }),
    ...(ref !== undefined && { ref }),
    ...(condition !== undefined && { ifVersion: { account: condition[0], version: condition[1] } }),
  };
}

function profileOf({ owner, metadata }: Options): AccountProfile {
  return {
    ...(owner !== undefined && { owner }),
    ...(metadata !== undefined && { metadata: Object.fromEntries(metadata) }),
  };
}

function text(amount: bigint | null): string | null {
  return amount === null ? null : amount.toString();
}

function minor(amount: string | null): bigint | null {
  return amount === null ? null : BigInt(amount);
}
