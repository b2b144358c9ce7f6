#!/usr/bin/env node
// One program with several commands; without one it serves.
const COMMANDS: Readonly<Record<string, () => Promise<unknown>>> = {
  verify: async () => (await import("./server/books-program.ts")).verify(),
  backup: async () => (await import("./server/books-program.ts")).backup(),
  restore: async () => (await import("./server/books-program.ts")).restore(),
  migrate: async () => (await import("./server/migrate-program.ts")).migrate(),
  users: async () => (await import("./server/users-program.ts")).manageUsers(),
};
const serve = async (): Promise<void> => (await import("./server/server-program.ts")).serve();

const command = COMMANDS[process.argv[2] ?? ""];
if (command !== undefined) process.argv.splice(2, 1);
void (command ?? serve)();
