import type { Expression } from "./syntax-tree.ts";

/**
 * Calls `visit` for every node, operands before what holds them, in the order of evaluation. Uses no recursion, so a
 * tree of any depth is fine.
 */
export function walk(tree: Expression, visit: (node: Expression) => void): void {
  const pending: { readonly node: Expression; readonly isDone: boolean }[] = [{ node: tree, isDone: false }];
  for (let next = pending.pop(); next !== undefined; next = pending.pop()) {
    const { node, isDone } = next;
    const operands = isDone ? [] : operandsOf(node);
    if (operands.length === 0) {
      visit(node);
      continue;
    }
    pending.push({ node, isDone: true });
    for (const operand of operands.toReversed()) pending.push({ node: operand, isDone: false });
  }
}

/** The nodes directly below this one, in the order of evaluation. */
function operandsOf(node: Expression): readonly Expression[] {
  switch (node.type) {
    case "number":
    case "boolean":
    case "name":
      return [];
    case "unary":
      return [node.operand];
    case "binary":
      return [node.left, node.right];
    case "conditional":
      return [node.condition, node.consequent, node.alternate];
    case "call":
      return [node.callee, ...node.arguments];
    case "comparison":
    case "logical":
    case "unsupported":
      return node.operands;
  }
}

/** Makes a tree for callers: its numbers have their text, and nobody can change it. */
export function freezeTree(source: string, tree: Expression): Expression {
  walk(tree, (node) => {
    if (node.type === "number") (node as { text: string }).text = source.slice(node.start, node.end);
    for (const part of Object.values(node)) if (Array.isArray(part)) Object.freeze(part);
    Object.freeze(node);
  });
  return tree;
}

/** The names in a tree that are not called, each once, in order of appearance. */
export function namesIn(tree: Expression): readonly string[] {
  const names = new Set<string>();
  const called = new Set<Expression>();
  walk(tree, (node) => {
    if (node.type === "call") called.add(node.callee);
  });
  walk(tree, (node) => {
    if (node.type === "name" && !called.has(node)) names.add(node.name);
  });
  return [...names];
}
