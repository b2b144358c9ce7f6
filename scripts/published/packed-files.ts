// What a tarball holds, and that its manifest is one for strangers.
import { runCommand } from "../run-command.ts";
import type { Released } from "./release.ts";

export interface PublishedManifest {
  readonly repository: { readonly directory: string };
  readonly bin?: Readonly<Record<string, string>>;
  readonly exports: Readonly<Record<string, string | Readonly<Record<string, string>>>>;
  readonly dependencies?: Readonly<Record<string, string>>;
}

/** Throws unless each tarball has what it should, and nothing else. Returns the manifests by name. */
export async function checkTarballs(released: readonly Released[]): Promise<Map<string, PublishedManifest>> {
  const manifests = new Map<string, PublishedManifest>();
  for (const each of released) {
    const listed = await runCommand("tar", ["tzf", each.tarball], ".");
    const files = listed
      .trimEnd()
      .split("\n")
      .map((file) => file.replace(/^package\//, ""));
    const text = await runCommand("tar", ["xzOf", each.tarball, "package/package.json"], ".");
    const manifest = JSON.parse(text) as PublishedManifest;
    const problems = [...problemsOfFiles(files, manifest), ...problemsOfManifest(text, manifest, released)];
    if (problems.length > 0) throw new Error(`${each.name}:\n  ${problems.join("\n  ")}`);
    manifests.set(each.name, manifest);
  }
  return manifests;
}

function problemsOfFiles(files: readonly string[], { bin = {}, exports }: PublishedManifest): string[] {
  const targets = [...Object.values(bin), ...Object.values(exports)].flatMap((target) =>
    typeof target === "string" ? [target] : Object.values(target),
  );
  const carried = Object.keys(bin).length === 0 ? [] : ["dist/THIRD-PARTY-LICENSES.txt"];
  const expected = [
    "LICENSE",
    "README.md",
    "CHANGELOG.md",
    ...carried,
    ...targets.map((target) => target.replace("./", "")),
  ];
  const known =
    /^(LICENSE|README\.md|CHANGELOG\.md|package\.json|dist\/[^/]+(\.c?js|\.c?js\.map|\.d\.ts)|dist\/THIRD-PARTY-LICENSES\.txt|conformance\/.+\.(json|txt))$/;
  return [
    ...expected.filter((file) => !files.includes(file)).map((file) => `lacks ${file}`),
    ...files.filter((file) => !known.test(file)).map((file) => `should not hold ${file}`),
    ...files
      .filter((file) => /\.c?js$/.test(file) && !files.includes(`${file}.map`))
      .map((file) => `no map of ${file}`),
  ];
}

function problemsOfManifest(text: string, manifest: PublishedManifest, released: readonly Released[]): string[] {
  const problems = [
    ...text.matchAll(/"(workspace|catalog|link|file):.*|"@tallyline\/source"|"(scripts|devDependencies)"/g),
  ].map(([found]) => `its manifest says ${found}`);
  for (const [name, range] of Object.entries(manifest.dependencies ?? {})) {
    if (!name.startsWith("@tallyline/")) continue;
    const version = released.find((each) => each.name === name)?.version;
    if (version === undefined) problems.push(`depends on ${name}, which is not published`);
    else if (range !== `^${version}`) problems.push(`depends on ${name} ${range}, and ${version} is published`);
  }
  return problems;
}
