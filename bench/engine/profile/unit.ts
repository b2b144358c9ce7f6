/** How values are shown that belong together: by a unit that suits the largest. */
export interface Unit {
  readonly name: string;
  text(value: number): string;
}

/** For microseconds. */
export function timeUnit(values: readonly number[]): Unit {
  const most = Math.max(0, ...values);
  if (most >= 10_000) return { name: "ms", text: (us) => threeDigits(us / 1000) };
  return most >= 1 ? { name: "µs", text: threeDigits } : { name: "ns", text: (us) => threeDigits(us * 1000) };
}

/** For bytes. */
export function byteUnit(values: readonly number[]): Unit {
  return Math.max(0, ...values) >= 100_000
    ? { name: "KiB", text: (bytes) => threeDigits(bytes / 1024) }
    : { name: "B", text: threeDigits };
}

/** Three digits that count, but no more than two behind the point. */
export function threeDigits(value: number): string {
  if (value >= 100) return value.toFixed(0);
  return value.toFixed(value >= 10 ? 1 : 2);
}

export function percent(part: number): string {
  return `${(100 * part).toFixed(part < 0.0995 ? 1 : 0)} %`;
}
