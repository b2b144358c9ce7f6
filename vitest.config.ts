import { join } from "node:path";
import { defineConfig } from "vitest/config";

// VITEST_TARGET=dist tests what is published; otherwise tests run on the sources, with no build. Tests of whole programs,
// named *.built.test.ts, run on the build alone.
const isBuilt = process.env["VITEST_TARGET"] === "dist";
const source = isBuilt ? [] : ["@tallyline/source"];
const conditions = [...source, "module", "node", "development|production"];
const root = import.meta.dirname;

// One project for all packages: a project each costs twice the time before the first test.
export default defineConfig({
  root,
  resolve: { conditions },
  ssr: { resolve: { conditions, externalConditions: source } },
  test: {
    // The house's own tests (tidy, READMEs) sit at the root; each package's tests sit with it.
    include: ["test/**/*.test.ts", "{packages,apps}/*/test/**/*.test.ts"],
    exclude: isBuilt ? [] : ["**/*.built.test.ts"],
    setupFiles: [join(root, "test", "property-tests.ts")],
    // Test files share a worker: they keep no state in modules, and it saves a quarter of the time.
    isolate: false,
    // Tests over sockets wait more than they compute; twice the usual number of workers keeps two cores busy.
    maxWorkers: 4,
    // How fast something is, is a benchmark's to say; a test that takes this long hangs.
    testTimeout: 30_000,
  },
});
