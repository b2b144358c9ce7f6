import { execFile } from "node:child_process";

/** Runs a command and resolves with what it printed. When it fails, rejects with that, the command and its folder. */
export async function runCommand(
  command: string,
  args: readonly string[],
  folder: string,
  environment: Readonly<Record<string, string>> = {},
): Promise<string> {
  return new Promise((resolve, reject) => {
    const options = { cwd: folder, env: { ...process.env, ...environment }, maxBuffer: 64 * 1024 * 1024 };
    execFile(command, args, options, (error, stdout, stderr) => {
      if (error === null) resolve(stdout);
      else
        reject(new Error(`${command} ${args.join(" ")}\nfailed in ${folder}:\n${stdout}${stderr}`, { cause: error }));
    });
  });
}
