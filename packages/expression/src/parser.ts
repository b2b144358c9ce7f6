// Tokens to a tree, by operator precedence (Pratt). One function recurses, and it counts how deep: the tree is never
// deeper than `maxDepth` except along left operands, which its readers walk in a loop.

import { ExpressionError, type ErrorDetails } from "./expression-error.ts";
import type { ErrorCode } from "./error-codes.ts";
import type { Limits } from "./limits.ts";
import { Scanner, type Refusal } from "./scanner.ts";
import * as Power from "./power.ts";
import * as Token from "./token.ts";
import type { BinaryOperator, ComparisonOperator, Expression, Span, UnaryOperator } from "./syntax-tree.ts";

/** Which language the text is in. */
export type Dialect = "python" | "calc";

/** Finds better words for why a text was refused at `stop`. */
export type ExplainSyntax = (source: string, stop: Span, details: ErrorDetails) => ExpressionError;

/** What a text is read as. */
export interface Language {
  readonly dialect: Dialect;
  readonly limits: Limits;
  /** For the python dialect: `explainPythonSyntax`, or undefined for plain words. */
  readonly explain: ExplainSyntax | undefined;
}

/** The tree of a text. @throws {ExpressionError} when it is not an expression of the dialect, or too much of one. */
export function parseExpression(source: string, language: Language): Expression {
  const { limits } = language;
  if (source.length > limits.maxLength) {
    const message = `expression is ${source.length} characters, limit is ${limits.maxLength}`;
    throw new ExpressionError("limit-length", message, source, { start: limits.maxLength, end: source.length });
  }
  return new Parser(source, language).parse();
}

class Parser implements Refusal {
  private readonly scanner: Scanner;
  private readonly source: string;
  private readonly isPython: boolean;
  private readonly limits: Limits;
  private readonly explain: ExplainSyntax | undefined;
  private depth = 0;
  private nodeCount = 0;

  constructor(source: string, { dialect, limits, explain }: Language) {
    this.source = source;
    this.isPython = dialect === "python";
    this.limits = limits;
    this.explain = explain;
    this.scanner = new Scanner(source, !this.isPython, limits, this);
  }

  parse(): Expression {
    const scanner = this.scanner;
    if (this.source.charCodeAt(0) <= 32) scanner.end = this.firstLine();
    scanner.next();
    const expression = this.expression(Power.Conditional);
    if (scanner.token !== Token.End) this.refuseToken();
    return expression;
  }

  /** Blank lines may stand before the expression, but Python takes a space after one for an indentation. */
  private firstLine(): number {
    const source = this.source;
    let end = 0;
    let isIndented = false;
    for (let i = 0; i < source.length; i++) {
      const code = source.charCodeAt(i);
      if (code === 10 || code === 13) {
        end = i + 1;
        isIndented = false;
      } else if (code === 32 || code === 9 || code === 12) isIndented = end > 0;
      else break;
    }
    if (isIndented && this.isPython) this.refuse("unexpected-token", end, end);
    return end;
  }

  /** An expression whose operators all hold at least as tightly as `least`. */
  private expression(least: number): Expression {
    const scanner = this.scanner;
    this.enter(scanner);
    const { start } = scanner;
    let left = this.operand(least);
    for (;;) {
      const { power, operator } = scanner;
      if (power < least || power === Power.None) break;
      if (power >= Power.BitOr) {
        scanner.next();
        // `**` takes a sign on its right and groups from the right; the others group from the left.
        const right = this.expression(power === Power.Exponent ? Power.Unary : power + 1);
        this.count();
        left = {
          type: "binary",
          start,
          end: scanner.previousEnd,
          operator: operator as BinaryOperator,
          left,
          right,
        };
      } else if (power === Power.Comparison) left = this.comparison(start, left);
      else if (power === Power.Conditional) left = this.conditional(start, left);
      else left = this.logical(start, left, operator as "and" | "or", power);
    }
    this.depth -= 1;
    return left;
  }

  private comparison(start: number, first: Expression): Expression {
    const scanner = this.scanner;
    const operators: ComparisonOperator[] = [];
    const operands = [first];
    while (scanner.power === Power.Comparison) {
      operators.push(scanner.operator as ComparisonOperator);
      scanner.next();
      operands.push(this.expression(Power.BitOr));
    }
    this.count();
    return { type: "comparison", start, end: scanner.previousEnd, operators, operands };
  }

  private logical(start: number, first: Expression, operator: "and" | "or", power: number): Expression {
    const scanner = this.scanner;
    const operands = [first];
    while (scanner.power === power) {
      scanner.next();
      operands.push(this.expression(power + 1));
    }
    this.count();
    return { type: "logical", start, end: scanner.previousEnd, operator, operands };
  }

  /** `a if c else b`, or `c ? a : b`. */
  private conditional(start: number, first: Expression): Expression {
    const scanner = this.scanner;
    const isPython = scanner.operator === "if";
    scanner.next();
    const second = this.expression(isPython ? Power.Or : Power.Conditional);
    if (scanner.token !== (isPython ? Token.Else : Token.Colon)) this.refuseToken(isPython ? "'else'" : "':'");
    scanner.next();
    const alternate = this.expression(Power.Conditional);
    this.count();
    const [condition, consequent] = isPython ? [second, first] : [first, second];
    return { type: "conditional", start, end: scanner.previousEnd, condition, consequent, alternate };
  }

  /** What operators hold: a number, a name, a sign and its operand, parentheses; and the calls after it. */
  private operand(least: number): Expression {
    const scanner = this.scanner;
    const { start, end, token } = scanner;
    this.count();
    switch (token) {
      case Token.Number: {
        const { isInteger, nearest } = scanner;
        scanner.next();
        return this.postfix(start, {
          type: "number",
          start,
          end,
          text: this.source.slice(start, end),
          isInteger,
          nearest,
        });
      }
      case Token.Name: {
        const { name } = scanner;
        scanner.next();
        return this.postfix(start, { type: "name", start, end, name });
      }
      case Token.Open: {
        scanner.next();
        if (this.isPython && this.isAt(Token.Close)) return this.tuple(start, []);
        const inner = this.expression(Power.Conditional);
        if (this.isPython && this.isAt(Token.Comma)) return this.tuple(start, [inner]);
        if (scanner.token !== Token.Close) this.refuseUnclosed({ start, end });
        scanner.next();
        return this.postfix(start, inner);
      }
      case Token.True:
      case Token.False:
        scanner.next();
        return this.postfix(start, { type: "boolean", start, end, value: token === Token.True });
      case Token.String:
        scanner.next();
        return this.postfix(start, { type: "unsupported", start, end, construct: "a string", operands: [] });
      case Token.Infix:
        if (scanner.operator === "-" || scanner.operator === "+") return this.unary(scanner.operator, Power.Unary);
        break;
      case Token.Tilde:
        return this.unary("~", Power.Unary);
      case Token.Not:
        if (least <= Power.Not) return this.unary("not", Power.Not);
    }
    return this.refuseToken("a number, a name or '('");
  }

  /** From the first comma, or from the end where there is none, to what follows the parenthesis. */
  private tuple(start: number, operands: Expression[]): Expression {
    const scanner = this.scanner;
    const opened = { start, end: start + 1 };
    while (this.isAt(Token.Comma)) {
      scanner.next();
      if (!this.isAt(Token.Close)) operands.push(this.expression(Power.Conditional));
    }
    if (!this.isAt(Token.Close)) this.refuseUnclosed(opened);
    const { end } = scanner;
    scanner.next();
    return this.postfix(start, { type: "unsupported", start, end, construct: "a tuple", operands });
  }

  private unary(operator: UnaryOperator, power: number): Expression {
    const scanner = this.scanner;
    const { start } = scanner;
    scanner.next();
    const operand = this.expression(power);
    return { type: "unary", start, end: scanner.previousEnd, operator, operand };
  }

  private postfix(start: number, operand: Expression): Expression {
    const scanner = this.scanner;
    let result = operand;
    const depthBefore = this.depth;
    while (scanner.token === Token.Open || scanner.token === Token.Bang) {
      this.enter(scanner);
      this.count();
      if (scanner.token === Token.Bang) {
        const { end } = scanner;
        scanner.next();
        result = { type: "unary", start, end, operator: "!", operand: result };
      } else {
        const opened = { start: scanner.start, end: scanner.end };
        const list = this.arguments(opened);
        const { end } = scanner;
        scanner.next();
        result = { type: "call", start, end, callee: result, arguments: list };
      }
    }
    this.depth = depthBefore;
    return result;
  }

  private arguments(opened: Span): Expression[] {
    const scanner = this.scanner;
    const list: Expression[] = [];
    scanner.next();
    while (!this.isAt(Token.Close)) {
      list.push(this.expression(Power.Conditional));
      if (this.isAt(Token.Comma)) scanner.next();
      else if (!this.isAt(Token.Close)) this.refuseUnclosed(opened);
    }
    const { maxArguments } = this.limits;
    if (list.length > maxArguments) this.refuseLimit("limit-arguments", opened, list.length, maxArguments);
    return list;
  }

  // A comparison the compiler does not narrow by: reading a token changes it.
  private isAt(token: Token.Kind): boolean {
    return this.scanner.token === token;
  }

  /** One level deeper, where that is allowed. */
  private enter({ start, end, openCount }: Scanner): void {
    const { maxDepth } = this.limits;
    this.depth += 1;
    if (this.depth <= maxDepth) return;
    const isParentheses = openCount >= maxDepth;
    this.refuseLimit(isParentheses ? "limit-parentheses" : "limit-depth", { start, end }, this.depth, maxDepth);
  }

  private count(): void {
    this.nodeCount += 1;
    if (this.nodeCount <= this.limits.maxNodes) return;
    const { start, end } = this.scanner;
    this.refuseLimit("limit-nodes", { start, end }, this.nodeCount, this.limits.maxNodes);
  }

  private refuseToken(expected = "an operator or the end"): never {
    const { start, end, token } = this.scanner;
    if (token === Token.Close && this.scanner.openCount < 0) this.refuse("unmatched-bracket", start, end);
    return this.refuse(this.source.trim() === "" ? "empty" : "unexpected-token", start, end, {
      hint: `expected ${expected} here`,
    });
  }

  private refuseUnclosed(opened: Span): never {
    const { token, start } = this.scanner;
    if (token !== Token.End) return this.refuseToken("an operator, ',' or ')'");
    return this.refuse("unclosed-bracket", opened.start, opened.end, {
      related: { start, end: start },
      hint: "expected ')' at the end",
    });
  }

  refuse(code: ErrorCode, start: number, end: number, details: ErrorDetails = {}): never {
    if (this.isPython && this.explain !== undefined) throw this.explain(this.source, { start, end }, details);
    throw new ExpressionError(code, plainMessages[code] ?? "invalid syntax", this.source, { start, end }, details);
  }

  refuseLimit(code: keyof typeof limitMessages, span: Span, actual: number, limit: number): never {
    throw new ExpressionError(code, limitMessages[code](actual, limit), this.source, span);
  }
}

const plainMessages: Partial<Record<ErrorCode, string>> = {
  empty: "there is no expression",
  "invalid-character": "invalid character",
  "invalid-number": "invalid number",
  "unclosed-bracket": "'(' was never closed",
  "unmatched-bracket": "unmatched ')'",
};

const limitMessages = {
  "limit-depth": (actual: number, limit: number) => `expression is nested ${actual} deep, limit is ${limit}`,
  "limit-parentheses": () => "too many nested parentheses",
  "limit-nodes": (actual: number, limit: number) =>
    `expression has ${actual} operands and operators, limit is ${limit}`,
  "limit-name-length": (actual: number, limit: number) => `name is over ${actual - 1} characters, limit is ${limit}`,
  "limit-literal-digits": (actual: number, limit: number) =>
    `Exceeds the limit (${limit} digits) for integer string conversion: value has ${actual} digits; ` +
    "use sys.set_int_max_str_digits() to increase the limit - Consider hexadecimal for huge integer literals to avoid decimal conversion limits.",
  "limit-arguments": (actual: number, limit: number) => `call has ${actual} arguments, limit is ${limit}`,
} as const;
