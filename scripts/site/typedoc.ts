// The part of TypeDoc that the site is built with, as far as it is used. TypeDoc is no dependency of the workspace
// (docs/decisions/0095-the-site-is-built-by-typedoc.md), so its own types are not there when this is type-checked.
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { outsideTool } from "../outside-tool.ts";

/** Installs TypeDoc outside of the workspace, unless it is there, and loads it. */
export async function loadTypeDoc(): Promise<TypeDoc> {
  const folder = await outsideTool("typedoc");
  return (await import(pathToFileURL(join(folder, "dist", "index.js")).href)) as TypeDoc;
}

/** TypeDoc's exports. */
export interface TypeDoc {
  readonly Application: { bootstrap(options: object): Promise<Application> };
  readonly StructureRouter: new (application: Application) => {
    getIdealBaseName(reflection: Reflection): string;
  };
  readonly MinimalSourceFile: new (text: string, path: string) => object;
  readonly Models: {
    readonly DocumentReflection: new (
      name: string,
      parent: Reflection,
      content: Part[],
      frontmatter: object,
    ) => Reflection;
    readonly Comment: new (summary: Part[], blockTags: object[]) => Comment;
    readonly CommentTag: new (tag: string, content: Part[]) => object;
  };
  readonly JSX: {
    createElement(tag: unknown, props: object | null, ...children: unknown[]): object;
    readonly Raw: unknown;
  };
}

/** One run of it. */
export interface Application {
  readonly converter: {
    on(
      event: "resolveBegin" | "resolveEnd",
      listen: (context: { readonly project: Project }) => void,
      priority?: number,
    ): void;
    parseRawComment(file: object, files: Files): { readonly content: Part[] };
  };
  readonly renderer: {
    on(event: "prepareIndex", listen: (index: SearchIndex) => void): void;
    defineRouter(name: string, router: unknown): void;
    readonly router: {
      getFullUrl(reflection: Reflection): string;
      relativeUrl(from: Reflection, to: Reflection): string;
    };
    readonly hooks: { on(place: "content.end", show: (context: RenderContext) => object): void };
  };
  readonly logger: {
    readonly errorCount: number;
    readonly warningCount: number;
    hasWarnings(): boolean;
    hasErrors(): boolean;
  };
  convert(): Promise<Project | undefined>;
  validate(project: Project): void;
  generateDocs(project: Project, folder: string): Promise<void>;
}

/** A piece of markdown. */
export interface Part {
  readonly kind: "text" | "code" | "relative-link" | "inline-tag";
  readonly text: string;
}

export interface Comment {
  readonly summary: readonly Part[];
  readonly blockTags: readonly { readonly content: Part[]; typeAnnotation?: string }[];
}

/** Anything that is documented, documents included. */
export interface Reflection {
  name: string;
  readonly kind: number;
  readonly parent?: Reflection;
  readonly children?: readonly Reflection[];
  readonly signatures?: readonly Reflection[];
  comment?: Comment;
  /** How much more it counts in a search than others. */
  relevanceBoost?: number;
  /** Of a module, and of the whole. */
  readme?: Part[];
  isDocument(): boolean;
  isProject(): boolean;
}

export interface Project extends Reflection {
  readonly files: Files;
  readonly categories?: readonly { readonly title: string; readonly children: Reflection[] }[];
  readonly reflections: Readonly<Record<number, Reflection>>;
  addChild(child: Reflection): void;
  registerReflection(reflection: Reflection, symbol: undefined, file: undefined): void;
}

/** What links to files lead to. */
interface Files {
  getReflectionPath(reflection: Reflection): string | undefined;
  registerReflectionPath(path: string, reflection: Reflection): void;
}

/** What can be searched: the fields of each result, by place. */
interface SearchIndex {
  readonly searchResults: readonly Reflection[];
  readonly searchFields: Record<string, string>[];
  readonly searchFieldWeights: Record<string, number>;
}

interface RenderContext {
  readonly page: { readonly model: Reflection };
}
