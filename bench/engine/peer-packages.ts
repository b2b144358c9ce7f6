// The packages that we are compared with. They are installed when a benchmark runs, and only then.
import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { cacheFolder } from "./cache-folder.ts";

const PEER_PACKAGES = {
  "@marcbachmann/cel-js": "8.0.0",
  "@nats-io/transport-node": "3.4.0",
  coap: "1.5.0",
  "expr-eval": "2.0.2",
  "expression-eval": "5.0.1",
  fparser: "4.2.0",
  jayson: "5.0.0",
  jsep: "1.6.0",
  mathjs: "15.2.0",
} as const;

type PeerPackage = keyof typeof PEER_PACKAGES;

const folder = join(cacheFolder, "peers");

/** Installs them, unless these versions are there. */
export function installPeers(): void {
  const manifest = JSON.stringify({ private: true, dependencies: PEER_PACKAGES });
  const installed = join(folder, "installed.json");
  if (existsSync(installed) && readFileSync(installed, "utf8") === manifest) return;
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, "package.json"), manifest);
  // A module inside of the folder, so that names are looked up there.
  writeFileSync(join(folder, "import-peer.mjs"), "export const importPeer = (name) => import(name);\n");
  execFileSync("npm", ["install", "--silent", "--no-audit", "--no-fund", "--no-package-lock"], {
    cwd: folder,
    stdio: "inherit",
  });
  writeFileSync(installed, manifest);
}

/** An installed peer's module. Their types are theirs. */
// oxlint-disable-next-line typescript/no-explicit-any
export async function importPeer(name: PeerPackage): Promise<any> {
  const { importPeer: imported } = await import(pathToFileURL(join(folder, "import-peer.mjs")).href);
  return imported(name);
}

export function versionOf(name: PeerPackage): string {
  return `${name} ${PEER_PACKAGES[name]}`;
}
