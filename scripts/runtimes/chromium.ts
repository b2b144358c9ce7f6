// `node chromium.ts FOLDER REPORT`: the tests of the package in a folder, in Chromium, and what came of them as JSON. Test files
// that need more of Node.js than node-in-browser.ts has are left out.
import { execFileSync } from "node:child_process";
import { globSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { pathToFileURL } from "node:url";
import { outsideTool } from "../outside-tool.ts";

const [folder = "", report = ""] = process.argv.slice(2);
const root = join(import.meta.dirname, "..", "..");
const beside = ["@vitest/browser-playwright", "playwright", "buffer"];
const vitest = await outsideTool("vitest", ...beside);
const home = dirname(dirname(vitest));
const load = async (file: string) => import(pathToFileURL(file).href);
const { startVitest } = await load(join(vitest, "dist/node.js"));
const { playwright } = await load(join(home, "node_modules/@vitest/browser-playwright/dist/index.js"));

// A helper of the tests that needs Node.js takes the files with it that import it.
const texts = new Map(
  globSync("test/*.ts", { cwd: folder }).map((file) => [file, readFileSync(join(folder, file), "utf8")]),
);
const needsNode = (text: string): boolean =>
  /from "(?:node:(?!(?:fs|path|v8|vm)")|@tallyline\/testkit\/proxies")/.test(text) ||
  [...text.matchAll(/from "\.\/([^"]+)"/g)].some(([, helper]) => needsNode(texts.get(`test/${helper}`) ?? ""));
const include = [...texts]
  .filter(([file, text]) => file.endsWith(".test.ts") && !needsNode(text))
  .map(([file]) => file);

const executablePath = execFileSync("which", ["chromium"], { encoding: "utf8" }).trim();
const run = await startVitest(
  "test",
  [],
  {
    config: false,
    root: home,
    dir: folder,
    include,
    watch: false,
    testTimeout: 30_000,
    setupFiles: [join(import.meta.dirname, "browser-setup.ts"), join(root, "test/property-tests.ts")],
    reporters: ["json"],
    outputFile: report,
    browser: {
      enabled: true,
      headless: true,
      screenshotFailures: false,
      provider: playwright({ launchOptions: { executablePath, args: ["--no-sandbox", "--js-flags=--expose-gc"] } }),
      instances: [{ browser: "chromium" }],
    },
  },
  {
    define: { "process.env": JSON.stringify({ VITEST_TARGET: "dist" }) },
    server: { fs: { allow: [root] } },
    resolve: {
      conditions: ["module", "browser", "development|production"],
      dedupe: ["vitest"],
      alias: [
        { find: /^node:(fs|path|v8|vm)$/, replacement: join(import.meta.dirname, "node-in-browser.ts") },
        { find: "node:buffer", replacement: join(home, "node_modules/buffer/index.js") },
      ],
    },
    plugins: [
      {
        name: "folder-of-a-module",
        transform: (code: string, id: string) =>
          code.replaceAll("import.meta.dirname", JSON.stringify(dirname(id.split("?")[0]!))),
      },
    ],
  },
);
await run.close();
