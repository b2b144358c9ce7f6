/** A store URL that makes no sense: the message says where. */
class PostgresUrlError extends Error {
  override readonly name = "PostgresUrlError";
}

/** What a store URL says of a ledger on PostgreSQL. */
export interface PostgresPlace {
  /** One connection string for each server named. */
  readonly servers: readonly [string, ...string[]];
  readonly schema?: string;
  readonly synchronousStandbyNames?: string;
  readonly synchronousCommit?: "on" | "remote_apply";
  readonly isolation?: "read committed" | "serializable";
}

/**
 * Reads `postgres://USER@HOST:PORT,HOST:PORT/DATABASE?…`. The parameters `schema`, `standbys`, `commit` and `isolation` are
 * the bank's; others, such as `sslmode`, are the driver's. A parameter `host` is the folder of a socket: one for all hosts,
 * or as many, with commas between them.
 * @returns undefined where the text is no such URL. @throws PostgresUrlError where it is one with a mistake.
 */
export function parsePostgresUrl(url: string): PostgresPlace | undefined {
  const match = /^postgres(?:ql)?:\/\/(?:([^@/?]*)@)?([^/?]*)(\/[^?]*)?(?:\?(.*))?$/.exec(url);
  if (match === null) return undefined;
  const [, user, hosts = "", path = "", query = ""] = match;
  const parameters = new URLSearchParams(query);
  const take = (name: string): string | undefined => {
    const value = parameters.get(name) ?? undefined;
    parameters.delete(name);
    return value;
  };
  const schema = take("schema");
  const synchronousStandbyNames = take("standbys");
  const synchronousCommit = oneOf("commit", take("commit"), ["on", "remote_apply"]);
  const isolation = oneOf("isolation", take("isolation"), ["read committed", "serializable"]);
  const sockets = take("host")?.split(",") ?? [];

  const servers = hosts.split(",").map((host, index) => {
    const own = new URLSearchParams(parameters);
    const socket = sockets[index] ?? sockets[0];
    if (socket !== undefined) own.set("host", socket);
    const rest = own.size > 0 ? `?${own.toString().replaceAll("+", "%20")}` : "";
    const server = `postgres://${user === undefined ? "" : `${user}@`}${host === "" ? "localhost" : host}${path}${rest}`;
    if (!URL.canParse(server))
      throw new PostgresUrlError(`store names the server ${JSON.stringify(host)}, expected HOST:PORT`);
    return server;
  }) as [string, ...string[]];
  return {
    servers,
    ...(schema !== undefined && { schema }),
    ...(synchronousStandbyNames !== undefined && { synchronousStandbyNames }),
    ...(synchronousCommit !== undefined && { synchronousCommit }),
    ...(isolation !== undefined && { isolation }),
  };
}

function oneOf<T extends string>(name: string, value: string | undefined, choices: readonly T[]): T | undefined {
  const choice = choices.find((each) => each === value);
  if (value === undefined || choice !== undefined) return choice;
  throw new PostgresUrlError(`store has ${name}=${value}, expected ${choices.join(" or ")}`);
}
