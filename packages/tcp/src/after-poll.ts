/**
 * Calls this once everything has been read that the network had brought until now. A process that was held up, by its own
 * work or by other processes, must not take for silence what is only unread: its timers run before it reads.
 */
export function afterPoll(act: () => void): void {
  // An immediate that is set during a poll runs right behind that poll; the second one has a whole poll before it.
  setImmediate(() => setImmediate(act));
}
