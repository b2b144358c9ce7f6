// Tokens to a tree, by operator precedence (Pratt). One function recurses, and it counts how deep: the tree is never
// deeper than `maxDepth` except along left operands, which its readers walk in a loop.

import { treeActions, type Actions } from "./actions.ts";
import { ExpressionError } from "./expression-error.ts";
import { Scanner, type Language } from "./scanner.ts";
import type { BinaryOperator, ComparisonOperator, Expression, Span, UnaryOperator } from "./syntax-tree.ts";
import * as Token from "./token.ts";

/**
 * The tree of a text. Its numbers have no text of their own yet, which who evaluates it once can do without.
 * @throws {ExpressionError} when it is not an expression of the dialect, or too much of one.
 */
export function parseExpression(source: string, language: Language): Expression {
  return parseWith(source, language, treeActions);
}

/**
 * What the actions make of a text.
 * @throws {ExpressionError} when it is not an expression of the dialect, or too much of one.
 */
export function parseWith<Result>(source: string, language: Language, actions: Actions<Result>): Result {
  const { maxLength } = language.limits;
  if (source.length > maxLength) {
    const message = `expression is ${source.length} characters, limit is ${maxLength}`;
    throw new ExpressionError("limit-length", message, source, { start: maxLength, end: source.length });
  }
  return new Parser(source, language, actions).parse();
}

class Parser<Result> extends Scanner {
  private readonly actions: Actions<Result>;
  private depthLeft: number;
  private nodesLeft: number;

  constructor(source: string, language: Language, actions: Actions<Result>) {
    super(source, language);
    this.actions = actions;
    this.depthLeft = this.limits.maxDepth + 1;
    this.nodesLeft = this.limits.maxNodes;
  }

  parse(): Result {
    if (this.source.charCodeAt(0) <= 32) this.end = this.firstLine();
    this.next();
    const expression = this.expression(Token.Conditional);
    if (this.token !== Token.End) this.refuseToken();
    return expression;
  }

  /** Blank lines may stand before the expression, but Python takes a space after one for an indentation. */
  private firstLine(): number {
    const blank = /^[ \t\f\r\n]*/.exec(this.source)![0];
    const end = Math.max(blank.lastIndexOf("\n"), blank.lastIndexOf("\r")) + 1;
    if (end > 0 && end < blank.length && this.isPython) this.refuse("unexpected-token", end, end);
    return end;
  }

  /** An expression whose operators all hold at least as tightly as `least`, one level deeper in the tree. */
  private expression(least: number): Result {
    const { start } = this;
    this.enter();
    // The number, which is most operands, apart: what reads it is short enough for engines to put it in place of the call.
    let left = this.token === Token.Number ? this.number() : this.operand(least);
    while (this.token >= least) {
      const { token, operator } = this;
      if (token >= Token.BitOr) {
        this.next();
        // `**` takes a sign on its right and groups from the right; the others group from the left.
        const right = this.expression(token === Token.Exponent ? Token.Unary : token + 1);
        this.count();
        left = this.actions.binary(start, this.previousEnd, operator as BinaryOperator, left, right);
      } else if (token === Token.Comparison) left = this.comparison(start, left);
      else if (token === Token.Conditional) left = this.conditional(start, left);
      else left = this.logical(start, left, operator as "and" | "or", token);
    }
    this.depthLeft += 1;
    return left;
  }

  private comparison(start: number, first: Result): Result {
    const operators: ComparisonOperator[] = [];
    const operands = [first];
    while (this.token === Token.Comparison) {
      operators.push(this.operator as ComparisonOperator);
      this.next();
      operands.push(this.expression(Token.BitOr));
    }
    this.count();
    return this.actions.comparison(start, this.previousEnd, operators, operands);
  }

  private logical(start: number, first: Result, operator: "and" | "or", token: number): Result {
    const operands = [first];
    while (this.token === token) {
      this.next();
      operands.push(this.expression(token + 1));
    }
    this.count();
    return this.actions.logical(start, this.previousEnd, operator, operands);
  }

  /** `a if c else b`, or `c ? a : b`. */
  private conditional(start: number, first: Result): Result {
    const { isPython } = this;
    this.next();
    const second = this.expression(isPython ? Token.Or : Token.Conditional);
    this.expect(isPython ? Token.Else : Token.Colon, isPython ? "'else'" : "':'");
    const alternate = this.expression(Token.Conditional);
    this.count();
    const { previousEnd: end } = this;
    if (isPython) return this.actions.conditional(start, end, second, first, alternate);
    return this.actions.conditional(start, end, first, second, alternate);
  }

  private number(): Result {
    const { start } = this;
    this.count();
    const number = this.actions.number(this);
    this.next();
    return this.isAt(Token.Open) || this.isAt(Token.Bang) ? this.postfix(start, number) : number;
  }

  /** What else operators hold: a name, a sign and its operand, parentheses; and the calls after it. */
  private operand(least: number): Result {
    const { start, end, token } = this;
    this.count();
    switch (token) {
      case Token.Name: {
        const { name } = this;
        this.next();
        return this.postfix(start, this.actions.name(start, end, name, this.isAt(Token.Open)));
      }
      case Token.Open: {
        this.open();
        // Parentheses are no level of the tree, and have a count of their own.
        this.depthLeft += 1;
        const inner = this.isAt(Token.Close) ? undefined : this.expression(Token.Conditional);
        this.depthLeft -= 1;
        if (inner === undefined || !this.isAt(Token.Close)) return this.tuple(start, inner);
        this.next();
        return this.postfix(start, inner);
      }
      case Token.True:
      case Token.False:
        this.next();
        return this.postfix(start, this.actions.boolean(start, end, token === Token.True));
      case Token.String:
        this.next();
        return this.postfix(start, this.actions.unsupported(start, end, "a string", []));
      case Token.Sum:
        return this.unary(this.operator as "+" | "-", Token.Unary);
      case Token.Tilde:
        return this.unary("~", Token.Unary);
      case Token.Not:
        if (least <= Token.Inversion) return this.unary("not", Token.Inversion);
    }
    return this.refuseToken("a number, a name or '('");
  }

  private tuple(start: number, first: Result | undefined): Result {
    const operands = first === undefined ? [] : [first];
    this.list(start, operands);
    this.next();
    const end = this.previousEnd;
    if (!this.isPython) this.refuse("unexpected-token", start, end);
    return this.postfix(start, this.actions.unsupported(start, end, "a tuple", operands));
  }

  private unary(operator: UnaryOperator, power: number): Result {
    const { start } = this;
    this.next();
    const operand = this.expression(power);
    return this.actions.unary(start, this.previousEnd, operator, operand);
  }

  private postfix(start: number, operand: Result): Result {
    let result = operand;
    const depthBefore = this.depthLeft;
    while (this.token === Token.Open || this.token === Token.Bang) {
      this.enter();
      this.count();
      if (this.token === Token.Bang) {
        result = this.actions.unary(start, this.end, "!", result);
      } else {
        const opened = this.start;
        const operands: Result[] = [];
        this.open();
        this.list(opened, operands);
        const { maxArguments } = this.limits;
        if (operands.length > maxArguments) {
          const message = `call has ${operands.length} arguments, limit is ${maxArguments}`;
          this.refuseLimit("limit-arguments", message, { start: opened, end: opened + 1 });
        }
        result = this.actions.call(start, this.end, result, operands);
      }
      this.next();
    }
    this.depthLeft = depthBefore;
    return result;
  }

  private open(): void {
    if (this.openCount > this.limits.maxDepth) {
      this.refuseLimit("limit-parentheses", "too many nested parentheses", this.here());
    }
    this.next();
  }

  /** The rest of what is in the parentheses that begin at `opened`, up to the closing one. */
  private list(opened: number, operands: Result[]): void {
    while (!this.isAt(Token.Close)) {
      if (operands.length > 0) {
        if (!this.isAt(Token.Comma)) this.refuseUnclosed(opened);
        this.next();
        if (this.isAt(Token.Close)) break;
      }
      operands.push(this.expression(Token.Conditional));
    }
  }

  /** Takes a token that has to be there. */
  private expect(token: number, description: string): void {
    if (this.token !== token) this.refuseToken(description);
    this.next();
  }

  // A comparison that the compiler does not narrow by: reading a token changes it.
  private isAt(token: number): boolean {
    return this.token === token;
  }

  /** One level deeper, where that is allowed. The refusals are apart so that this and `count` are short enough to inline. */
  private enter(): void {
    if (--this.depthLeft < 0) this.refuseDepth();
  }

  private count(): void {
    if (--this.nodesLeft < 0) this.refuseNodes();
  }

  private refuseDepth(): never {
    const { maxDepth } = this.limits;
    const message = `expression is nested ${maxDepth + 1} deep, limit is ${maxDepth}`;
    return this.refuseLimit("limit-depth", message, this.here());
  }

  private refuseNodes(): never {
    const { maxNodes } = this.limits;
    const message = `expression has ${maxNodes + 1} operands and operators, limit is ${maxNodes}`;
    return this.refuseLimit("limit-nodes", message, this.here());
  }

  private here(): Span {
    return { start: this.start, end: this.end };
  }

  private refuseToken(expected = "an operator or the end"): never {
    const { start, end, token } = this;
    if (token === Token.Close && this.openCount < 0) this.refuse("unmatched-bracket", start, end);
    const code = this.source.trim() === "" ? "empty" : "unexpected-token";
    return this.refuse(code, start, end, { hint: `expected ${expected} here` });
  }

  private refuseUnclosed(opened: number): never {
    const { token, start } = this;
    if (token !== Token.End) return this.refuseToken("an operator, ',' or ')'");
    return this.refuse("unclosed-bracket", opened, opened + 1, { related: { start, end: start } });
  }
}
