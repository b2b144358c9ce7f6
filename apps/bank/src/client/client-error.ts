/** No answer came. `delivery` says whether the request may have been executed. */
export class BankClientError extends Error {
  override readonly name = "BankClientError";
  /**
   * "not-sent": it was not executed and may be sent again. "rejected": neither, and the server is there; it may work later.
   * "unknown": it may have been executed; look before repeating.
   */
  readonly delivery: "not-sent" | "rejected" | "unknown";
  /** The id of a write in bank/1: with it the outcome can be found out later. */
  readonly id: string | undefined;

  constructor(
    delivery: BankClientError["delivery"],
    message: string,
    options?: ErrorOptions & { readonly id?: string },
  ) {
    super(message, options);
    this.delivery = delivery;
    this.id = options?.id;
  }
}
