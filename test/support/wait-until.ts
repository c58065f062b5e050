import { setTimeout as sleep } from "node:timers/promises";

/** Polls a condition until it is true or the timeout expires. An attempt that throws counts as false. */
export async function waitUntil(
  what: string,
  timeoutMs: number,
  isSo: () => boolean | Promise<boolean>,
): Promise<void> {
  const deadline = performance.now() + timeoutMs;
  let lastError: unknown;
  for (;;) {
    try {
      if (await isSo()) return;
      lastError = undefined;
    } catch (error) {
      lastError = error;
    }
    if (performance.now() >= deadline) {
      throw new Error(
        `Not within ${timeoutMs} ms: ${what}`,
        lastError === undefined ? {} : { cause: lastError },
      );
    }
    await sleep(20);
  }
}
