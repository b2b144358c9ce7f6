import type {
  BankReply,
  RefusalFacts,
  StatementReply,
  WireAccount,
  WireBalance,
  WireHold,
} from "@tallyline/bank-protocol";
import { EXIT } from "@tallyline/program";
import type { Outcome } from "./outcome.ts";
import { textTable, visible } from "./text-table.ts";

/** What a person is shown, and the exit code of it. */
export interface Shown {
  readonly text: string;
  readonly exitCode: number;
}

/** The outcome of a write in words. */
export function outcomeInWords(outcome: Outcome): Shown {
  switch (outcome.kind) {
    case "done": {
      const again = outcome.isReplayed ? " before" : "";
      const lines = [`Done${again}: number ${outcome.seq} at ${outcome.time} (id ${outcome.id}).`];
      lines.push(...outcome.balances.map(balanceLine), ...outcome.holds.map(holdLine));
      return { text: lines.join("\n"), exitCode: EXIT.answered };
    }
    case "declined": {
      const kind = outcome.isFinal ? "Declined" : "Not understood";
      return { text: `${kind}: ${factsInWords(outcome.code, outcome.text, outcome)}`, exitCode: EXIT.refused };
    }
    case "fenced":
      return {
        text: `Not done, and it never will be under this id (${outcome.id}): try again with another one.`,
        exitCode: EXIT.tryAgain,
      };
  }
}

/** A reply to anything else in words. */
export function replyInWords(reply: BankReply): Shown {
  switch (reply.class) {
    case "NO":
      return { text: `Declined: ${factsInWords(reply.code, reply.text, reply)}`, exitCode: EXIT.refused };
    case "BAD":
      return { text: `Not understood: ${factsInWords(reply.code, reply.text, reply)}`, exitCode: EXIT.refused };
    case "TRY":
      return { text: `Try again later: ${factsInWords(reply.code, reply.text, reply)}`, exitCode: EXIT.tryAgain };
    case "UNK":
      return { text: `Outcome unknown: ${factsInWords(reply.code, reply.text, reply)}`, exitCode: EXIT.noAnswer };
    case "OK":
      return { text: okInWords(reply), exitCode: EXIT.answered };
  }
}

function okInWords(reply: Extract<BankReply, { readonly class: "OK" }>): string {
  switch (reply.code) {
    case "BALANCE":
      return balanceLine(reply).trim();
    case "STATEMENT":
      return statementTable(reply);
    case "ACCOUNTS":
      return accountTable(reply.accounts) + more(reply.next);
    case "HOLDS":
      return holdTable(reply.holds) + more(reply.next);
    case "HELP":
      return textTable(reply.commands, [
        { title: "command", text: ({ usage }) => usage },
        { title: "", text: ({ summary }) => summary },
      ]);
    case "CAPABILITIES":
      return reply.capabilities.map(({ name, value = "" }) => `${name} ${value}`.trimEnd()).join("\n");
    case "WOULD_DO":
      return ["It would be done:", ...reply.balances.map(balanceLine), ...reply.holds.map(holdLine)].join("\n");
    case "WOULD_DECLINE":
      return `It would be declined: ${factsInWords(reply.declined, undefined, reply)}`;
    case "UNSEEN":
      return "Nothing has happened under this id yet; it may be on its way.";
    case "AUDIT": {
      const checked = reply.verified === true ? "Everything agrees up to number" : "The journal ends at number";
      return `${checked} ${reply.seq}${reply.head === undefined ? "" : `, head ${reply.head}`}.`;
    }
    case "PONG":
      return "The bank is there.";
    default:
      return `${reply.class} ${reply.code}`;
  }
}

function factsInWords(code: string, text: string | undefined, { account, currency, available }: RefusalFacts): string {
  const facts = [
    code,
    ...(account === undefined ? [] : [`account ${account}`]),
    ...(available === undefined ? [] : [`available ${available} ${currency ?? ""}`.trimEnd()]),
  ];
  return `${text === undefined ? "" : `${visible(text)} `}(${facts.join(", ")})`;
}

function balanceLine({ account, booked, available, currency }: WireBalance): string {
  const free = available === booked ? "" : `, ${available} available`;
  return `  ${account}: ${booked} ${currency}${free}`;
}

function holdLine({ hold, from, to, left, currency, state }: WireHold): string {
  return `  hold ${hold}: ${left} ${currency} from ${from} to ${to}, ${state}`;
}

function statementTable(reply: StatementReply): string {
  const { account, currency, opening, closing, entries, next } = reply;
  const table = textTable(entries, [
    { title: "#", text: ({ version }) => `${version}`, isRight: true },
    { title: "time", text: ({ time }) => time },
    { title: "debit", text: ({ side, amount }) => (side === "debit" ? amount : ""), isRight: true },
    { title: "credit", text: ({ side, amount }) => (side === "credit" ? amount : ""), isRight: true },
    { title: "balance", text: ({ booked }) => booked, isRight: true },
    { title: "memo", text: ({ memo = "" }) => memo },
    { title: "ref", text: ({ ref = "" }) => ref },
  ]);
  const head = `${account} in ${currency}, opening balance ${opening}`;
  return `${head}\n${entries.length === 0 ? "" : `${table}\n`}closing balance ${closing}${more(next)}`;
}

function accountTable(accounts: readonly WireAccount[]): string {
  return textTable(accounts, [
    { title: "account", text: ({ account }) => account },
    { title: "booked", text: ({ booked }) => booked, isRight: true },
    { title: "available", text: ({ available }) => available, isRight: true },
    { title: "", text: ({ currency }) => currency },
    { title: "kind", text: ({ kind }) => kind },
    { title: "status", text: ({ status }) => status },
    { title: "min", text: ({ min }) => min, isRight: true },
    { title: "max", text: ({ max }) => max, isRight: true },
    { title: "owner", text: ({ owner = "" }) => owner },
  ]);
}

function holdTable(holds: readonly WireHold[]): string {
  if (holds.length === 0) return "nothing is set aside";
  return textTable(holds, [
    { title: "hold", text: ({ hold }) => hold },
    { title: "from", text: ({ from }) => from },
    { title: "to", text: ({ to }) => to },
    { title: "left", text: ({ left }) => left, isRight: true },
    { title: "of", text: ({ amount }) => amount, isRight: true },
    { title: "", text: ({ currency }) => currency },
    { title: "until", text: ({ expires = "" }) => expires },
  ]);
}

function more(next: string | number | undefined): string {
  return next === undefined ? "" : `\nmore follows: after=${next}`;
}
