import type { BinaryOperator, Expression, UnaryOperator } from "./syntax-tree.ts";

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

const atom = 140;
const unaryPower = 120;

const powers: Readonly<Record<BinaryOperator, number>> = {
  "|": 60,
  "^": 70,
  "&": 80,
  "<<": 90,
  ">>": 90,
  "+": 100,
  "-": 100,
  "*": 110,
  "/": 110,
  "//": 110,
  "%": 110,
  "@": 110,
  "**": 130,
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
      const [first, ...others] = node.operands.map((operand) => wrapped(operand, 60));
      const text = others.map((other, index) => ` ${node.operators[index]} ${other}`);
      return { text: first + text.join(""), power: 50 };
    }
    case "logical": {
      const power = node.operator === "or" ? 20 : 30;
      return { text: node.operands.map((operand) => wrapped(operand, power + 1)).join(` ${node.operator} `), power };
    }
    case "conditional": {
      const text = `${wrapped(node.consequent, 20)} if ${wrapped(node.condition, 20)} else ${wrapped(node.alternate, 10)}`;
      return { text, power: 10 };
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
  if (operator === "not") return { text: `not ${wrapped(operand, 40)}`, power: 40 };
  return { text: operator + wrapped(operand, unaryPower), power: unaryPower };
}

/** Left operands in a loop: a sum may be longer than the stack is deep. */
function binary(top: Expression & { readonly type: "binary" }): Written {
  const parts: string[] = [];
  let node: Expression = top;
  let least = 0;
  while (node.type === "binary" && powers[node.operator] >= least) {
    const power = powers[node.operator];
    const isPower = node.operator === "**";
    parts.push(wrapped(node.right, isPower ? unaryPower : power + 1), ` ${node.operator} `);
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
