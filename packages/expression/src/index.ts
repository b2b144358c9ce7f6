export {
  calculate,
  createCalculator,
  evaluate,
  parse,
  type Calculator,
  type CalculatorOptions,
  type EvaluateOptions,
  type Outcome,
  type Variables,
} from "./calculator.ts";
export { compile, type Compiled } from "./compile.ts";
export { decimal, type DecimalOptions, type DecimalValue } from "./decimal.ts";
export { Decimal, type Rounding } from "./decimal-value.ts";
export { type ErrorCode, type PythonType } from "./error-codes.ts";
export { ExpressionError, type ErrorDetails } from "./expression-error.ts";
export { format } from "./format-tree.ts";
export { defaultLimits, type Limits } from "./limits.ts";
export { mathConstants, mathFunctions } from "./math-functions.ts";
export { type NumberSystem, type Run, type SystemFunction } from "./number-system.ts";
export { type OwnFunction } from "./own-function.ts";
export { type Dialect, type ExplainSyntax } from "./scanner.ts";
export { explainPythonSyntax } from "./python-syntax.ts";
export { python } from "./python.ts";
export { Float, type PythonInternal, type PythonValue } from "./python-value.ts";
export { type Integer } from "./integer.ts";
export { Rational, rational, type RationalValue } from "./rational.ts";
export { renderError, type RenderOptions } from "./render-error.ts";
export { walk } from "./walk-tree.ts";
export {
  type BinaryExpression,
  type BinaryOperator,
  type BooleanLiteral,
  type CallExpression,
  type ComparisonExpression,
  type ComparisonOperator,
  type ConditionalExpression,
  type Expression,
  type LogicalExpression,
  type NameExpression,
  type NumberLiteral,
  type NumberToken,
  type Operation,
  type Span,
  type UnaryExpression,
  type UnaryOperator,
  type UnsupportedExpression,
} from "./syntax-tree.ts";
