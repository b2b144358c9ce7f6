export { createCalculatorClient, type CalculatorClient, type CalculatorClientOptions } from "./client.ts";
export { createCalculatorServer, type CalculatorServer, type CalculatorServerOptions } from "./server.ts";
export { type Language } from "./language.ts";
