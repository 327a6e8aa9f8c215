import { setTimeout as delay } from 'node:timers/promises';

const POLL_MS = 20;

/**
 * Polls until the probe returns something truthy without throwing, and returns that. After `timeoutMs`
 * (default 10 s) it throws, saying `what` was awaited and how the probe failed last.
 */
export async function eventually<T>(
  probe: () => T | Promise<T>,
  { timeoutMs = 10_000, what = 'the condition' }: { timeoutMs?: number; what?: string } = {},
): Promise<T> {
  const deadline = performance.now() + timeoutMs;
  for (;;) {
    let failure: unknown;
    try {
      const result = await probe();
      if (result) return result;
      failure = `the probe returned ${String(result)}`;
    } catch (error) {
      failure = error;
    }
    if (performance.now() >= deadline) {
      const last = failure instanceof Error ? failure.message : String(failure);
      throw new Error(`${what} did not come true within ${timeoutMs} ms; last: ${last}`, { cause: failure });
    }
    await delay(POLL_MS);
  }
}
