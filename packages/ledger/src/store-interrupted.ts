/**
 * - `OUTCOME_UNKNOWN`: the store cannot tell whether the command took effect. `settle` under the same id tells, or the same
 *   command again.
 * - `STORE_UNAVAILABLE`: the store cannot be reached, and the read did nothing.
 * - `STORE_BUSY`: too much waits for the store, and the read did nothing.
 */
export type StoreInterruptedCode = "OUTCOME_UNKNOWN" | "STORE_UNAVAILABLE" | "STORE_BUSY";

/** A call got no answer, but the ledger goes on: the next may. After any other error it answers nothing more. */
export class StoreInterruptedError extends Error {
  override readonly name = "StoreInterruptedError";
  readonly code: StoreInterruptedCode;

  constructor(code: StoreInterruptedCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}
