// The tests as they are, on sources of which one has been changed: see mutations.ts, which runs this at the root.
import { join } from "node:path";
import { mergeConfig, type ViteUserConfig } from "vitest/config";

const { default: tests } = (await import(join(process.cwd(), "vitest.config.ts"))) as {
  readonly default: ViteUserConfig;
};
const { file, from, to } = JSON.parse(process.env["MUTATION"]!) as Record<"file" | "from" | "to", string>;
const path = join(process.cwd(), "packages", file);

export default mergeConfig(tests, {
  // Another run's source is not this one's.
  test: { fsModuleCache: false },
  plugins: [
    {
      name: "mutation",
      enforce: "pre",
      transform: (code: string, id: string) => (id.split("?")[0] === path ? code.replaceAll(from, to) : undefined),
    },
  ],
});
