/** The value that as many are below as above. */
export function median(values: readonly number[]): number {
  return quantile(values, 0.5);
}

/** The value that this part of the values is below, 0 to 1; between two values, in proportion. NaN of no values. */
export function quantile(values: readonly number[], part: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  const at = part * (sorted.length - 1);
  const below = sorted[Math.floor(at)] ?? Number.NaN;
  const above = sorted[Math.ceil(at)] ?? Number.NaN;
  return below + (above - below) * (at - Math.floor(at));
}

/** The mean of values that are factors. */
export function geometricMean(values: readonly number[]): number {
  return Math.exp(values.reduce((sum, value) => sum + Math.log(value), 0) / values.length);
}

const RESAMPLES = 1000;

/**
 * Where the median of such values lies, 19 times in 20: the bootstrap's percentile interval (Efron 1979), of medians of as many values
 * drawn from these with replacement. Equal values give equal intervals.
 */
export function medianInterval(values: readonly number[]): { readonly low: number; readonly high: number } {
  const next = randomNumbers(1);
  const draw = () => values[Math.floor(next() * values.length)]!;
  const medians = Array.from({ length: RESAMPLES }, () => median(Array.from(values, draw)));
  return { low: quantile(medians, 0.025), high: quantile(medians, 0.975) };
}

/** Numbers from 0 to 1, always the same ones: a xorshift generator (Marsaglia 2003). */
function randomNumbers(seed: number): () => number {
  let state = seed;
  return () => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) / 2 ** 32;
  };
}
