/** Answers may lie there unread when a process that stood still finds its time is up: they are looked at first. */
const GRACE_MS = 50;

/** What the promise becomes, or, where that takes longer than this, `late()` thrown. What it does goes on. */
export async function within<T>(limitMs: number, promise: Promise<T>, late: () => Error): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const limit = new Promise<never>((_, reject) => {
    timer = setTimeout(() => {
      timer = setTimeout(() => reject(late()), GRACE_MS);
    }, limitMs);
  });
  try {
    return await Promise.race([promise, limit]);
  } finally {
    clearTimeout(timer);
  }
}
