/** Something counted within a moving window. */
export interface Counter {
  key: string;
  windowMs: number;
}

/** Counts events per key within a moving window. */
export class RateWindow {
  private readonly events = new Map<string, number[]>();

  count({ key, windowMs }: Counter, now: number): number {
    const recent = (this.events.get(key) ?? []).filter((at) => at > now - windowMs);
    if (recent.length > 0) this.events.set(key, recent);
    else this.events.delete(key);
    return recent.length;
  }

  add({ key }: Counter, now: number): void {
    const events = this.events.get(key);
    if (events) events.push(now);
    else this.events.set(key, [now]);
  }

  clear(): void {
    this.events.clear();
  }
}
