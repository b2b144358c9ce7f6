import { join } from "node:path";
import { defineConfig } from "vitest/config";

// VITEST_TARGET=dist tests what is published; otherwise tests run on the sources, with no build. Tests of whole programs and
// of real database servers, named *.built.test.ts, run on the build alone.
const isBuilt = process.env["VITEST_TARGET"] === "dist";
const source = isBuilt ? [] : ["@tallyline/source"];
const conditions = [...source, "module", "node", "development|production"];

// Each package's tests run in its folder with this configuration; from the root, `vitest` runs them all.
export default defineConfig({
  root: process.cwd(),
  resolve: { conditions },
  ssr: { resolve: { conditions, externalConditions: source } },
  test: {
    // Of the folder where it runs: a package's own tests; at the root the house's (with --dir test), or all there are.
    include: ["**/*.test.ts"],
    exclude: ["**/{node_modules,dist}/**", ...(isBuilt ? [] : ["**/*.built.test.ts"])],
    passWithNoTests: true, // where all of a package's are of that kind
    setupFiles: [join(import.meta.dirname, "test", "property-tests.ts")],
    // What scripts/test.ts counts.
    reporters: ["default", "json"],
    outputFile: { json: `.turbo/test-${isBuilt ? "built" : "sources"}.json` },
    // Test files share a worker: they keep no state in modules, and it saves a quarter of the time.
    isolate: false,
    // Tests over sockets wait more than they compute.
    maxWorkers: 2,
    // How fast something is, is a benchmark's to say; a test that takes this long hangs.
    testTimeout: 30_000,
  },
});
