/**
 * Gives the memory of a read back at once. Left to the garbage collector, 64 MiB of it pile up between two collections; each read then gets
 * memory that no cache holds, and what starts a collection is a load that the collector does not see, so that it goes over all that the
 * program has loaded. Only memory that the read has to itself: in a pool there are others beside it.
 */
export function releaseRead({ buffer, byteLength }: Uint8Array): void {
  if (buffer instanceof ArrayBuffer && buffer.byteLength === byteLength) buffer.transfer(0);
}
