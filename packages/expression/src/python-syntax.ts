import { ExpressionError, type ErrorDetails } from "./expression-error.ts";
import type { Span } from "./syntax-tree.ts";
export function explainPythonSyntax(source: string, span: Span, details: ErrorDetails): ExpressionError {
  return new ExpressionError("unexpected-token", "invalid syntax", source, span, details);
}
