import type { ConformingCodec, ConformingDecoder } from "@tallyline/testkit";
import { bytesOf, textOf } from "./bytes.ts";

/** Ways to get a codec of lines wrong, each of which has cost somebody a day. */
export type CodecFault =
  | "loses a line whose end comes alone"
  | "gives out the tail"
  | "gives out after the end"
  | "keeps quiet about the tail"
  | "counts wrong"
  | "writes anything"
  | "limits one byte too low"
  | "limits one byte too high"
  | "throws on zero"
  | "never stops"
  | "drops what was not pulled"
  | "writes over its messages"
  | "gives out the tail by nextMessage"
  | "gives out the last line first by nextMessage"
  | "hides a line that is too long from nextMessage";

export const toyLimitBytes = 16;

/** Lines of bytes ended by LF, at most 16 of them, in the shortest way that is right; or wrong in one way. */
export function toyCodec(fault?: CodecFault): ConformingCodec<Uint8Array> {
  return {
    decoder: () => new ToyDecoder(fault),
    encode(line) {
      if (fault !== "writes anything" && (line.includes(10) || line.length > toyLimitBytes)) {
        throw new Error(`cannot write ${textOf(line)}`);
      }
      return Uint8Array.of(...line, 10);
    },
  };
}

class ToyDecoder implements ConformingDecoder<Uint8Array> {
  readonly #fault: CodecFault | undefined;
  #bytes: number[] = [];
  #hasEnded = false;
  #isLost = false;
  readonly #shared = new Uint8Array(64);

  constructor(fault: CodecFault | undefined) {
    this.#fault = fault;
  }

  get pendingBytes(): number {
    return this.#fault === "counts wrong" ? 0 : this.#bytes.length;
  }

  push(bytes: Uint8Array): void {
    if (this.#isLost && this.#fault !== "gives out after the end") return;
    if (this.#fault === "throws on zero" && bytes.includes(0)) throw new Error("zero");
    if (this.#fault === "loses a line whose end comes alone" && bytes.length === 1 && bytes[0] === 10) this.#bytes = [];
    if (this.#fault === "drops what was not pulled" && this.#bytes.includes(10)) this.#bytes = [];
    this.#bytes.push(...bytes);
  }

  end(): void {
    this.#hasEnded = true;
  }

  next(): ReturnType<ConformingDecoder<Uint8Array>["next"]> {
    if (this.#isLost && this.#fault !== "gives out after the end") return undefined;
    const end = this.#bytes.indexOf(10);
    const limit = toyLimitBytes + (this.#fault === "limits one byte too high" ? 1 : 0);
    const length = end === -1 ? this.#bytes.length : end;
    if (length >= limit + (this.#fault === "limits one byte too low" ? 0 : 1)) return this.#lose("too long");
    if (end !== -1) {
      const line = Uint8Array.from(this.#bytes.splice(0, end + 1).slice(0, -1));
      if (this.#fault === "never stops") this.#bytes.unshift(10);
      if (this.#fault === "writes over its messages") {
        this.#shared.set(line);
        return { kind: "message", message: this.#shared.subarray(0, line.length) };
      }
      return { kind: "message", message: line };
    }
    if (!this.#hasEnded || length === 0 || this.#fault === "keeps quiet about the tail") return undefined;
    if (this.#fault === "gives out the tail") {
      return { kind: "message", message: Uint8Array.from(this.#bytes.splice(0)) };
    }
    return this.#lose("truncated");
  }

  nextMessage(): Uint8Array | undefined {
    const end = this.#bytes.indexOf(10);
    if (this.#isLost) return undefined;
    if (end === -1 && this.#fault === "gives out the tail by nextMessage" && this.#bytes.length > 0) {
      return Uint8Array.from(this.#bytes.splice(0));
    }
    if (end > toyLimitBytes && this.#fault === "hides a line that is too long from nextMessage") {
      this.#bytes.splice(0, end + 1);
    }
    if (end === -1 || end > toyLimitBytes) return undefined;
    if (this.#fault === "gives out the last line first by nextMessage") {
      const start = this.#bytes.lastIndexOf(10, this.#bytes.lastIndexOf(10) - 1) + 1;
      return Uint8Array.from(this.#bytes.splice(start, this.#bytes.lastIndexOf(10) + 1 - start).slice(0, -1));
    }
    const event = this.next();
    return event?.kind === "message" ? event.message : undefined;
  }

  #lose(error: string): { readonly kind: "lost"; readonly error: string } {
    this.#isLost = true;
    this.#bytes = [];
    return { kind: "lost", error };
  }
}

/** Short messages, one of them empty. */
export const toyMessages: readonly Uint8Array[] = ["one", "", "three", "vier"].map(bytesOf);
