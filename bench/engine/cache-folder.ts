import { join } from "node:path";

/** Where what a benchmark installs and compiles is kept, outside of the workspace's own packages. */
export const cacheFolder = join(import.meta.dirname, "..", "..", "node_modules", ".cache", "tallyline-bench");
