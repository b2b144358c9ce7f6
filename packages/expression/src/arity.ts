import type { Run } from "./number-system.ts";
import type { Span } from "./syntax-tree.ts";

/** Refuses a call that has too few or too many arguments. */
export function checkArity(run: Run, call: Span, name: string, count: number, least: number, most: number): void {
  if (count >= least && count <= most) return;
  const expected = least === most ? `${least}` : `${least} to ${most}`;
  run.fail("wrong-arity", `${name}() takes ${expected} arguments (${count} given)`, call);
}
