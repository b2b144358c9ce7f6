import { calculatorFor, type Language } from "./language.ts";

/**
 * Makes what answers expressions in the words of the wire: `Result: 4`, or `Error: division by zero`. The answers never
 * throw. @throws {TypeError} for a language that does not exist.
 */
export function createAnswer(language: Language): (expression: string) => string {
  const calculator = calculatorFor(language);
  return (expression) => {
    const outcome = calculator.calculate(expression);
    return outcome.ok ? `Result: ${outcome.text}` : `Error: ${outcome.error.pythonMessage}`;
  };
}
