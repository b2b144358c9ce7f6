// `npx -y pnpm@12.21.0 site`: builds the documentation site into dist/site, from the repository alone. It opens from the
// files, or from any server of files, at any path. A warning or a dead link fails it.
import { globSync, statSync } from "node:fs";
import { join } from "node:path";
import { brokenLinks } from "./site/links.ts";
import { writeForLanguageModels } from "./site/llms.ts";
import { entries, REPOSITORY, root, sectionTitles } from "./site/pages.ts";
import { installPlugin } from "./site/plugin.ts";
import { loadTypeDoc } from "./site/typedoc.ts";

const site = join(root, "dist", "site");
const typedoc = await loadTypeDoc();
const startedAt = performance.now();
const app = await typedoc.Application.bootstrap({
  name: "Tallyline",
  entryPoints: entries.map(({ source }) => join(root, source)),
  readme: "none", // the plugin reads it, with all other pages
  tsconfig: join(root, "scripts", "site", "tsconfig.json"),
  basePath: root,
  plugin: [],
  router: "repository",
  gitRevision: "main",
  sourceLinkTemplate: `${REPOSITORY}/blob/main/{path}#L{line}`,
  excludeExternals: true,
  excludePrivate: true,
  excludeInternal: true,
  categorizeByGroup: false,
  categoryOrder: [...sectionTitles],
  navigation: { includeCategories: true, includeGroups: false },
  sort: ["kind", "alphabetical"],
  searchInComments: true,
  searchInDocuments: true,
  customCss: join(root, "scripts", "site", "style.css"),
  favicon: join(root, "scripts", "site", "favicon.svg"),
  includeHierarchySummary: false,
  hideGenerator: true,
  preservedTypeAnnotationTags: ["@throws"],
  highlightLanguages: [
    "bash",
    "sh",
    "console",
    "css",
    "html",
    "ini",
    "javascript",
    "json",
    "jsonc",
    "python",
    "sql",
    "ts",
    "typescript",
  ],
  ignoredHighlightLanguages: ["abnf", "transcript"],
  validation: { notExported: true, invalidLink: true, invalidPath: true, notDocumented: true, rewrittenLink: true },
  packagesRequiringDocumentation: entries.filter(({ isMain }) => isMain).map(({ title }) => title),
  requiredToBeDocumented: ["Enum", "Variable", "Function", "Class", "Interface", "TypeAlias"],
  // Members of types that are written in place: the property that has the type says what they are.
  intentionallyNotDocumented: [
    "@tallyline/testkit.CodecConformanceOptions.limit.__type.frameOf",
    "@tallyline/testkit.CodecConformanceOptions.allocation.__type.usedBytes",
    "@tallyline/testkit.StreamClientConformanceOptions.listen.__type.close",
  ],
});
installPlugin(typedoc, app);
const project = await app.convert();
if (project === undefined) process.exit(1);
app.validate(project);
await app.generateDocs(project, site);
writeForLanguageModels(site, project);

const broken = brokenLinks(site);
for (const each of broken) console.error(`dead link: ${each}`);
const files = globSync("**/*", { cwd: site }).filter((file) => statSync(join(site, file)).isFile());
const bytes = files.reduce((sum, file) => sum + statSync(join(site, file)).size, 0);
const pageCount = files.filter((file) => file.endsWith(".html")).length;
const seconds = ((performance.now() - startedAt) / 1000).toFixed(1);
console.log(`dist/site: ${pageCount} pages, ${(bytes / 1e6).toFixed(1)} MB, in ${seconds} s`);
if (broken.length > 0 || app.logger.hasWarnings() || app.logger.hasErrors()) process.exitCode = 1;
