import { Command, InvalidArgumentError, Option } from "commander";
import { EXIT } from "./exit-code.ts";
import { Log, LOG_LEVELS, type LogLevel } from "./log.ts";

/** What a program says of itself in `--help` and `--version`. */
export interface ProgramDescription {
  readonly name: string;
  readonly version: string;
  readonly description: string;
  /** Default of `--log-level`: "info" for a server, "warn" for a client. */
  readonly logLevel: "info" | "warn";
}

/** Starts a command line: `--help`, `--version`, `--log-level`, and exit code 2 for flags that make no sense. */
export function createProgram({ name, version, description, logLevel }: ProgramDescription): Command {
  return new Program(name)
    .description(description)
    .version(version)
    .addOption(
      new Option("--log-level <level>", "least severe record to log on stderr").choices(LOG_LEVELS).default(logLevel),
    )
    .showHelpAfterError("(--help shows what is expected)")
    .exitOverride((error) => process.exit(error.exitCode === 0 ? EXIT.answered : EXIT.usage));
}

/**
 * Each flag can also come from the environment, under the program's name and its own: `--max-connections` of bank-server
 * is `BANK_SERVER_MAX_CONNECTIONS`.
 */
class Program extends Command {
  override addOption(option: Option): this {
    const variable = environmentName(this, option.name());
    if (!option.isBoolean()) return super.addOption(option.env(variable));
    // Commander takes a variable that is merely there for a switch that is on, even one that says "false".
    option.description += ` (env: ${variable}=true)`;
    return super.addOption(option.default(this.#isOn(variable)));
  }

  #isOn(variable: string): boolean {
    const text = process.env[variable] ?? "";
    if (["true", "1"].includes(text)) return true;
    if (["false", "0", ""].includes(text)) return false;
    return this.error(`error: ${variable} is "${text}", expected true or false`);
  }
}

/** Reads flags, from the command line or else the environment, and words. @typeParam Flags What the options are. */
// oxlint-disable-next-line typescript/no-unnecessary-type-parameters -- commander knows the options only at run time
export function parseFlags<Flags>(program: Command): { readonly flags: Flags; readonly words: readonly string[] } {
  program.parse(
    process.argv.map((word, index, argv) => (isOperand(program, word, argv[index - 1]) ? MARK + word : word)),
  );
  return { flags: program.opts() as Flags, words: program.args.map((word) => word.replace(MARK, "")) };
}

/** Put before an operand, so that commander does not take it for a flag. No command line can hold this character. */
const MARK = "\0";

/** Flags begin with a letter, so `-5` and `-(1 + 2)` are operands, where no flag waits for its value. */
function isOperand(program: Command, word: string, before = ""): boolean {
  const isValue = program.options.some((option) => option.long === before && !option.isBoolean());
  return /^-[^-A-Za-z]/.test(word) && !isValue;
}

/** The environment variable of a flag, named without its dashes. */
export function environmentName(program: Command, flag: string): string {
  return `${program.name()}_${flag}`.toUpperCase().replaceAll("-", "_");
}

/** The program's log, on stderr, of the records that `--log-level` asks for. */
export function createLog(program: Command): Log {
  return new Log({ name: program.name(), level: program.opts()["logLevel"] as LogLevel });
}

/** Reads the name or address of a host. */
export function host(text: string): string {
  if (text.trim() === "")
    throw new InvalidArgumentError("Expected a name or an address, such as localhost or 127.0.0.1.");
  return text;
}

/** Reads the number of a port to connect to. */
export function port(text: string): number {
  return integer(text, 1, 65_535);
}

/** Reads the number of a port to listen on; 0 asks for a free one. */
export function listenPort(text: string): number {
  return integer(text, 0, 65_535);
}

/** Reads a number of things: at least one, at most a million. */
export function count(text: string): number {
  return integer(text, 1, 1_000_000);
}

function integer(text: string, least: number, most: number): number {
  const value = Number(text);
  if (!/^[0-9]{1,7}$/.test(text) || value < least || value > most) {
    throw new InvalidArgumentError(`Expected a whole number from ${least} to ${most}.`);
  }
  return value;
}
