import { globSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { defineConfig } from "vitest/config";

// VITEST_TARGET=dist tests what is published; otherwise tests run on the sources, with no build. Tests of whole programs,
// named *.built.test.ts, run on the build alone.
const isBuilt = process.env["VITEST_TARGET"] === "dist";
const source = isBuilt ? [] : ["@tallyline/source"];
const conditions = [...source, "module", "node", "development|production"];
const root = import.meta.dirname;

export default defineConfig({
  resolve: { conditions },
  ssr: { resolve: { conditions, externalConditions: source } },
  test: {
    // Test files share a worker: they keep no state in modules, and it saves a quarter of the time.
    isolate: false,
    // The house's own tests (tidy, READMEs) sit at the root; each package's tests sit with it.
    projects: globSync("{.,packages/*,apps/*}/package.json", { cwd: root }).map((file) => ({
      extends: true as const,
      root: join(root, dirname(file)),
      test: {
        name: (JSON.parse(readFileSync(join(root, file), "utf8")) as { name: string }).name,
        include: ["test/**/*.test.ts"],
        setupFiles: [join(root, "test", "property-tests.ts")],
        exclude: isBuilt ? [] : ["**/*.built.test.ts"],
      },
    })),
  },
});
