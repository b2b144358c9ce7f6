// Which pages the site has, in which sections, and in which order.
import { globSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";

export const root: string = join(import.meta.dirname, "..", "..");

export const REPOSITORY = "https://github.com/tallyline/tallyline";

/** A markdown file of the repository. */
export interface Page {
  /** Its path in the repository. */
  readonly file: string;
  /** Its first heading. */
  readonly title: string;
  readonly section: string;
}

/** A package, or another entry of one: what `import` takes. */
export interface Entry {
  readonly name: string;
  /** The source of what it exports. */
  readonly source: string;
  readonly folder: string;
  /** Whether it is what the package's own name imports. */
  readonly isMain: boolean;
  readonly section: string;
}

/** Guides in the order in which they are read; elsewhere what a reader looks for first. */
const sections: Readonly<Record<string, readonly string[]>> = {
  Guides: ["own-server", "embed-the-ledger", "other-languages", "tcp-and-udp", "bug-by-bug"].map(
    (name) => `docs/guides/${name}.md`,
  ),
  "How to": ["docs/operations.md", "docs/postgresql.md", "docs/tutorial-peers.md"],
  Packages: [],
  Programs: [],
  Specifications: ["docs/bank-protocol.md", "docs/calculator-protocol.md", "docs/ledger-format.md"],
  Facts: ["docs/limits.md", "docs/errors.md", "docs/failures.md", "docs/security.md"],
  "The house": ["docs/README.md", "ARCHITECTURE.md", "CONTRIBUTING.md", "SECURITY.md"],
};

export const sectionTitles: readonly string[] = [...Object.keys(sections), "Decisions"];

const listed = Object.values(sections).flat();
const isShown = (file: string) =>
  !/(?:^|\/)(?:CHANGELOG|LICENSE)\.md$/.test(file) && !/^\.|node_modules|\/dist\//.test(file);
const files = globSync("{*.md,{docs,packages,apps}/**/*.md}", {
  cwd: root,
  exclude: (name) => name.endsWith("node_modules") || name.endsWith("dist"),
})
  .map((file) => file.replaceAll("\\", "/"))
  .filter((file) => isShown(file));

const manifests = globSync("{packages,apps}/*/package.json", { cwd: root })
  .toSorted()
  .map((file) => ({
    folder: dirname(file).replaceAll("\\", "/"),
    ...(JSON.parse(readFileSync(join(root, file), "utf8")) as Manifest),
  }));

interface Manifest {
  readonly name: string;
  readonly private?: boolean;
  readonly exports: Readonly<Record<string, string | { readonly "@tallyline/source": string }>>;
}

export const entries: readonly Entry[] = manifests
  .filter((manifest) => manifest.private !== true)
  .flatMap(({ name, folder, exports }) =>
    Object.entries(exports).flatMap(([path, target]) => {
      if (typeof target === "string") return [];
      const source = join(folder, target["@tallyline/source"]).replaceAll("\\", "/");
      const section = folder.startsWith("apps/") ? "Programs" : "Packages";
      return [{ name: join(name, path).replaceAll("\\", "/"), source, folder, isMain: path === ".", section }];
    }),
  );

/** All pages but the front page and the packages' READMEs, which head the packages' own pages. In order. */
export const pages: readonly Page[] = [
  ...listed,
  ...files.filter((file) => file.startsWith("docs/decisions/")).toSorted(),
  ...files.filter((file) => !listed.includes(file) && !file.startsWith("docs/decisions/") && file !== "README.md"),
]
  .filter((file) => !entries.some(({ folder }) => file === `${folder}/README.md`))
  .map((file) => ({ file, title: titleOf(file), section: sectionOf(file) }));

/** Whether a link to this path of the repository leads to a page: a folder stands for its README. */
export function isOnSite(path: string): boolean {
  const file = path.endsWith(".md") ? path : join(path, "README.md").replaceAll("\\", "/");
  return (
    file === "README.md" ||
    pages.some((page) => page.file === file) ||
    entries.some(({ folder }) => file === `${folder}/README.md`)
  );
}

/** Where a page is on the site, without its extension: a folder's README is the folder's index. */
export function placeOf(file: string): string {
  return file.replace(/\.md$/, "").replace(/(^|\/)README$/, "$1index");
}

function sectionOf(file: string): string {
  if (file.startsWith("docs/decisions/")) return "Decisions";
  return Object.keys(sections).find((title) => sections[title]?.includes(file)) ?? "The house";
}

function titleOf(file: string): string {
  const title = /^# (.+)$/m.exec(readFileSync(join(root, file), "utf8"))?.[1];
  if (title === undefined) throw new Error(`${file} has no heading`);
  const number = /^docs\/decisions\/(\d+)/.exec(file)?.[1];
  return (number === undefined ? title : `${number} ${title.replace(/^\d+[.:] /, "")}`).replaceAll("`", "");
}
