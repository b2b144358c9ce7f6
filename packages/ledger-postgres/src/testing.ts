export {
  findPostgres,
  PostgresServer,
  startPostgres,
  type PostgresServerOptions,
  type StandbyOptions,
} from "./postgres-server.ts";
