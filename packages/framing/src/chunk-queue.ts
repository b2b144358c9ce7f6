/**
 * Chunks that were pushed and not looked at yet, with their bytes. Nearly always it is one, taken right after it was pushed;
 * that one has a place of its own, because pushing to an empty array takes memory for seventeen.
 */
export class ChunkQueue {
  #first: Uint8Array | undefined;
  readonly #rest: Uint8Array[] = [];
  #bytes = 0;

  get bytes(): number {
    return this.#bytes;
  }

  push(chunk: Uint8Array): void {
    if (chunk.length === 0) return;
    this.#bytes += chunk.length;
    if (this.#first === undefined) this.#first = chunk;
    else this.#rest.push(chunk);
  }

  take(): Uint8Array | undefined {
    const chunk = this.#first;
    if (chunk === undefined) return undefined;
    this.#bytes -= chunk.length;
    this.#first = this.#rest.length === 0 ? undefined : this.#rest.shift();
    return chunk;
  }

  /** Puts the rest of a chunk before all others. */
  putBack(rest: Uint8Array): void {
    if (this.#first !== undefined) this.#rest.unshift(this.#first);
    this.#first = rest;
    this.#bytes += rest.length;
  }

  clear(): void {
    this.#first = undefined;
    this.#rest.length = 0;
    this.#bytes = 0;
  }
}
