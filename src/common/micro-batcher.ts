interface Waiting<Item> {
  items: Item[];
  done: () => void;
  failed: (error: unknown) => void;
}

/**
 * Gathers what arrives while one flush runs into the next flush. There is no timer: alone, an item is
 * flushed on the next turn of the event loop; under load, batches grow by themselves.
 *
 * `flush` gets the items in the order they were submitted and resolves once all are durable. When it
 * rejects, every submission of that batch rejects with the same error.
 */
export class MicroBatcher<Item> {
  private waiting: Waiting<Item>[] = [];
  private running: Promise<void> | null = null;
  private queued = 0;

  constructor(
    private readonly flush: (items: Item[]) => Promise<void>,
    private readonly maxItems: number,
  ) {}

  /** Items submitted and not yet durable. */
  get pending(): number {
    return this.queued;
  }

  /** Resolves once everything submitted so far is durable or has failed. */
  async drained(): Promise<void> {
    await this.running;
  }

  submit(items: Item[]): Promise<void> {
    this.queued += items.length;
    return new Promise<void>((done, failed) => {
      this.waiting.push({ items, done, failed });
      this.running ??= this.drain();
    });
  }

  private async drain(): Promise<void> {
    // One turn of the loop, so that requests read from the network together are written together.
    await new Promise<void>((next) => setImmediate(next));
    while (this.waiting.length > 0) {
      const batch = this.takeBatch();
      const items = batch.length === 1 ? batch[0]!.items : batch.flatMap((w) => w.items);
      const answer = await this.outcomeOf(items, batch);
      this.queued -= items.length;
      // The next batch is on its way to the database before the answers of this one are written.
      if (this.waiting.length > 0) setImmediate(answer);
      else answer();
    }
    this.running = null;
  }

  /** Flushes, and answers how to tell the submissions what came of it. */
  private async outcomeOf(items: Item[], batch: Waiting<Item>[]): Promise<() => void> {
    try {
      await this.flush(items);
      return () => batch.forEach((submission) => submission.done());
    } catch (error) {
      return () => batch.forEach((submission) => submission.failed(error));
    }
  }

  private takeBatch(): Waiting<Item>[] {
    let count = 0;
    let size = 0;
    while (
      count < this.waiting.length &&
      (count === 0 || size + this.waiting[count]!.items.length <= this.maxItems)
    ) {
      size += this.waiting[count]!.items.length;
      count++;
    }
    return this.waiting.splice(0, count);
  }
}
