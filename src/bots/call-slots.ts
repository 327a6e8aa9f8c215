/**
 * How many services of bots are waited for at a time: those that are slow must leave workers to send messages, and one
 * of them must leave some to the others.
 */
export class CallSlots {
  readonly total: number;
  readonly perBot: number;
  readonly taken = new Map<number, number>();

  constructor(concurrency: number) {
    this.total = Math.max(1, Math.floor(concurrency / 2));
    this.perBot = Math.max(1, Math.ceil(this.total * 0.6));
  }

  /** A place that is not taken yet. */
  one(): CallSlot {
    return new CallSlot(this);
  }
}

/** Taken at most once, and given back by whoever asked for it. */
export class CallSlot {
  private botId: number | null = null;

  constructor(private readonly slots: CallSlots) {}

  /** Whether there is room; asking again changes nothing, since a unit of work may run anew. */
  enter(botId: number): boolean {
    if (this.botId === botId) return true;
    this.leave();
    const { taken, total, perBot } = this.slots;
    const mine = taken.get(botId) ?? 0;
    const all = [...taken.values()].reduce((sum, each) => sum + each, 0);
    if (all >= total || mine >= perBot) return false;
    taken.set(botId, mine + 1);
    this.botId = botId;
    return true;
  }

  leave(): void {
    if (this.botId === null) return;
    const { taken } = this.slots;
    const left = taken.get(this.botId)! - 1;
    if (left === 0) taken.delete(this.botId);
    else taken.set(this.botId, left);
    this.botId = null;
  }
}
