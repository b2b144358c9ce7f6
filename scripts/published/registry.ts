// A registry of packages on this machine, for as long as a script runs. It knows the packages of the house alone: what they
// depend on comes from wherever npm gets it otherwise.
import { once } from "node:events";
import { writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import type { Server } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { outsideTool } from "../outside-tool.ts";

export interface Registry extends Disposable {
  readonly url: string;
  /** Environment variables with which everything is published to it, and nothing anywhere else. */
  readonly publisher: Readonly<Record<string, string>>;
  /** The content of an npmrc that installs the packages of the house from it. */
  readonly consumerConfig: string;
}

/** Starts an empty registry on a free port, with its storage below a folder. */
export async function startRegistry(folder: string): Promise<Registry> {
  const verdaccio = await outsideTool("verdaccio");
  const { runServer } = createRequire(import.meta.url)(verdaccio) as {
    readonly runServer: (configuration: object) => Promise<Server>;
  };
  const server = await runServer({
    storage: join(folder, "storage"),
    configPath: join(folder, "config.yaml"),
    self_path: join(folder, "config.yaml"),
    packages: { "@tallyline/*": { access: "$all", publish: "$all" } },
    web: { enable: false },
    log: { type: "stdout", level: "fatal" },
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const host = `127.0.0.1:${(server.address() as AddressInfo).port}`;
  const url = `http://${host}/`;
  const consumerConfig = `@tallyline:registry=${url}\n`;
  const npmrc = join(folder, "npmrc");
  // A client sends nothing without a token. Anybody may publish here, so any will do.
  writeFileSync(npmrc, `registry=${url}\n${consumerConfig}//${host}/:_authToken=anybody\n`);
  return {
    url,
    // npx and pnpm hand their configuration on as variables in lower case, which would win over an npmrc.
    publisher: { NPM_CONFIG_USERCONFIG: npmrc, npm_config_userconfig: npmrc, npm_config_registry: url },
    consumerConfig,
    [Symbol.dispose]: () => {
      server.closeAllConnections();
      server.close();
    },
  };
}
