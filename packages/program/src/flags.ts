import { Command, InvalidArgumentError, Option } from "commander";
import { destination, pino, type Logger } from "pino";
import { EXIT } from "./exit-code.ts";

/** What a program says of itself in `--help` and `--version`. */
export interface ProgramDescription {
  readonly name: string;
  readonly version: string;
  readonly description: string;
  /** Default of `--log-level`: "info" for a server, "warn" for a client. */
  readonly logLevel: "info" | "warn";
}

const LOG_LEVELS = ["trace", "debug", "info", "warn", "error", "fatal", "silent"];

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
    return super.addOption(option.env(environmentName(this, option.name())));
  }
}

/** Reads flags, from the command line or else the environment, and words. @typeParam Flags What the options are. */
// oxlint-disable-next-line typescript/no-unnecessary-type-parameters -- commander knows the options only at run time
export function parseFlags<Flags>(program: Command): { readonly flags: Flags; readonly words: readonly string[] } {
  program.parse(withNegativeOperand(process.argv));
  return { flags: program.opts() as Flags, words: program.args };
}

/** The environment variable of a flag, named without its dashes. */
export function environmentName(program: Command, flag: string): string {
  return `${program.name()}_${flag}`.toUpperCase().replaceAll("-", "_");
}

/** The program's log: structured records on stderr. */
export function createLog(program: Command): Logger {
  return pino(
    { name: program.name(), level: program.opts()["logLevel"] as string },
    destination({ fd: 2, sync: true }),
  );
}

/** Reads a port number. */
export function port(text: string): number {
  return integer(text, 0, 65535);
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

/** Flags begin with a letter, so `-5` and `-(1 + 2)` are operands; commander would take some of them for flags. */
function withNegativeOperand(argv: readonly string[]): string[] {
  const index = argv.findIndex((word, at) => at >= 2 && (word === "--" || /^-[^-A-Za-z]/.test(word)));
  return index < 0 || argv[index] === "--" ? [...argv] : [...argv.slice(0, index), "--", ...argv.slice(index)];
}
