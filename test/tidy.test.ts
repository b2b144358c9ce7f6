// What types cannot refuse and a reviewer should not have to: the rules of the house, checked on the tree itself.
import { existsSync, globSync, readFileSync, statSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { describe, expect, test } from "vitest";

const root = join(import.meta.dirname, "..");
const files = globSync("{*,{.changeset,.github,apps,bench,docs,packages,scripts,test}/**/*}", {
  cwd: root,
  exclude: (name) => ["node_modules", "dist", ".turbo"].includes(basename(name)),
}).filter((file) => statSync(join(root, file)).isFile());
const read = (file: string) => readFileSync(join(root, file), "utf8");

const purePackages = ["framing", "request-reply", "bank-protocol", "ledger", "expression", "testkit"];
const isPureSource = (file: string) => purePackages.some((name) => file.startsWith(`packages/${name}/src/`));
const sources = files.filter((file) => /^(packages|apps)\/[^/]+\/src\/.*\.ts$/.test(file));

interface Manifest {
  readonly name: string;
  readonly version: string;
  readonly private?: boolean;
  readonly description?: string;
  readonly keywords?: readonly string[];
  readonly dependencies?: Readonly<Record<string, string>>;
}
const folders = files
  .filter((file) => /^(packages|apps)\/[^/]+\/package\.json$/.test(file))
  .map((file) => file.replace("/package.json", ""));
const manifest = (folder: string) => JSON.parse(read(`${folder}/package.json`)) as Manifest;

/** Which packages of the house each one may stand on; see ARCHITECTURE.md. Apps may use all but each other. */
const mayImport: Readonly<Record<string, readonly string[]>> = {
  framing: [],
  "request-reply": [],
  expression: [],
  "bank-protocol": ["framing"],
  ledger: [],
  tcp: ["framing", "request-reply"],
  udp: ["request-reply"],
  "ledger-sqlite": ["ledger"],
  "ledger-postgres": ["ledger"],
  program: [],
  testkit: [],
};

/** Every line of the files that the pattern matches, as `file:line: text`. */
function offences(among: readonly string[], pattern: RegExp): string[] {
  return among.flatMap((file) =>
    read(file)
      .split("\n")
      .flatMap((line, index) => (pattern.test(line) ? [`${file}:${index + 1}: ${line.trim()}`] : [])),
  );
}

test("pure packages read no clock and make no randomness", () => {
  expect(
    offences(sources.filter(isPureSource), /\bDate\.now\b|\bnew Date\(\)|\bMath\.random\b|\bperformance\.now\b/),
  ).toEqual([]);
});

test("no source evaluates text as code", () => {
  expect(offences(sources, /\beval\(|\bnew Function\b/)).toEqual([]);
});

test("an index is a list of names", () => {
  const indexes = sources.filter((file) => file.endsWith("/src/index.ts"));
  expect(indexes.length).toBeGreaterThan(8);
  for (const file of indexes) {
    const rest = read(file).replaceAll(/export (?:type )?\{[^}]*\} from "\.\/[a-z0-9/-]+\.ts";\s*/g, "");
    expect(rest, file).toBe("");
  }
});

test("files are named for their one idea, in words with hyphens", () => {
  const named = sources.map((file) => file.split("/").at(-1)!);
  expect(named.filter((name) => !/^[a-z0-9]+(?:-[a-z0-9]+)*\.ts$/.test(name))).toEqual([]);
  expect(named.filter((name) => /^(utils?|helpers?|types|common|misc|constants)\.ts$/.test(name))).toEqual([]);
});

/** What the headings of a page can be linked by, as GitHub and the site make it. */
function anchorsOf(page: string): Set<string> {
  const anchors = new Set<string>();
  for (const [, heading = ""] of read(page).matchAll(/^#+ (.+)$/gm)) {
    const anchor = heading
      .toLowerCase()
      .replaceAll(/[^\p{L}\p{N}\s_-]/gu, "")
      .replaceAll(" ", "-");
    let unused = anchor;
    for (let count = 1; anchors.has(unused); count += 1) unused = `${anchor}-${count}`;
    anchors.add(unused);
  }
  return anchors;
}

test("links in pages lead somewhere", () => {
  const broken = files
    .filter((file) => file.endsWith(".md"))
    .flatMap((file) =>
      [...read(file).matchAll(/\]\((?!https?:)([^)#]*)(?:#([^)]*))?\)/g)].flatMap(([, path = "", anchor]) => {
        const target = path === "" ? file : join(dirname(file), path);
        const isThere = existsSync(join(root, target)) && (anchor === undefined || anchorsOf(target).has(anchor));
        return isThere ? [] : [`${file} → ${path}${anchor === undefined ? "" : `#${anchor}`}`];
      }),
    );
  expect(broken).toEqual([]);
});

test("nothing is left over: no focused test, no reminder, no debugger", () => {
  const own = files.filter(
    (file) => /\.(ts|json|ya?ml|md)$/.test(file) && file !== "pnpm-lock.yaml" && file !== "test/tidy.test.ts",
  );
  expect(offences(own, /\b(test|describe|it)\.only\b|\b(TODO|FIXME|XXX)\b|^\s*debugger\b/)).toEqual([]);
});

const published = folders.filter((folder) => manifest(folder).private !== true);
const libraries = published.filter((folder) => folder.startsWith("packages/"));

describe.each(folders)("%s", (folder) => {
  const { name, dependencies = {} } = manifest(folder);

  test("has a README that begins with its name", () => {
    expect(read(`${folder}/README.md`)).toMatch(new RegExp(`^# ${name}\n`));
  });

  test("stands only on what ARCHITECTURE.md lets it stand on", () => {
    const allowed = folder.startsWith("apps/") ? Object.keys(mayImport) : mayImport[folder.replace("packages/", "")];
    const own = Object.keys(dependencies).filter((each) => each.startsWith("@tallyline/"));
    expect(own.filter((each) => !allowed?.includes(each.replace("@tallyline/", "")))).toEqual([]);
  });
});

describe.each(published)("%s, as it is published,", (folder) => {
  const { name, description, keywords, dependencies = {} } = manifest(folder);

  test("is described and can be found", () => {
    expect(description).toMatch(/^[A-Z].{20,}[^.]$/);
    expect(keywords?.length ?? 0).toBeGreaterThan(2);
  });

  // What reads an app's flags and writes its log is in the files of its programs: docs/decisions/0097-a-program-is-one-file.md.
  test("depends on nothing but the house and a driver", () => {
    const foreign = Object.keys(dependencies).filter((each) => !each.startsWith("@tallyline/"));
    const driver = name === "@tallyline/ledger-postgres" ? ["pg"] : []; // docs/decisions/0070-the-driver-pg.md
    expect(foreign).toEqual(driver);
  });
});

describe.each(libraries)("%s", (folder) => {
  // Those that begin with ERR_ are not ours, but Node's and OpenSSL's.
  test("documents every code that it can answer with", () => {
    const own = sources.filter((file) => file.startsWith(`${folder}/src/`)).map(read);
    const codes = own.flatMap((text) =>
      [...text.matchAll(/"(?!ERR_)([A-Z][A-Z0-9]*(?:_[A-Z0-9]+)+)"/g)].map(([, code]) => code),
    );
    const pages = [`${folder}/README.md`, ...files.filter((file) => /^docs\/[a-z-]+\.md$/.test(file))].map(read).join();
    expect(codes.filter((code) => !pages.includes(`\`${code}\``))).toEqual([]);
  });
});
