import type { Random } from "./random.ts";
import type { StorageCall } from "./write-log.ts";

/**
 * What a power cut does to everything that was not synced yet: nothing; all of it is lost; each write is lost or not; each
 * sector of each write is lost or not; it is lost from the middle of some write on; only the latest write is there.
 */
export const losses = ["nothing", "everything", "writes", "sectors", "tail", "all but the latest"] as const;
export type Loss = (typeof losses)[number];

/** Disks write a sector whole or not at all. Bytes. */
const SECTOR_BYTES = 512;

type Change = Extract<StorageCall, { kind: "write" | "truncate" }>;
type Rename = (names: Map<string, File>) => void;

interface File {
  readonly durable: Contents;
  /** What was done to it since it was last synced, in order. */
  pending: Change[];
}

/**
 * A disk as POSIX promises it and no better: a file's bytes are durable once the file was synced, a name once the folder
 * was. After a sync that failed, what it should have made durable may be lost though later syncs work, because the
 * kernel no longer knows of it.
 */
export class Disk {
  readonly #random: Random;
  readonly #names: Map<string, File>; // as the running process sees them
  readonly #durableNames = new Map<string, File>();
  #pendingNames: Rename[] = [];

  /**
   * @param random Decides what is lost.
   * @param files What is on it already, by name.
   */
  constructor(random: Random, files: ReadonlyMap<string, Buffer>) {
    this.#random = random;
    for (const [name, bytes] of files) this.#durableNames.set(name, { durable: new Contents(bytes), pending: [] });
    this.#names = new Map(this.#durableNames);
  }

  apply(call: StorageCall): void {
    switch (call.kind) {
      case "create":
        return this.#create(call.name);
      case "unlink":
        return this.#rename((names) => names.delete(call.name));
      case "rename":
        return this.#rename((names) => {
          const file = names.get(call.name);
          if (file !== undefined) names.set(call.newName, file);
          names.delete(call.name);
        });
      case "write":
      case "truncate":
        this.#names.get(call.name)!.pending.push(call);
        return;
      case "sync":
        return call.name === "" ? this.#syncNames() : this.#sync(this.#names.get(call.name)!, call.isFailed);
    }
  }

  /** The files that are there after a power cut now, by name. */
  image(loss: Loss): Map<string, Buffer> {
    const names = new Map(this.#durableNames);
    for (const rename of this.#pendingNames.slice(0, this.#keptRenames(loss))) rename(names);
    const image = new Map<string, Buffer>();
    for (const [name, { durable, pending }] of names) {
      const contents = durable.copy();
      const kept = this.#random.below(pending.length + 1);
      pending.forEach((change, index) => {
        if (loss === "nothing" || (loss === "tail" && index < kept)) contents.apply(change);
        else if (loss === "writes" && this.#random.chance(50)) contents.apply(change);
        else if (loss === "sectors" || (loss === "tail" && index === kept)) this.#tear(contents, change);
        else if (loss === "all but the latest" && index === pending.length - 1) contents.apply(change);
      });
      image.set(name, contents.bytes());
    }
    return image;
  }

  #create(name: string): void {
    const file: File = { durable: new Contents(), pending: [] };
    this.#rename((names) => names.set(name, file));
  }

  #rename(rename: Rename): void {
    rename(this.#names);
    this.#pendingNames.push(rename);
  }

  #syncNames(): void {
    for (const rename of this.#pendingNames) rename(this.#durableNames);
    this.#pendingNames = [];
  }

  #sync(file: File, isFailed: boolean): void {
    const isAllLost = isFailed && this.#random.chance(50);
    for (const change of file.pending) {
      if (!isFailed || !(isAllLost || this.#random.chance(50))) file.durable.apply(change);
    }
    file.pending = [];
  }

  #keptRenames(loss: Loss): number {
    const count = this.#pendingNames.length;
    return loss === "nothing" ? count : loss === "everything" ? 0 : this.#random.below(count + 1);
  }

  /** Each sector of a write arrives or not; a file can have grown before what it grew by has arrived. */
  #tear(contents: Contents, change: Change): void {
    if (change.kind === "truncate") {
      if (this.#random.chance(50)) contents.apply(change);
      return;
    }
    const end = change.position + change.bytes.length;
    for (let start = change.position; start < end;) {
      const next = Math.min(end, (Math.floor(start / SECTOR_BYTES) + 1) * SECTOR_BYTES);
      const bytes = change.bytes.subarray(start - change.position, next - change.position);
      const fate = this.#random.below(4);
      if (fate >= 2) contents.apply({ ...change, position: start, bytes });
      else if (fate === 1) contents.growTo(next);
      start = next;
    }
  }
}

/** The bytes of a file, with room to grow. */
class Contents {
  #bytes: Buffer;
  #size: number;

  constructor(bytes: Buffer = Buffer.alloc(0)) {
    this.#bytes = bytes;
    this.#size = bytes.length;
  }

  apply(change: Change): void {
    if (change.kind === "write") {
      this.growTo(change.position + change.bytes.length);
      change.bytes.copy(this.#bytes, change.position);
    } else if (change.size > this.#size) {
      this.growTo(change.size);
    } else {
      this.#bytes.fill(0, change.size, this.#size);
      this.#size = change.size;
    }
  }

  growTo(size: number): void {
    if (size > this.#bytes.length) {
      const roomier = Buffer.alloc(Math.max(size, 2 * this.#bytes.length));
      this.#bytes.copy(roomier, 0, 0, this.#size);
      this.#bytes = roomier;
    }
    this.#size = Math.max(this.#size, size);
  }

  bytes(): Buffer {
    return this.#bytes.subarray(0, this.#size);
  }

  copy(): Contents {
    return new Contents(Buffer.from(this.bytes()));
  }
}
