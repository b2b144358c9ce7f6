import { statfsSync } from "node:fs";
import { cpus, loadavg, release, tmpdir, totalmem } from "node:os";
import { cores } from "./cores.ts";

/** Where and when figures were measured. */
export interface Machine {
  readonly processor: string;
  readonly cores: number;
  readonly memoryGiB: number;
  readonly kernel: string;
  readonly node: string;
  /** Of the folder for temporary files, where the durable servers keep theirs. */
  readonly fileSystem: string;
  readonly date: string;
  /** Programs that wanted to run, over the minute before the run and over its last. */
  readonly loadBefore: number;
  readonly loadAfter: number;
}

/** Magic numbers of statfs(2). */
const FILE_SYSTEMS: Readonly<Record<number, string>> = {
  0xef53: "ext4",
  0x01021994: "tmpfs",
  0x58465342: "xfs",
  0x9123683e: "btrfs",
  0x794c7630: "overlayfs",
};

export function oneMinuteLoad(): number {
  return Number(loadavg()[0]!.toFixed(2));
}

export function describeMachine(loadBefore: number): Machine {
  const { type } = statfsSync(tmpdir());
  return {
    processor: cpus()[0]?.model ?? "unknown",
    cores,
    memoryGiB: Math.round(totalmem() / 2 ** 30),
    kernel: `Linux ${release()}`,
    node: process.version,
    fileSystem: FILE_SYSTEMS[type] ?? `0x${type.toString(16)}`,
    date: new Date().toISOString().slice(0, 10),
    loadBefore,
    loadAfter: oneMinuteLoad(),
  };
}
