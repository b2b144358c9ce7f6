// Test data of others, read where it lies and never copied here: TALLYLINE_CORPORA, or `corpora` in a folder `shared`
// beside the repository. Where it is absent the tests that need it say so and are skipped; committed vectors always run.

import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { gunzipSync } from "node:zlib";

const corpora = process.env["TALLYLINE_CORPORA"] ?? join(import.meta.dirname, "../../../../shared/corpora");

export const hasCorpora = existsSync(join(corpora, "README.md"));

/** Lines of a file among the corpora, unpacked where it is compressed. */
export function corpusLines(path: string): string[] {
  const bytes = readFileSync(join(corpora, path));
  return (path.endsWith(".gz") ? gunzipSync(bytes) : bytes).toString("utf8").split(/\r?\n/);
}
