import type { CommandContext } from "./write-command.ts";

/** The account that a hold of the session's sets money aside on; undefined when there is no such hold. */
export async function holdAccount(id: string, { ledger, principal }: CommandContext): Promise<string | undefined> {
  const found = await ledger.lookup({ principal: principal.name, id });
  return found?.command.verb === "hold" ? found.command.from : undefined;
}
