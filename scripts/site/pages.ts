// Which pages the site has, in which sections, and in which order.
import { globSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";

export const root: string = join(import.meta.dirname, "..", "..");

export const REPOSITORY = "https://github.com/tallyline/tallyline";

/** A page of the site that is made from a markdown file of the repository. */
export interface Page {
  /** The file's path in the repository. */
  readonly file: string;
  readonly title: string;
  readonly section: string;
  /** Where it is on the site, without its extension: where it is in the repository. A folder's README is its index. */
  readonly place: string;
}

/** What `import` takes: a package, or another entry of one. Its page has the package's README and the reference. */
export interface Entry extends Page {
  /** The source of what it exports. */
  readonly source: string;
  /** Whether it is what the package's own name imports. */
  readonly isMain: boolean;
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
  Facts: [
    "docs/performance.md",
    "docs/profiles.md",
    "docs/limits.md",
    "docs/errors.md",
    "docs/failures.md",
    "docs/security.md",
    "docs/runtimes.md",
    "docs/versioning.md",
  ],
  "The house": ["docs/README.md", "ARCHITECTURE.md", "CONTRIBUTING.md", "docs/releasing.md", "SECURITY.md"],
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
      const place = join(folder, path).replaceAll("\\", "/");
      const title = join(name, path).replaceAll("\\", "/");
      return [{ file: `${folder}/README.md`, title, section, place, source, isMain: path === "." }];
    }),
  );

/** All pages but the front page and the packages' READMEs, which head the packages' own pages. In order. */
export const pages: readonly Page[] = [
  ...listed,
  ...files.filter((file) => file.startsWith("docs/decisions/")).toSorted(),
  ...files.filter((file) => !listed.includes(file) && !file.startsWith("docs/decisions/") && file !== "README.md"),
]
  .filter((file) => !entries.some((entry) => entry.file === file))
  .map((file) => ({ file, title: titleOf(file), section: sectionOf(file), place: placeOf(file) }));

/** Whether a link to this path of the repository leads to a page: a folder stands for its README. */
export function isOnSite(path: string): boolean {
  const file = path.endsWith(".md") ? path : join(path, "README.md").replaceAll("\\", "/");
  return file === "README.md" || [...pages, ...entries].some((page) => page.file === file);
}

function placeOf(file: string): string {
  return file.replace(/\.md$/, "").replace(/(^|\/)README$/, "$1index");
}

/** That which lists the page; for others, by where it is. */
function sectionOf(file: string): string {
  const title = Object.keys(sections).find((each) => sections[each]?.includes(file));
  if (title !== undefined) return title;
  if (file.startsWith("docs/decisions/")) return "Decisions";
  if (file.startsWith("docs/guides/")) return "Guides";
  return file.startsWith("docs/") ? "How to" : "The house";
}

function titleOf(file: string): string {
  const title = /^# (.+)$/m.exec(readFileSync(join(root, file), "utf8"))?.[1];
  if (title === undefined) throw new Error(`${file} has no heading`);
  const number = /^docs\/decisions\/(\d+)/.exec(file)?.[1];
  return (number === undefined ? title : `${number} ${title.replace(/^\d+[.:] /, "")}`).replaceAll("`", "");
}
