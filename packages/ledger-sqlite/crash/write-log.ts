/** One thing that a process did to its storage. Names are within the folder that was watched; "" is the folder itself. */
export type StorageCall =
  | { readonly kind: "create" | "unlink"; readonly name: string }
  | { readonly kind: "write"; readonly name: string; readonly position: number; readonly bytes: Buffer }
  | { readonly kind: "truncate"; readonly name: string; readonly size: number }
  | { readonly kind: "sync"; readonly name: string; readonly isFailed: boolean }
  | { readonly kind: "rename"; readonly name: string; readonly newName: string };

const HEAD_BYTES = 16;

/** Reads the log that storage-shim.c writes; its layout is pictured there. */
export function readWriteLog(log: Buffer): StorageCall[] {
  const calls: StorageCall[] = [];
  for (let start = 0; start < log.length;) {
    const nameStart = start + HEAD_BYTES;
    const bytesStart = nameStart + log.readUInt16LE(start + 2);
    const end = bytesStart + log.readUInt32LE(start + 4);
    const name = log.toString("utf8", nameStart, bytesStart);
    const position = Number(log.readBigUInt64LE(start + 8));
    calls.push(
      callOf(String.fromCharCode(log[start]!), log[start + 1] !== 0, name, position, log.subarray(bytesStart, end)),
    );
    start = end;
  }
  return calls;
}

function callOf(letter: string, isFailed: boolean, name: string, position: number, bytes: Buffer): StorageCall {
  switch (letter) {
    case "c":
      return { kind: "create", name };
    case "w":
      return { kind: "write", name, position, bytes };
    case "t":
      return { kind: "truncate", name, size: position };
    case "s":
      return { kind: "sync", name, isFailed };
    case "u":
      return { kind: "unlink", name };
    case "r":
      return { kind: "rename", name, newName: bytes.toString("utf8") };
    default:
      throw new Error(`write log has a record of kind ${JSON.stringify(letter)}`);
  }
}

/** By how many bytes the files grew, as the shim counts it: what was cut off and grew again counts again. */
export function bytesGrown(calls: readonly StorageCall[]): number {
  const sizes = new Map<string, number>();
  let grown = 0;
  for (const call of calls) {
    if (call.name === "history") continue;
    const size = sizes.get(call.name) ?? 0;
    if (call.kind === "truncate") sizes.set(call.name, call.size);
    if (call.kind === "unlink") sizes.delete(call.name);
    if (call.kind !== "write") continue;
    const end = call.position + call.bytes.length;
    grown += Math.max(0, end - size);
    sizes.set(call.name, Math.max(end, size));
  }
  return grown;
}
