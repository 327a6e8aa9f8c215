const TIMEOUT_MS = 10_000;
const MAX_MS = 2 ** 31 - 1;

export interface Played {
  durationMs: number | null;
  /** Also true where nothing is known. */
  hasPicture: boolean;
}

/** How long a sound or video plays, as far as it tells. Never throws: what cannot be read is still a file. */
export async function playedOf(path: string): Promise<Played> {
  let timer: NodeJS.Timeout | undefined;
  try {
    const { parseFile } = await import('music-metadata');
    const timeout = new Promise<null>((give) => (timer = setTimeout(() => give(null), TIMEOUT_MS)));
    const parsed = await Promise.race([parseFile(path, { duration: true, skipCovers: true }), timeout]);
    const ms = Math.round((parsed?.format.duration ?? 0) * 1_000);
    return {
      durationMs: Number.isFinite(ms) && ms > 0 && ms <= MAX_MS ? ms : null,
      hasPicture: parsed?.format.hasVideo !== false,
    };
  } catch {
    return { durationMs: null, hasPicture: true };
  } finally {
    clearTimeout(timer);
  }
}
