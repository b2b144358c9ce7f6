import { calculate } from "@tallyline/expression";

/** The answer to an expression, in the words of the wire: `Result: 4`, or `Error: division by zero`. Never throws. */
export function answer(expression: string): string {
  const outcome = calculate(expression);
  return outcome.ok ? `Result: ${outcome.text}` : `Error: ${outcome.error.pythonMessage}`;
}
