import { randomBytes } from "node:crypto";
import { isAccountName } from "@tallyline/ledger";
import { createProgram, EXIT, parseFlags, report } from "@tallyline/program";
import { scramCredentials } from "@tallyline/bank-protocol";
import { InvalidArgumentError, Option } from "commander";
import manifest from "../../package.json" with { type: "json" };
import { ITERATIONS } from "./authentication.ts";
import { readPassword } from "../password.ts";
import type { Right, Role } from "./principal.ts";
import { passwordHash, scramCrypto } from "../scram-crypto.ts";
import { USER_NAME, Users } from "./users.ts";

interface Flags {
  readonly users: string;
  readonly role: Role;
  readonly account?: string;
  readonly allow: ReadonlyMap<string, Right>;
  readonly certificate?: string;
  readonly passwordFile?: string;
  readonly withoutPassword: boolean;
}

const program = createProgram({
  name: "bank-server-users",
  version: manifest.version,
  description: "Says who may use a bank: add NAME, remove NAME, list. A running server knows at once.",
  logLevel: "info",
})
  .usage("[options] add|remove|list [name]   (bank-server users …)")
  .argument("<action>", "add (or change), remove, or list")
  .argument("[name]", "1 to 64 of A-Z a-z 0-9 . _ -")
  .option("--users <file>", "where users are kept", ".tallyline/users.db")
  .addOption(
    new Option("--role <role>", "what the user may do")
      .choices(["customer", "operator", "auditor"])
      .default("customer"),
  )
  .option("--account <name>", "the user's own account, for commands that name none", accountName)
  .addOption(
    new Option("--allow <account:right>", "an account of somebody else's to view, or to pay from; repeatable")
      .argParser(allowance)
      .default(new Map(), "none"),
  )
  .option(
    "--certificate <name>",
    "common name, or SHA-256 fingerprint, of the TLS certificate that stands for the user",
  )
  .option("--password-file <file>", "the password's file; - for standard input. Else BANK_SERVER_PASSWORD, or a prompt")
  .option("--without-password", "the user has a certificate only", false);

const { flags, words } = parseFlags<Flags>(program);
const [action, name = ""] = words;

/** `bank-server users`: says who may use a bank. */
export async function manageUsers(): Promise<void> {
  try {
    using users = new Users(flags.users);
    process.exitCode = await run(users);
  } catch (error) {
    process.exitCode = EXIT.refused;
    await report(program, error);
  }
}

async function run(users: Users): Promise<number> {
  switch (action) {
    case "list":
      for (const each of users.names()) process.stdout.write(`${describe(users, each)}\n`);
      return EXIT.answered;
    case "remove":
      if (users.remove(name)) return EXIT.answered;
      throw new Error(`there is no user ${name}`);
    case "add":
      if (!USER_NAME.test(name)) return program.error(`error: ${JSON.stringify(name)} cannot be a user's name`);
      await add(users);
      return EXIT.answered;
    default:
      return program.error(`error: unknown action ${action ?? ""}, expected add, remove or list`);
  }
}

async function add(users: Users): Promise<void> {
  const { role, account, allow: rights, certificate, passwordFile, withoutPassword } = flags;
  const password = withoutPassword
    ? undefined
    : await readPassword({
        ...(passwordFile !== undefined && { file: passwordFile }),
        environment: process.env["BANK_SERVER_PASSWORD"],
        prompt: `Password of ${name}: `,
      });
  const secret = password === undefined ? undefined : { password, salt: randomBytes(16), iterations: ITERATIONS };
  const credentials = secret && (await scramCredentials(secret, scramCrypto, passwordHash));
  users.put({ principal: { name, role, account, rights }, credentials, certificate });
}

function describe(users: Users, each: string): string {
  const { principal, credentials, certificate } = users.find(each)!;
  const rights = [...principal.rights].map(([account, right]) => `allow=${account}:${right}`);
  const facts = [
    `role=${principal.role}`,
    ...(principal.account === undefined ? [] : [`account=${principal.account}`]),
    ...rights,
    ...(certificate === undefined ? [] : [`certificate=${certificate}`]),
    `password=${credentials === undefined ? "no" : "yes"}`,
  ];
  return `${each} ${facts.join(" ")}`;
}

function accountName(text: string): string {
  if (!isAccountName(text)) throw new InvalidArgumentError("Expected the name of an account.");
  return text;
}

function allowance(text: string, before: ReadonlyMap<string, Right>): ReadonlyMap<string, Right> {
  const [, account = "", right] = /^(.+):(view|pay)$/.exec(text) ?? [];
  if (right === undefined) throw new InvalidArgumentError("Expected ACCOUNT:view or ACCOUNT:pay.");
  return new Map([...before, [accountName(account), right as Right]]);
}
