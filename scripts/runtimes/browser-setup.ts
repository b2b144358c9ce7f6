// What tests take from Node.js without importing it. The packages themselves cannot: they compile without it.
import { Buffer } from "node:buffer";

Object.assign(globalThis, { Buffer, setImmediate: (then: () => void) => setTimeout(then) });
