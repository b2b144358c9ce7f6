import { globSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import type { Options } from "tsup";

type Plugin = NonNullable<Options["esbuildPlugins"]>[number];

/** Writes the licence of every package of others whose code is in what is built: whoever passes it on owes them that. */
export function licenceTexts(file: string): Plugin {
  const folders = new Set<string>();
  return {
    name: "licence-texts",
    setup(build) {
      build.onEnd(({ metafile }) => {
        const inputs = Object.values(metafile?.outputs ?? {}).flatMap((output) => Object.keys(output.inputs));
        for (const input of inputs) {
          const [, folder] = /^(.*\/node_modules\/(?:@[^/]+\/)?[^/]+)\//.exec(input) ?? [];
          if (folder !== undefined) folders.add(folder);
        }
        mkdirSync(dirname(file), { recursive: true });
        writeFileSync(
          file,
          [...folders]
            .map(entryOf)
            .toSorted()
            .join(`\n${"-".repeat(80)}\n\n`),
        );
      });
    },
  };
}

function entryOf(folder: string): string {
  const { name, version, license } = JSON.parse(readFileSync(join(folder, "package.json"), "utf8"));
  const [text] = globSync("{LICENSE,LICENCE,license}{,.md,.txt}", { cwd: folder });
  if (text === undefined) throw new Error(`${name} ${version} (${license}) has no text of its licence`);
  return `${name} ${version}\n\n${readFileSync(join(folder, text), "utf8").trim()}\n`;
}
