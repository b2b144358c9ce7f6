import type { ConformanceCase } from "@tallyline/testkit";

/** The cases that fail, by name, with the message; each run by `drive`, for instance in virtual time. */
export async function failuresOf(
  cases: readonly ConformanceCase[],
  drive: (promise: Promise<void>) => Promise<void> = (promise) => promise,
): Promise<Map<string, string>> {
  const failures = new Map<string, string>();
  for (const { name, run } of cases) {
    try {
      await drive((async () => run())());
    } catch (error) {
      failures.set(name, String(error));
    }
  }
  return failures;
}
