// `npx -y pnpm@12.21.0 walk`: does what "Write your own protocol server in 30 lines" tells a newcomer to do, in a new folder
// outside the workspace, with packages that are packed from this tree, and says how long each step takes. Commands are run
// as they stand there, code is saved under its name and run, and what it prints has to be what the guide says.
import { execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, dirname, join } from "node:path";
import { text } from "node:stream/consumers";

const root = join(import.meta.dirname, "..");
const place = mkdtempSync(join(tmpdir(), "newcomer-"));
const guide = readFileSync(join(root, "docs", "guides", "own-server.md"), "utf8");
const path = `${dirname(process.execPath)}:${process.env["PATH"] ?? ""}`; // the Node.js that runs this
const run = (command: string, args: readonly string[], cwd: string): string =>
  execFileSync(command, args, { cwd, encoding: "utf8", env: { ...process.env, PATH: path } });

// What the registry has for a newcomer: a package, and what it depends on.
const tarballs = new Map<string, readonly string[]>();
const pack = (name: string): readonly string[] => {
  const folder = join(root, "packages", name.replace("@tallyline/", ""));
  const { dependencies = {} } = JSON.parse(readFileSync(join(folder, "package.json"), "utf8")) as {
    readonly dependencies?: Readonly<Record<string, string>>;
  };
  const needed = Object.keys(dependencies).flatMap((each) => tarballsOf(each));
  const packed = run("pnpm", ["pack", "--json", "--pack-destination", place], folder);
  const { filename } = JSON.parse(packed) as { readonly filename: string };
  return [join(place, basename(filename)), ...needed];
};
const tarballsOf = (name: string): readonly string[] => {
  const known = tarballs.get(name) ?? pack(name);
  tarballs.set(name, known);
  return known;
};
for (const [, name = ""] of guide.matchAll(/(?<=^npm install .*)(@tallyline\/[a-z-]+)/gm)) tarballsOf(name);

let folder = place;
let saved = "";
let total = 0;
for (const [, language = "", file, content = ""] of guide.matchAll(
  /^```(\w+)(?: file=(\S+)| output)?\n([\s\S]*?)^```$/gm,
)) {
  const startedAt = performance.now();
  const step = await take(language, file, content);
  const ms = performance.now() - startedAt;
  total += ms;
  console.log(`${(ms / 1000).toFixed(1).padStart(5)} s  ${step}`);
}
console.log(`${(total / 1000).toFixed(1).padStart(5)} s  all of it, but for reading and thinking`);
rmSync(place, { recursive: true });

/** Does what one block of the guide says; returns what that was. */
async function take(language: string, file: string | undefined, content: string): Promise<string> {
  if (language === "sh") {
    const packed = content.replaceAll(/@tallyline\/[a-z-]+/g, (name) => tarballsOf(name).join(" "));
    folder = run("sh", ["-c", `set -e\n${packed}pwd`], folder)
      .trimEnd()
      .split("\n")
      .at(-1)!;
    return content.trimEnd().replaceAll("\n", "; ");
  }
  if (file !== undefined) {
    saved = basename(file);
    writeFileSync(join(folder, saved), content);
    return `save ${saved}`;
  }
  if (language === "console") return serve(content);
  if (language === "json") {
    writeFileSync(join(folder, "tsconfig.json"), content);
    run("tsc", ["-p", ".", "--typeRoots", join(root, "node_modules", "@types")], folder);
    return "save tsconfig.json, and check the types of all of it";
  }
  const printed = run("node", [saved], folder);
  if (printed !== content) throw new Error(`${saved} printed\n${printed}and the guide says\n${content}`);
  return `node ${saved}`;
}

/** `$ node FILE`, and what a server prints first; it is stopped as Ctrl-C stops it. */
async function serve(content: string): Promise<string> {
  const [command = "", ...lines] = content.trimEnd().split("\n");
  const server = spawn("node", [command.replace("$ node ", "")], { cwd: folder, env: { ...process.env, PATH: path } });
  const printed = text(server.stdout);
  await once(server.stdout, "readable");
  server.kill("SIGINT");
  const [exitCode] = (await once(server, "exit")) as [number | null];
  if (exitCode !== 0 || (await printed) !== `${lines.join("\n")}\n`)
    throw new Error(`${command} printed ${await printed}`);
  return `${command.replace("$ ", "")}, and Ctrl-C`;
}
