export { EXIT } from "./exit-code.ts";
export { count, createProgram, host, listenPort, parseFlags, port, type ProgramDescription } from "./flags.ts";
export { defaultHistoryPath, openHistory, stateFolder } from "./history.ts";
export type { Log } from "./log.ts";
export { report } from "./report.ts";
export { runClient, showOutcomes, type Ask, type History } from "./run-client.ts";
export { runServer, type Service } from "./run-server.ts";
