import type { AccountKind, Side } from "./account.ts";
import type { Command, Identity } from "./command.ts";

/**
 * What a command asks for, as canonical text: two commands are the same request exactly if their contents are equal.
 * Principal and id are left out; they are what the content is filed under. Stores keep it as their journal.
 */
export function contentOf(command: Command): string {
  return JSON.stringify([command.verb, ...argumentsOf(command)]);
}

function argumentsOf(command: Command): readonly unknown[] {
  switch (command.verb) {
    case "open":
      return [
        command.account,
        command.currency,
        command.kind,
        text(command.minBalanceMinor),
        text(command.maxBalanceMinor),
      ];
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

/** The command that a content came from: the inverse of {@link contentOf}. @throws TypeError for another text. */
export function commandOf(content: string, identity: Identity): Command {
  const { principal, id } = identity;
  const [verb, ...rest] = JSON.parse(content) as [Command["verb"], ...unknown[]];
  const [first, second, third, fourth, fifth] = rest as [string, string, string, string | null, string | null];
  switch (verb) {
    case "open": {
      const limits = { minBalanceMinor: minor(fourth), maxBalanceMinor: minor(fifth) };
      return { verb, principal, id, account: first, currency: second, kind: third as AccountKind, ...limits };
    }
    case "post": {
      const legs = rest as [string, Side, string][];
      return {
        verb,
        principal,
        id,
        legs: legs.map(([account, side, amount]) => ({ account, side, amountMinor: BigInt(amount) })),
      };
    }
    case "hold":
      return {
        verb,
        principal,
        id,
        from: first,
        to: second,
        amountMinor: BigInt(third),
        expiresInMs: rest[3] as number | null,
      };
    case "capture":
      return { verb, principal, id, hold: first, amountMinor: minor(second), isFinal: rest[2] as boolean };
    case "release":
      return { verb, principal, id, hold: first };
    case "reverse":
      return { verb, principal, id, entry: first };
    case "limit":
      return { verb, principal, id, account: first, minBalanceMinor: minor(second), maxBalanceMinor: minor(third) };
    case "freeze":
    case "unfreeze":
    case "close":
      return { verb, principal, id, account: first };
    case "expire":
      return { verb, principal, id, holdSeq: rest[0] as number };
    case "settle":
      return { verb, principal, id };
    default:
      throw new TypeError(`journal holds a command with the unknown verb ${JSON.stringify(verb)}`);
  }
}

function text(amount: bigint | null): string | null {
  return amount === null ? null : amount.toString();
}

function minor(amount: string | null): bigint | null {
  return amount === null ? null : BigInt(amount);
}
