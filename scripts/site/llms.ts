// The site for language models (llmstxt.org): an index of the pages as markdown, and all of them in one file.
import { cpSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { entries, type Page, pages, root, sectionTitles } from "./pages.ts";
import type { Project, Reflection } from "./typedoc.ts";

/** Copies the pages' markdown beside the pages, where its relative links lead to one another, and writes llms.txt and llms-full.txt. */
export function writeForLanguageModels(site: string, project: Project): void {
  const readmes = entries.filter(({ isMain }) => isMain);
  const all: Page[] = sectionTitles.flatMap((title) =>
    [...pages, ...readmes].filter(({ section }) => section === title),
  );
  const readme = readFileSync(join(root, "README.md"), "utf8");
  const [, summary = ""] = readme.split("\n\n");

  for (const { file } of [{ file: "README.md" }, ...all]) {
    mkdirSync(join(site, dirname(file)), { recursive: true });
    cpSync(join(root, file), join(site, file));
  }
  const sections = sectionTitles.map((title) => {
    const links = all.filter(({ section }) => section === title).map((page) => `- [${page.title}](${page.file})`);
    return `## ${title}\n\n${links.join("\n")}\n`;
  });
  const quote = `> ${summary.replaceAll("\n", " ")}`;
  const rest = "Everything in one file: [llms-full.txt](llms-full.txt), with what each package exports.";
  writeFileSync(join(site, "llms.txt"), `# Tallyline\n\n${quote}\n\n${rest}\n\n${sections.join("\n")}`);

  const texts = [readme, ...all.map(({ file }) => readFileSync(join(root, file), "utf8"))];
  const names = ["README.md", ...all.map(({ file }) => file)];
  const full = texts.map((text, index) => `<!-- ${names[index]} -->\n\n${text}`);
  writeFileSync(join(site, "llms-full.txt"), [...full, ...(project.children ?? []).map(exportsOf)].join("\n\n"));
}

/** The names that a module exports, each with the first sentence of its docstring. */
function exportsOf(module: Reflection): string {
  const lines = (module.children ?? []).map((each) => {
    const comment = each.comment ?? each.signatures?.[0]?.comment;
    const text = (comment?.summary ?? []).map((part) => part.text).join("");
    const [sentence = ""] = text.replaceAll(/\s+/g, " ").split(/(?<=[.:]) (?=[A-Z])/);
    return `- \`${each.name}\`: ${sentence}`;
  });
  return `# What ${module.name} exports\n\n${lines.join("\n")}\n`;
}
