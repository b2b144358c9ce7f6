import type { Codec, DecodeEvent, Decoder } from "@tallyline/framing";

/** All events of a stream that arrives in these pieces and then ends, or stays open. */
export function eventsOf<In>(codec: Codec<In, never>, pieces: readonly Uint8Array[], end = true): DecodeEvent<In>[] {
  return pulledFrom(codec.decoder(), pieces, end, (decoder) => decoder.next());
}

/** The same by way of `nextMessage` wherever it gives something. */
export function quickEventsOf<In>(codec: Codec<In, never>, pieces: readonly Uint8Array[]): DecodeEvent<In>[] {
  return pulledFrom(codec.decoder(), pieces, true, (decoder) => {
    const message = decoder.nextMessage?.();
    return message === undefined ? decoder.next() : { kind: "message", message };
  });
}

function pulledFrom<In>(
  decoder: Decoder<In>,
  pieces: readonly Uint8Array[],
  end: boolean,
  next: (decoder: Decoder<In>) => DecodeEvent<In> | undefined,
): DecodeEvent<In>[] {
  const events: DecodeEvent<In>[] = [];
  const pull = (): void => {
    for (let event = next(decoder); event !== undefined; event = next(decoder)) events.push(event);
  };
  for (const piece of pieces) {
    decoder.push(piece.slice());
    pull();
  }
  if (end) decoder.end();
  pull();
  return events;
}

/** The stream cut before each of these offsets. */
export function cutAt(stream: Uint8Array, offsets: readonly number[]): Uint8Array[] {
  const cuts = [
    0,
    ...[...new Set(offsets.map((at) => at % (stream.length + 1)))].toSorted((a, b) => a - b),
    stream.length,
  ];
  return cuts.slice(1).map((end, i) => stream.subarray(cuts[i], end));
}

export function bytesOf(text: string): Uint8Array {
  return new TextEncoder().encode(text);
}

/** A short form of events for comparing: messages as they are, errors as `bad CODE` and `lost CODE`. */
export function summary(events: readonly DecodeEvent<string | Uint8Array>[]): string[] {
  return events.map((event) => {
    if (event.kind !== "message") return `${event.kind} ${event.error.code}`;
    return typeof event.message === "string" ? event.message : `<${Buffer.from(event.message).toString("hex")}>`;
  });
}
