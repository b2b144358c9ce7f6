// `npx -y pnpm@12.21.0 try-packed`: packs every published package, installs the tarballs in an empty folder outside the
// workspace, and there type-checks and runs each package's examples, by `import` and, as CommonJS does it, by `require`.
import { execFileSync } from "node:child_process";
import { cpSync, globSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";

const root = join(import.meta.dirname, "..");
const consumer = mkdtempSync(join(tmpdir(), "tallyline-packed-"));
const bin = (name: string) => join(root, "node_modules", ".bin", name);

interface Manifest {
  readonly name: string;
  readonly private?: boolean;
}
const packages = globSync("{packages,apps}/*/package.json", { cwd: root })
  .map((file) => ({
    folder: join(root, file, ".."),
    ...(JSON.parse(readFileSync(join(root, file), "utf8")) as Manifest),
  }))
  .filter((each) => each.private !== true);

const tarballs = Object.fromEntries(
  packages.map(({ name, folder }) => {
    const packed = run("pnpm", ["pack", "--json", "--pack-destination", consumer], folder);
    const { filename } = JSON.parse(packed) as { readonly filename: string };
    return [name, `file:${basename(filename)}`];
  }),
);
writeFileSync(
  join(consumer, "package.json"),
  JSON.stringify({ name: "consumer", private: true, type: "module", dependencies: tarballs }, null, 2),
);
run("npm", ["install", "--prefer-offline", "--no-audit", "--no-fund"], consumer);

for (const { name, folder } of packages) {
  const examples = join(consumer, name.replace("@tallyline/", ""));
  mkdirSync(examples);
  cpSync(join(folder, "examples"), examples, { recursive: true });
  for (const file of globSync("*.ts", { cwd: examples })) run(process.execPath, [file], examples);
  run(process.execPath, ["--input-type=commonjs", "-e", `require(${JSON.stringify(name)})`], consumer);
  console.log(`${name} runs from its tarball`);
}

writeFileSync(
  join(consumer, "tsconfig.json"),
  JSON.stringify({
    compilerOptions: {
      module: "nodenext",
      target: "es2023",
      lib: ["es2023", "esnext.disposable"],
      strict: true,
      noEmit: true,
      allowImportingTsExtensions: true,
      types: ["node"],
      typeRoots: [join(root, "node_modules", "@types")],
    },
    include: ["*/*.ts"],
  }),
);
run(bin("tsc"), ["-p", "."], consumer);
console.log("all examples type-check against the packed declarations");
rmSync(consumer, { recursive: true });

/** Runs a command and returns what it prints; when it fails, shows that and ends. */
function run(command: string, args: readonly string[], cwd: string): string {
  try {
    return execFileSync(command, args, { cwd, encoding: "utf8", stdio: ["ignore", "pipe", "pipe"] });
  } catch (error) {
    const { stdout, stderr } = error as { readonly stdout: string; readonly stderr: string };
    console.error(`${command} ${args.join(" ")}\nfailed in ${cwd}:\n${stdout}${stderr}`);
    process.exit(1);
  }
}
