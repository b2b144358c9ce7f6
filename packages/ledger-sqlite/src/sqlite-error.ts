/** https://www.sqlite.org/rescode.html */
const SQLITE_BUSY = 5;
const SQLITE_FULL = 13;

/** Whether another connection holds a lock that was needed: nothing was done. */
export function isBusy(error: unknown): boolean {
  return primaryCode(error) === SQLITE_BUSY;
}

/**
 * Whether the disk had no room: the transaction was not committed and never will be, because what is missing of it is its
 * last frame. It takes the whole code; an fsync that finds no room is SQLITE_IOERR_FSYNC, and nobody knows.
 */
export function isFull(error: unknown): boolean {
  return error instanceof Error && "errcode" in error && error.errcode === SQLITE_FULL;
}

function primaryCode(error: unknown): number | undefined {
  const isCoded = error instanceof Error && "errcode" in error && typeof error.errcode === "number";
  return isCoded ? (error.errcode as number) & 0xff : undefined;
}
