/** How a client ends; a pipe of several requests ends with the highest. Servers use 0, 1 (failed) and 2. */
export const EXIT: {
  /** An answer came. */
  readonly answered: 0;
  /** The answer is a refusal or an error. */
  readonly refused: 1;
  /** The command line makes no sense. */
  readonly usage: 2;
  /** No answer came: nobody is there, or whether it was executed is unknown. */
  readonly noAnswer: 3;
  /** The server did not take the request; the same may work later. */
  readonly tryAgain: 4;
} = { answered: 0, refused: 1, usage: 2, noAnswer: 3, tryAgain: 4 };
