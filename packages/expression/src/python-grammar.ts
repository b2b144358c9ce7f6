// The expressions of Python, recognised as CPython 3.11's parser does. It builds no tree: a rule gives where its match
// ends and what kind of expression that was, or undefined.
//
// CPython parses twice: once with its grammar, and where that fails again with rules that exist to explain common
// mistakes ("Perhaps you forgot a comma?"). Which error is reported depends on the order in which both passes try things
// and on how far each has read, so this follows the rules of Grammar/python.gram one by one. They are one class of many
// small methods because every rule calls most others.

import type { OpenBracket, PythonFault, PythonToken } from "./python-tokens.ts";
import type { Span } from "./syntax-tree.ts";

/** Thrown from the depth of the grammar once it is known what is wrong. */
export class Found {
  readonly fault: PythonFault;
  constructor(fault: PythonFault) {
    this.fault = fault;
  }
}

/** The fault of a bracket that the text ends in. */
export function neverClosed({ text, start, end }: OpenBracket, at: Span): PythonFault {
  const related = { start: at.start, end: at.start };
  return { code: "unclosed-bracket", message: `'${text}' was never closed`, start, end, related };
}

/** What CPython calls an expression that it cannot assign to. */
type Kind =
  | "literal"
  | "name"
  | "True"
  | "False"
  | "None"
  | "ellipsis"
  | "expression"
  | "comparison"
  | "conditional expression"
  | "function call"
  | "attribute"
  | "subscript"
  | "tuple"
  | "list"
  | "dict literal"
  | "set display"
  | "generator expression"
  | "list comprehension"
  | "lambda"
  | "starred";

/** Tokens from the rule's start up to `end` match. */
interface Match {
  readonly end: number;
  readonly kind: Kind;
}

type Rule = (at: number) => Match | undefined;

/** One pass over the tokens of a text. */
export class Grammar {
  /** Index of the last token that any rule has looked at. */
  furthest = 0;
  readonly #tokens: readonly PythonToken[];
  readonly #open: readonly OpenBracket[];
  #isExplaining: boolean;
  #depth = 0;
  readonly #memos = new Map<string, Map<number, Match | undefined>>();

  constructor(tokens: readonly PythonToken[], open: readonly OpenBracket[], isExplaining: boolean) {
    this.#tokens = tokens;
    this.#open = open;
    this.#isExplaining = isExplaining;
  }

  /** eval: expressions NEWLINE* ENDMARKER */
  isExpression(): boolean {
    const first = this.#commaSeparated(0, (next) => this.#expression(next));
    if (first === undefined) return false;
    let at = first.end;
    if (this.#is(at, ",")) at += 1;
    while (this.#token(at).kind === "newline") at += 1;
    return this.#token(at).kind === "end";
  }

  #token(at: number): PythonToken {
    if (at > this.furthest) this.furthest = at;
    const token = this.#tokens[at]!;
    if (token.fault !== undefined) throw new Found(token.fault);
    if (token.kind === "eof") throw new Found(neverClosed(this.#open.at(-1)!, token));
    return token;
  }

  #is(at: number, text: string): boolean {
    const { kind, text: actual } = this.#token(at);
    return actual === text && (kind === "symbol" || kind === "keyword");
  }

  #isName(at: number): boolean {
    return this.#token(at).kind === "name";
  }

  #raise(code: PythonFault["code"], message: string, from: number, end: number): never {
    throw new Found({ code, message, start: this.#tokens[from]!.start, end: this.#tokens[end - 1]!.end });
  }

  #memo(name: string, at: number, rule: Rule): Match | undefined {
    let memo = this.#memos.get(name);
    if (memo === undefined) this.#memos.set(name, (memo = new Map()));
    if (memo.has(at)) return memo.get(at);
    const match = rule(at);
    memo.set(at, match);
    return match;
  }

  /** One or more, separated by commas; a comma at the end is not part of it. */
  #commaSeparated(at: number, rule: Rule): Match | undefined {
    let match = rule(at);
    while (match !== undefined && this.#is(match.end, ",")) {
      const next: Match | undefined = rule(match.end + 1);
      if (next === undefined) break;
      match = next;
    }
    return match;
  }

  #expression(at: number): Match | undefined {
    this.#depth += 1;
    if (this.#depth > maxDepth) {
      this.#raise("limit-depth", `expression is nested over ${maxDepth} deep`, at, at + 1);
    }
    const match = this.#memo("expression", at, (start) => this.#expressionRule(start));
    this.#depth -= 1;
    return match;
  }

  #expressionRule(at: number): Match | undefined {
    if (this.#isExplaining) {
      this.#invalidExpression(at);
      this.#invalidLegacyExpression(at);
    }
    const first = this.#disjunction(at);
    if (first !== undefined && this.#is(first.end, "if")) {
      const condition = this.#disjunction(first.end + 1);
      if (condition !== undefined && this.#is(condition.end, "else")) {
        const alternate = this.#expression(condition.end + 1);
        if (alternate !== undefined) return { end: alternate.end, kind: "conditional expression" };
      }
    }
    return first ?? this.#lambda(at);
  }

  #invalidExpression(at: number): void {
    // CPython compares only as many letters as the name has, so that `c` and `mat` count as soft keywords too.
    const { text } = this.#token(at);
    const isSoftKeyword = this.#isName(at) && ["_", "case", "match"].some((word) => word.startsWith(text));
    if (!(this.#isName(at) && (this.#token(at + 1).kind === "string" || isSoftKeyword))) {
      const first = this.#disjunction(at);
      const second = first && this.#expressionWithoutExplaining(first.end);
      if (second !== undefined && !this.#isLegacyStatement(at, first!) && this.#tokens[second.end - 1]!.level > 0) {
        this.#raise("missing-comma", "invalid syntax. Perhaps you forgot a comma?", at, second.end);
      }
    }
    const first = this.#disjunction(at);
    if (first === undefined || !this.#is(first.end, "if")) return;
    const condition = this.#disjunction(first.end + 1);
    if (condition === undefined || this.#is(condition.end, "else") || this.#is(condition.end, ":")) return;
    this.#raise("missing-else", "expected 'else' after 'if' expression", at, condition.end);
  }

  #expressionWithoutExplaining(at: number): Match | undefined {
    const before = this.#isExplaining;
    this.#isExplaining = false;
    const match = this.#expression(at);
    this.#isExplaining = before;
    return match;
  }

  #isLegacyStatement(at: number, match: Match): boolean {
    return match.end === at + 1 && this.#isName(at) && ["print", "exec"].includes(this.#tokens[at]!.text);
  }

  #invalidLegacyExpression(at: number): void {
    if (!this.#isName(at) || this.#is(at + 1, "(")) return;
    const list = this.#commaSeparated(at + 1, (next) => this.#starExpression(next));
    const name = this.#tokens[at]!.text;
    if (list === undefined || !this.#isLegacyStatement(at, { end: at + 1, kind: "name" })) return;
    this.#raise(
      "unexpected-token",
      `Missing parentheses in call to '${name}'. Did you mean ${name}(...)?`,
      at,
      list.end,
    );
  }

  #starExpression(at: number): Match | undefined {
    return this.#is(at, "*") ? this.#starred(at, (next) => this.#bitwiseOr(next)) : this.#expression(at);
  }

  #starred(at: number, rule: Rule): Match | undefined {
    if (!this.#is(at, "*")) return undefined;
    const match = rule(at + 1);
    return match && { end: match.end, kind: "starred" };
  }

  #lambda(at: number): Match | undefined {
    if (!this.#is(at, "lambda")) return undefined;
    let next = at + 1;
    while (this.#isName(next) || ["*", "**", ",", "/"].some((symbol) => this.#is(next, symbol))) {
      next += 1;
      if (!this.#isName(next - 1) || !this.#is(next, "=")) continue;
      const fallback = this.#expression(next + 1);
      if (fallback === undefined) return undefined;
      next = fallback.end;
    }
    const body = this.#is(next, ":") ? this.#expression(next + 1) : undefined;
    return body && { end: body.end, kind: "lambda" };
  }

  /** disjunction and conjunction: inversions between `or` and `and`. */
  #disjunction(at: number): Match | undefined {
    return this.#memo("disjunction", at, (start) =>
      this.#chain(
        start,
        (operand) => this.#inversion(operand),
        (next) => (this.#is(next, "or") || this.#is(next, "and") ? 1 : 0),
        "expression",
      ),
    );
  }

  /** Operands of one rule and what may stand between them; `operatorLength` gives 0 where nothing may. */
  #chain(at: number, rule: Rule, operatorLength: (at: number) => number, kind: Kind): Match | undefined {
    let match = rule(at);
    while (match !== undefined) {
      const length = operatorLength(match.end);
      if (length === 0) break;
      const next: Match | undefined = rule(match.end + length);
      if (next === undefined) break;
      match = { end: next.end, kind };
    }
    return match;
  }

  #inversion(at: number): Match | undefined {
    let operand = at;
    while (this.#is(operand, "not")) operand += 1;
    const match = this.#chain(
      operand,
      (next) => this.#bitwiseOr(next),
      (next) => this.#comparisonLength(next),
      "comparison",
    );
    return match && operand > at ? { end: match.end, kind: "expression" } : match;
  }

  #comparisonLength(at: number): number {
    if (["==", "!=", "<=", "<", ">=", ">", "in"].some((operator) => this.#is(at, operator))) return 1;
    if (this.#is(at, "not") && this.#is(at + 1, "in")) return 2;
    if (this.#is(at, "is")) return this.#is(at + 1, "not") ? 2 : 1;
    return 0;
  }

  /** bitwise_or down to factor: one flat run of factors recognises the same texts as their eight levels do. */
  #bitwiseOr(at: number): Match | undefined {
    return this.#memo("bitwise_or", at, (start) =>
      this.#chain(
        start,
        (next) => this.#factor(next),
        (next) => (operators.has(this.#token(next).text) ? 1 : 0),
        "expression",
      ),
    );
  }

  #factor(at: number): Match | undefined {
    let operand = at;
    while (["+", "-", "~"].some((sign) => this.#is(operand, sign))) operand += 1;
    const match = this.#primary(operand);
    return match && operand > at ? { end: match.end, kind: "expression" } : match;
  }

  #primary(at: number): Match | undefined {
    return this.#memo("primary", at, (next) => this.#primaryRule(next));
  }

  #primaryRule(at: number): Match | undefined {
    let match = this.#atom(this.#is(at, "await") ? at + 1 : at);
    while (match !== undefined) {
      const next = this.#trailer(match.end);
      if (next === undefined) break;
      match = next;
    }
    return match;
  }

  /** What may follow an atom: `.name`, `(arguments)`, `[slices]`. */
  #trailer(at: number): Match | undefined {
    if (this.#is(at, ".")) return this.#isName(at + 1) ? { end: at + 2, kind: "attribute" } : undefined;
    if (this.#is(at, "(")) {
      const generator = this.#generator(at);
      if (generator !== undefined) return { end: generator.end, kind: "function call" };
      const list = this.#arguments(at + 1);
      const close = list?.end ?? at + 1;
      return this.#is(close, ")") ? { end: close + 1, kind: "function call" } : undefined;
    }
    if (!this.#is(at, "[")) return undefined;
    const slices = this.#commaSeparated(at + 1, (next) => this.#slice(next));
    if (slices === undefined) return undefined;
    const close = this.#is(slices.end, ",") ? slices.end + 1 : slices.end;
    return this.#is(close, "]") ? { end: close + 1, kind: "subscript" } : undefined;
  }

  #slice(at: number): Match | undefined {
    const from = this.#expression(at);
    let end = from?.end ?? at;
    if (!this.#is(end, ":")) return this.#namedExpression(at) ?? this.#starred(at, (next) => this.#bitwiseOr(next));
    end = this.#expression(end + 1)?.end ?? end + 1;
    if (this.#is(end, ":")) end = this.#expression(end + 1)?.end ?? end + 1;
    return { end, kind: "expression" };
  }

  #atom(at: number): Match | undefined {
    const { kind, text } = this.#token(at);
    if (kind === "name") return { end: at + 1, kind: "name" };
    if (kind === "number") return { end: at + 1, kind: "literal" };
    if (kind === "keyword" && (text === "True" || text === "False" || text === "None"))
      return { end: at + 1, kind: text };
    if (kind === "string") {
      let end = at + 1;
      while (this.#token(end).kind === "string") end += 1;
      return { end, kind: "literal" };
    }
    if (kind !== "symbol") return undefined;
    if (text === "(") return this.#tuple(at) ?? this.#group(at) ?? this.#generator(at);
    if (text === "[") return this.#display(at, "]", "list") ?? this.#comprehension(at, "]", "list comprehension");
    if (text === "{")
      return (
        this.#dictionary(at) ?? this.#display(at, "}", "set display") ?? this.#comprehension(at, "}", "set display")
      );
    return text === "..." ? { end: at + 1, kind: "ellipsis" } : undefined;
  }

  #tuple(at: number): Match | undefined {
    if (this.#is(at + 1, ")")) return { end: at + 2, kind: "tuple" };
    const first = this.#starNamedExpression(at + 1);
    if (first === undefined || !this.#is(first.end, ",")) return undefined;
    let { end } = this.#commaSeparated(first.end + 1, (next) => this.#starNamedExpression(next)) ?? {
      end: first.end + 1,
    };
    if (this.#is(end, ",")) end += 1;
    return this.#is(end, ")") ? { end: end + 1, kind: "tuple" } : undefined;
  }

  #group(at: number): Match | undefined {
    const inner = this.#namedExpression(at + 1);
    if (inner !== undefined && this.#is(inner.end, ")")) return { end: inner.end + 1, kind: inner.kind };
    if (this.#isExplaining) {
      const starred = this.#starred(at + 1, (next) => this.#expression(next));
      if (starred !== undefined && this.#is(starred.end, ")")) {
        this.#raise("starred-expression", "cannot use starred expression here", at + 1, starred.end);
      }
      const double = this.#is(at + 1, "**") ? this.#expression(at + 2) : undefined;
      if (double !== undefined && this.#is(double.end, ")")) {
        this.#raise("starred-expression", "cannot use double starred expression here", at + 1, at + 2);
      }
    }
    return undefined;
  }

  #generator(at: number): Match | undefined {
    const element = this.#assignmentExpression(at + 1) ?? this.#expression(at + 1);
    const clauses = element && this.#forIfClauses(element.end);
    if (clauses !== undefined && this.#is(clauses.end, ")"))
      return { end: clauses.end + 1, kind: "generator expression" };
    return undefined;
  }

  #display(at: number, close: string, kind: Kind): Match | undefined {
    if (close === "]" && this.#is(at + 1, close)) return { end: at + 2, kind };
    const list = this.#commaSeparated(at + 1, (next) => this.#starNamedExpression(next));
    if (list === undefined) return undefined;
    const end = this.#is(list.end, ",") ? list.end + 1 : list.end;
    return this.#is(end, close) ? { end: end + 1, kind } : undefined;
  }

  #comprehension(at: number, close: string, kind: Kind): Match | undefined {
    const element = this.#namedExpression(at + 1);
    const clauses = element && this.#forIfClauses(element.end);
    return clauses !== undefined && this.#is(clauses.end, close) ? { end: clauses.end + 1, kind } : undefined;
  }

  #dictionary(at: number): Match | undefined {
    if (this.#is(at + 1, "}")) return { end: at + 2, kind: "dict literal" };
    const pairs = this.#commaSeparated(at + 1, (next) => this.#pair(next));
    if (pairs === undefined) return undefined;
    const end = this.#forIfClauses(pairs.end)?.end ?? (this.#is(pairs.end, ",") ? pairs.end + 1 : pairs.end);
    return this.#is(end, "}") ? { end: end + 1, kind: "dict literal" } : undefined;
  }

  #pair(at: number): Match | undefined {
    if (this.#is(at, "**")) return this.#bitwiseOr(at + 1);
    const key = this.#expression(at);
    return key !== undefined && this.#is(key.end, ":") ? this.#expression(key.end + 1) : undefined;
  }

  #forIfClauses(at: number): Match | undefined {
    let match: Match | undefined;
    for (let next = at; ; next = match.end) {
      const target = this.#is(this.#is(next, "async") ? next + 1 : next, "for")
        ? this.#commaSeparated(next + 1, (part) => this.#primary(part))
        : undefined;
      let source = target !== undefined && this.#is(target.end, "in") ? this.#disjunction(target.end + 1) : undefined;
      while (source !== undefined && this.#is(source.end, "if")) source = this.#disjunction(source.end + 1);
      if (source === undefined) return match;
      match = source;
    }
  }

  #starNamedExpression(at: number): Match | undefined {
    return this.#is(at, "*") ? this.#starred(at, (next) => this.#bitwiseOr(next)) : this.#namedExpression(at);
  }

  #assignmentExpression(at: number): Match | undefined {
    if (!this.#isName(at) || !this.#is(at + 1, ":=")) return undefined;
    const value = this.#expression(at + 2);
    return value && { end: value.end, kind: "expression" };
  }

  #namedExpression(at: number): Match | undefined {
    const assignment = this.#assignmentExpression(at);
    if (assignment !== undefined) return assignment;
    if (this.#isExplaining) this.#memo("invalid_named_expression", at, (next) => this.#invalidNamedExpression(next));
    const match = this.#expression(at);
    return match !== undefined && !this.#is(match.end, ":=") ? match : undefined;
  }

  #invalidNamedExpression(at: number): undefined {
    const whole = this.#expression(at);
    if (whole !== undefined && this.#is(whole.end, ":=") && this.#expression(whole.end + 1) !== undefined) {
      this.#raise("assignment", `cannot use assignment expressions with ${whole.kind}`, at, whole.end);
    }
    const isPlainName = this.#isName(at) && this.#is(at + 1, "=");
    const target = isPlainName ? { end: at + 1, kind: "name" as const } : this.#bitwiseOr(at);
    if (target === undefined || !this.#is(target.end, "=")) return;
    if (["list", "tuple", "generator expression", "True", "False", "None"].includes(target.kind)) return;
    const value = this.#bitwiseOr(target.end + 1);
    if (value === undefined || this.#is(value.end, "=") || this.#is(value.end, ":=")) return;
    if (isPlainName) {
      this.#raise("assignment", "invalid syntax. Maybe you meant '==' or ':=' instead of '='?", at, value.end);
    }
    this.#raise(
      "assignment",
      `cannot assign to ${target.kind} here. Maybe you meant '==' instead of '='?`,
      at,
      target.end,
    );
  }

  #arguments(at: number): Match | undefined {
    const list = this.#argumentList(at);
    if (list !== undefined) {
      const end = this.#is(list.end, ",") ? list.end + 1 : list.end;
      if (this.#is(end, ")")) return { end, kind: "expression" };
    }
    if (this.#isExplaining) this.#invalidArguments(at, list);
    return undefined;
  }

  /** args: positional and starred arguments, then keyword arguments. */
  #argumentList(at: number): Match | undefined {
    const positional = this.#commaSeparated(at, (next) => this.#positional(next));
    if (positional === undefined) return this.#keywordArguments(at);
    if (!this.#is(positional.end, ",")) return positional;
    return this.#keywordArguments(positional.end + 1) ?? positional;
  }

  #positional(at: number): Match | undefined {
    if (this.#is(at, "*")) return this.#starred(at, (next) => this.#expression(next));
    const match = this.#assignmentExpression(at) ?? this.#expression(at);
    return match === undefined || this.#is(match.end, ":=") || this.#is(match.end, "=") ? undefined : match;
  }

  #keywordArguments(at: number): Match | undefined {
    const starred = this.#commaSeparated(at, (next) => this.#keyword(next, "*"));
    if (starred === undefined) return this.#commaSeparated(at, (next) => this.#keyword(next, "**"));
    if (!this.#is(starred.end, ",")) return starred;
    return this.#commaSeparated(starred.end + 1, (next) => this.#keyword(next, "**")) ?? starred;
  }

  #keyword(at: number, stars: "*" | "**"): Match | undefined {
    if (this.#isExplaining) this.#invalidKeyword(at);
    if (this.#isName(at) && this.#is(at + 1, "=")) return this.#expression(at + 2);
    return this.#is(at, stars) ? this.#expression(at + 1) : undefined;
  }

  #invalidKeyword(at: number): void {
    const { text } = this.#token(at);
    if (["True", "False", "None"].includes(text) && this.#is(at + 1, "=")) {
      this.#raise("assignment", `cannot assign to ${text}`, at, at + 2);
    }
    if (this.#isName(at) && this.#is(at + 1, "=")) return;
    const match = this.#expression(at);
    if (match === undefined || !this.#is(match.end, "=")) return;
    this.#raise("assignment", 'expression cannot contain assignment, perhaps you meant "=="?', at, match.end + 1);
  }

  #invalidArguments(at: number, list: Match | undefined): void {
    if (list !== undefined && this.#is(list.end, ",") && this.#is(list.end + 1, "*")) {
      const message = "iterable argument unpacking follows keyword argument unpacking";
      this.#raise("starred-expression", message, at, list.end);
    }
    for (const element of [this.#expression(at), list]) {
      if (element === undefined || this.#forIfClauses(element.end) === undefined) continue;
      this.#raise("unexpected-token", "Generator expression must be parenthesized", at, element.end);
    }
    if (list === undefined || !this.#is(list.end, ",") || this.#argumentList(list.end + 1) === undefined) return;
    const isUnpacking = this.#tokens.slice(at, list.end).some(({ text }) => text === "**");
    const message = `positional argument follows keyword argument${isUnpacking ? " unpacking" : ""}`;
    this.#raise("unexpected-token", message, at, list.end);
  }
}

/** More than the 200 brackets that CPython allows, and few enough for any stack. */
const maxDepth = 210;

const operators = new Set(["|", "^", "&", "<<", ">>", "+", "-", "*", "/", "//", "%", "@", "**"]);
