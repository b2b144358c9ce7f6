import { calculate, renderError } from "@tallyline/expression";

for (const text of ["2 + 2", "10 / 4", "2 ** 100", "9 ** 9 ** 9 ** 9", "round(2.5) + rond(3.5)"]) {
  const outcome = calculate(text);
  console.log(outcome.ok ? `${text} = ${outcome.text}` : renderError(outcome.error));
}
