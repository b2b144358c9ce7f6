// Writes the code of each README's and guide's examples, and what they print, into the page: `node scripts/readmes.ts`.
// test/readmes.test.ts fails when a page says anything else.
import { execFileSync } from "node:child_process";
import { globSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";

const root = join(import.meta.dirname, "..");
const block = /^```(\w+) file=(\S+)\n[\s\S]*?^```\n(\n```text output\n[\s\S]*?^```\n)?/gm;

for (const readme of globSync(["README.md", "{packages,apps}/*/README.md", "docs/guides/*.md"], { cwd: root })) {
  const path = join(root, readme);
  const before = readFileSync(path, "utf8");
  const after = before.replaceAll(block, (_all, language: string, file: string, output: string | undefined) => {
    const example = join(root, dirname(readme), file);
    const code = `\`\`\`${language} file=${file}\n${readFileSync(example, "utf8")}\`\`\`\n`;
    if (output === undefined) return code;
    const printed = execFileSync(process.execPath, ["--conditions=@tallyline/source", example], { encoding: "utf8" });
    return `${code}\n\`\`\`text output\n${printed}\`\`\`\n`;
  });
  if (after !== before) writeFileSync(path, after);
}
