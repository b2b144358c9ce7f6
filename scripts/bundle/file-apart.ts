import type { Options } from "tsup";

type Plugin = NonNullable<Options["esbuildPlugins"]>[number];

/**
 * Makes a package of others a file of its own beside the programs of a folder, such as `pino.cjs`: they share it, and it is
 * read and compiled when one of them asks for it.
 */
export function fileApart(name: string, plugins: Plugin[]): Plugin {
  let build: Promise<unknown> | undefined;
  return {
    name: "file-apart",
    setup(program) {
      program.onResolve({ filter: new RegExp(`^${name}$`) }, async ({ path, pluginData, ...asked }) => {
        if (pluginData === "itself") return undefined;
        const itself = await program.resolve(path, { ...asked, pluginData: "itself" });
        const entryPoints = { [name]: itself.path };
        build ??= program.esbuild.build({
          ...program.initialOptions,
          entryPoints,
          plugins,
          sourcemap: true,
          write: true,
        });
        await build;
        return { path: `./${name}.cjs`, external: true };
      });
    },
  };
}
