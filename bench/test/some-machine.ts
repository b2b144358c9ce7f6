import type { Machine } from "../engine/machine.ts";

/** What results say of where they were made. */
export const someMachine: Machine = {
  processor: "a processor",
  cores: 2,
  memoryGiB: 8,
  kernel: "Linux 6",
  node: "v24",
  fileSystem: "ext4",
  date: "2026-01-02",
  loadBefore: 0.1,
  loadAfter: 1.9,
};
