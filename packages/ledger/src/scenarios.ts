export { compareWithMemory, type Comparison } from "./differential.ts";
export { runScenario, type OpenLedger } from "./scenario-runner.ts";
export { scenarios, type Scenario } from "./scenario-tables.ts";
export { RANDOM_CURRENCIES, randomCommands, type Timed } from "./random-commands.ts";
