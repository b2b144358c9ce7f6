import type { ComparisonOperator } from "./syntax-tree.ts";

/** Whether a comparison is true whose left side is below (negative), at (0) or above (positive) its right one. */
export function holds(operator: ComparisonOperator, order: number | bigint): boolean {
  switch (operator) {
    case "<":
      return order < 0;
    case "<=":
      return order <= 0;
    case ">":
      return order > 0;
    case ">=":
      return order >= 0;
    case "==":
      return Number(order) === 0;
    case "!=":
      return Number(order) !== 0;
  }
}
