// What makes one site of TypeDoc's reference and the repository's pages: titles, sections, addresses like those in the
// repository, links, and at the end of each page where it comes from and what comes next.
import { readFileSync, statSync } from "node:fs";
import { dirname, join } from "node:path";
import { entries, isOnSite, type Page, pages, REPOSITORY, root } from "./pages.ts";
import type { Application, Comment, Part, Reflection, TypeDoc } from "./typedoc.ts";

export function installPlugin(typedoc: TypeDoc, app: Application): void {
  /** The page that a document is, or that heads a module. */
  const pageOf = new Map<Reflection, Page>();
  const order = (reflection: Reflection): number => [...pageOf.keys()].indexOf(reflection);

  app.converter.on("resolveBegin", ({ project }) => {
    const read = (file: string, text = readFileSync(join(root, file), "utf8")): Part[] => {
      const source = new typedoc.MinimalSourceFile(withLinksToRepository(text, file), join(root, file));
      return app.converter.parseRawComment(source, project.files).content;
    };
    /** Links to the file lead to the reflection; where it is a README, those to its folder too. */
    const lead = (file: string, reflection: Reflection): void => {
      project.files.registerReflectionPath(join(root, file), reflection);
      if (file.endsWith("README.md")) project.files.registerReflectionPath(join(root, dirname(file)), reflection);
    };

    project.readme = read("README.md", withoutTitle("README.md")); // the name of the project is its title
    lead("README.md", project);
    for (const entry of entries) {
      const source = join(root, entry.source).replaceAll("\\", "/");
      const module = (project.children ?? []).find((each) => project.files.getReflectionPath(each) === source)!;
      module.name = entry.title;
      adopt(module, entry);
      if (!entry.isMain) continue; // the README is on the page of what the package's own name imports
      module.readme = read(entry.file, withoutTitle(entry.file));
      lead(entry.file, module);
    }
    for (const reflection of Object.values(project.reflections)) nameErrors(reflection.comment);
    for (const page of pages) {
      const document = new typedoc.Models.DocumentReflection(page.title, project, read(page.file), {});
      project.addChild(document);
      project.registerReflection(document, undefined, undefined);
      adopt(document, page);
      lead(page.file, document);
    }
  });

  app.converter.on(
    "resolveEnd",
    ({ project }) => {
      for (const { children } of project.categories ?? []) children.sort((a, b) => order(a) - order(b));
    },
    -1000, // after all has been categorized
  );

  app.renderer.on("prepareIndex", (index) => {
    index.searchFieldWeights["headings"] = 5;
    for (const [place, reflection] of index.searchResults.entries()) {
      const page = pageOf.get(reflection);
      if (page === undefined || (!reflection.isDocument() && reflection.readme === undefined)) continue;
      const text = readFileSync(join(root, page.file), "utf8");
      const headings = [...text.matchAll(/^##+ (.*)$/gm)].map(([, heading]) => heading);
      index.searchFields[place] = { document: text, headings: headings.join("\n") };
    }
  });

  app.renderer.defineRouter(
    "repository",
    class extends typedoc.StructureRouter {
      override getIdealBaseName(reflection: Reflection): string {
        const page = pageOf.get(reflection);
        return page?.place ?? `${this.getIdealBaseName(reflection.parent!)}/${reflection.name}`;
      }
    },
  );

  app.renderer.hooks.on("content.end", ({ page: { model } }) => {
    const page = model.isProject() ? { file: "README.md" } : pageOf.get(model);
    return typedoc.JSX.createElement(typedoc.JSX.Raw, { html: page === undefined ? "" : footer(model, page.file) });
  });

  function adopt(reflection: Reflection, page: Page): void {
    pageOf.set(reflection, page);
    reflection.relevanceBoost = 4; // a page before each of the many names that are like it
    const tag = new typedoc.Models.CommentTag("@category", [{ kind: "text", text: page.section }]);
    reflection.comment = new typedoc.Models.Comment([], [tag]);
  }

  /** Where a page comes from, and its neighbours in its section. */
  function footer(model: Reflection, file: string): string {
    const section = [...pageOf].filter(([, page]) => page.section === pageOf.get(model)?.section);
    const place = section.findIndex(([reflection]) => reflection === model);
    const link = (which: "previous" | "next"): string => {
      const neighbour = section[which === "next" ? place + 1 : place - 1];
      if (place === -1 || neighbour === undefined) return "<span></span>";
      const [reflection, { title }] = neighbour;
      const rel = which === "next" ? "next" : "prev";
      const label = which === "next" ? "Next" : "Previous";
      return `<a rel="${rel}" href="${app.renderer.router.relativeUrl(model, reflection)}"><small>${label}</small> ${title}</a>`;
    };
    return `<nav class="neighbours" aria-label="Pages of this section">${link("previous")}${link("next")}</nav>
<p class="edit">Edit this page: <a href="${REPOSITORY}/edit/main/${file}">${file}</a></p>`;
  }
}

/** `@throws {RangeError} when …` names the error as the text that follows does, instead of in a line of its own. */
function nameErrors(comment: Comment | undefined): void {
  for (const tag of comment?.blockTags ?? []) {
    if (tag.typeAnnotation === undefined) continue;
    tag.content.unshift({ kind: "code", text: `\`${tag.typeAnnotation.slice(1, -1)}\`` }, { kind: "text", text: " " });
    delete tag.typeAnnotation;
  }
}

function withoutTitle(file: string): string {
  return readFileSync(join(root, file), "utf8").replace(/^# .*\n/, "");
}

/** Makes links to files that are not on the site lead to the repository. Throws where there is no such file. */
function withLinksToRepository(markdown: string, file: string): string {
  return markdown.replaceAll(/\]\((?!https?:|#)([^)#]+)(#[^)]*)?\)/g, (link, path: string) => {
    const target = join(dirname(file), path).replaceAll("\\", "/");
    if (isOnSite(target) || target.endsWith(".svg")) return link; // TypeDoc copies pictures
    const kind = statSync(join(root, target)).isDirectory() ? "tree" : "blob";
    return `](${REPOSITORY}/${kind}/main/${target})`;
  });
}
