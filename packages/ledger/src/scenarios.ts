export { runScenario, type OpenLedger } from "./scenario-runner.ts";
export { scenarios, type Scenario } from "./scenario-tables.ts";
