/**
 * How long to wait for a reply before a call is sent again: RFC 6298, with Karn's rule.
 *
 * A reply to a call that was sent more than once does not say which copy it answers, so it gives no sample. Perhaps the
 * network has become slow and every copy was superfluous: so the waiting time grows with each such call, towards the time that
 * let it succeed, until a call that was sent once gives a sample. It at most doubles at a time, because a few lost datagrams
 * look just the same.
 */
export class RoundTripEstimate {
  readonly #initialMs: number;
  readonly #minMs: number;
  readonly #maxMs: number;
  #smoothedMs: number | undefined;
  #variationMs = 0;
  #timeoutMs: number;

  constructor(options: { readonly initialMs: number; readonly minMs: number; readonly maxMs: number }) {
    this.#initialMs = options.initialMs;
    this.#minMs = options.minMs;
    this.#maxMs = options.maxMs;
    this.#timeoutMs = this.#initialMs;
  }

  /** How long to wait for a reply to a first copy, in milliseconds. */
  get timeoutMs(): number {
    return this.#timeoutMs;
  }

  /** The smoothed round-trip time; undefined until the first sample. */
  get smoothedMs(): number | undefined {
    return this.#smoothedMs;
  }

  /** A call that was sent once was answered after this long. */
  sample(roundTripMs: number): void {
    if (this.#smoothedMs === undefined) {
      this.#smoothedMs = roundTripMs;
      this.#variationMs = roundTripMs / 2;
    } else {
      this.#variationMs = 0.75 * this.#variationMs + 0.25 * Math.abs(this.#smoothedMs - roundTripMs);
      this.#smoothedMs = 0.875 * this.#smoothedMs + 0.125 * roundTripMs;
    }
    this.#timeoutMs = this.#clamp(this.#smoothedMs + 4 * this.#variationMs);
  }

  /** A call that was sent several times was answered while its last copy waited this long. */
  backOff(waitedMs: number): void {
    this.#timeoutMs = this.#clamp(Math.max(this.#timeoutMs, Math.min(waitedMs, 2 * this.#timeoutMs)));
  }

  #clamp(timeoutMs: number): number {
    return Math.min(this.#maxMs, Math.max(this.#minMs, timeoutMs));
  }
}
