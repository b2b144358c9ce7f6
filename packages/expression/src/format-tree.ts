import type { BinaryOperator, Expression, UnaryOperator } from "./syntax-tree.ts";
import * as Token from "./token.ts";

/**
 * The text of a tree in the python dialect, with one space around operators and only the parentheses that are needed:
 * parsing it gives the same tree again, but for spans. A factorial, which Python has no sign for, is written with `!`.
 */
export function format(tree: Expression): string {
  return write(tree).text;
}

interface Written {
  readonly text: string;
  /** How tightly the outermost operator holds. */
  readonly power: number;
}

const atom = Token.Exponent + 1;

const powers: Readonly<Record<BinaryOperator, number>> = {
  "|": Token.BitOr,
  "^": Token.BitXor,
  "&": Token.BitAnd,
  "<<": Token.Shift,
  ">>": Token.Shift,
  "+": Token.Sum,
  "-": Token.Sum,
  "*": Token.Product,
  "/": Token.Product,
  "//": Token.Product,
  "%": Token.Product,
  "@": Token.Product,
  "**": Token.Exponent,
};

function write(node: Expression): Written {
  switch (node.type) {
    case "number":
      return { text: node.text, power: atom };
    case "boolean":
      return { text: node.value ? "True" : "False", power: atom };
    case "name":
      return { text: node.name, power: atom };
    case "unary":
      return unary(node.operator, node.operand);
    case "binary":
      return binary(node);
    case "comparison": {
      const [first, ...others] = node.operands.map((operand) => wrapped(operand, Token.BitOr));
      const text = others.map((other, index) => ` ${node.operators[index]} ${other}`);
      return { text: first + text.join(""), power: Token.Comparison };
    }
    case "logical": {
      const power = node.operator === "or" ? Token.Or : Token.And;
      return { text: node.operands.map((operand) => wrapped(operand, power + 1)).join(` ${node.operator} `), power };
    }
    case "conditional": {
      const text = `${wrapped(node.consequent, Token.Or)} if ${wrapped(node.condition, Token.Or)} else ${wrapped(node.alternate, Token.Conditional)}`;
      return { text, power: Token.Conditional };
    }
    case "call": {
      const values = node.arguments.map((argument) => format(argument));
      return { text: `${wrapped(node.callee, atom)}(${values.join(", ")})`, power: atom };
    }
    case "unsupported": {
      if (node.construct === "a string") return { text: '""', power: atom };
      const values = node.operands.map((operand) => format(operand));
      return { text: values.length === 1 ? `(${values[0]},)` : `(${values.join(", ")})`, power: atom };
    }
  }
}

function unary(operator: UnaryOperator, operand: Expression): Written {
  if (operator === "!") return { text: `${wrapped(operand, atom)}!`, power: atom };
  if (operator === "not") return { text: `not ${wrapped(operand, Token.Inversion)}`, power: Token.Inversion };
  return { text: operator + wrapped(operand, Token.Unary), power: Token.Unary };
}

/** Left operands in a loop: a sum may be longer than the stack is deep. */
function binary(top: Expression & { readonly type: "binary" }): Written {
  const parts: string[] = [];
  let node: Expression = top;
  let least = 0;
  while (node.type === "binary" && powers[node.operator] >= least) {
    const power = powers[node.operator];
    const isPower = node.operator === "**";
    parts.push(wrapped(node.right, isPower ? Token.Unary : power + 1), ` ${node.operator} `);
    node = node.left;
    least = isPower ? atom : power;
  }
  parts.push(wrapped(node, least));
  return { text: parts.toReversed().join(""), power: powers[top.operator] };
}

function wrapped(node: Expression, least: number): string {
  const { text, power } = write(node);
  return power < least ? `(${text})` : text;
}
