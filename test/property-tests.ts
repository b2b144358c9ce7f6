// Run before every test file.
import fc from "fast-check";

fc.configureGlobal({
  // Shrinking a counterexample may take for ever; the one that is found after so long is good enough.
  interruptAfterTimeLimit: 20_000,
  // The built packages are the sources again: a quarter of the runs tells whether the build broke something.
  ...(process.env["VITEST_TARGET"] === "dist" && { numRuns: 25 }),
});
