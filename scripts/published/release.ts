// A release, as .github/workflows/release.yml makes it, of a copy of the last commit and to another registry: versions and
// change logs from the change notes, a build, tarballs, and those published.
import { globSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { runCommand } from "../run-command.ts";
import type { Registry } from "./registry.ts";

export interface Released {
  /** As it is in the tarball's manifest: `@tallyline/tcp`. */
  readonly name: string;
  readonly version: string;
  /** The path of its tarball. */
  readonly tarball: string;
}

/** Releases everything that has a change note. Returns what was published. */
export async function release(root: string, copy: string, packed: string, registry: Registry): Promise<Released[]> {
  const inCopy = (command: string, args: readonly string[], environment: Readonly<Record<string, string>> = {}) =>
    runCommand(command, args, copy, environment);

  await runCommand("git", ["clone", "--quiet", root, copy], root);
  await inCopy("git", ["config", "user.name", "release"]);
  await inCopy("git", ["config", "user.email", "release@localhost"]);
  await inCopy("pnpm", ["install", "--frozen-lockfile", "--prefer-offline"]);
  await inCopy("pnpm", ["changeset", "version"]);
  const left = globSync(".changeset/*.md", { cwd: copy });
  if (left.length > 0) throw new Error(`change notes were left over: ${left.join(", ")}`);
  await inCopy("git", ["add", "--all"]);
  await inCopy("git", ["commit", "--quiet", "--message", "Version packages"]);
  await inCopy("pnpm", ["install", "--frozen-lockfile", "--prefer-offline"]); // the lockfile still holds
  await inCopy("pnpm", ["build"]);
  await inCopy("pnpm", ["changeset", "pack", "--out-dir", packed]);

  const target = (await inCopy("pnpm", ["config", "get", "@tallyline:registry"], registry.publisher)).trim();
  if (target !== registry.url) throw new Error(`would publish to ${target}, not to ${registry.url}`);
  const publish = ["changeset", "publish", "--from-pack-dir", packed];
  // Nobody vouches for what this machine builds: asked for a provenance, as the workflow asks, publishing has to fail.
  const vouched = inCopy("pnpm", publish, { ...registry.publisher, pnpm_config_provenance: "true" });
  const refusal = await vouched.then(() => "", String);
  if (!refusal.includes("PROVENANCE")) throw new Error(`no provenance was made or refused:\n${refusal}`);
  await inCopy("pnpm", publish, registry.publisher);
  const again = await inCopy("pnpm", ["changeset", "publish"], registry.publisher);
  if (!again.includes("No unpublished projects")) throw new Error(`publishing again would publish more:\n${again}`);

  const { plan } = JSON.parse(readFileSync(join(packed, "publish-plan.json"), "utf8")) as PublishPlan;
  const tags = (await inCopy("git", ["tag", "--points-at", "HEAD"])).trim().split("\n");
  const released = plan
    .flat()
    .map(({ name, version, tarball }) => ({ name, version, tarball: join(packed, tarball.path) }));
  const untagged = released.filter(({ name, version }) => !tags.includes(`${name}@${version}`));
  if (untagged.length > 0) throw new Error(`no tag for ${untagged.map(({ name }) => name).join(", ")}`);
  return released;
}

interface PublishPlan {
  readonly plan: readonly (readonly {
    readonly name: string;
    readonly version: string;
    readonly tarball: { readonly path: string };
  }[])[];
}
