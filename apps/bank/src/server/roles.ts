import type { Command } from "@tallyline/bank-protocol";
import type { Role } from "./principal.ts";

/** Whether a role may use a command at all; which accounts it may use it on is another question. */
export function mayUse({ for: whom, isWrite }: Pick<Command, "for" | "isWrite">, role: Role): boolean {
  switch (whom) {
    case "anybody":
      return true;
    case "session":
      return !isWrite || role !== "auditor";
    case "reader":
      return role !== "customer";
    case "operator":
      return role === "operator";
  }
}
