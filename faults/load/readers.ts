import { setTimeout as delay } from 'node:timers/promises';
import { get } from './http';

const PAUSE_MS = 50;

const INBOX = '/conversations?limit=20';

/** Agents who look at the inbox and at each conversation in it, on each server, one look after the other. */
export class Readers {
  served = 0;
  refused = 0;
  slowestMs = 0;
  private over = false;
  private readonly running: Promise<unknown>;

  constructor(
    urls: readonly string[],
    private readonly token: string,
  ) {
    this.running = Promise.all(urls.map((url) => this.lookAround(url)));
  }

  async stop(): Promise<void> {
    this.over = true;
    await this.running;
  }

  private async lookAround(url: string): Promise<void> {
    while (!this.over) {
      const inbox = await this.look(url + INBOX);
      const { data } = inbox === null ? { data: [] } : (JSON.parse(inbox) as { data: { id: number }[] });
      for (const { id } of data) {
        if (this.over) return;
        await this.look(`${url}/messages/conversation/${id}?limit=20`);
      }
    }
  }

  /** What is there to see; null where nothing is shown. */
  private async look(address: string): Promise<string | null> {
    const startedAt = performance.now();
    const { status, body } = await get(address, { authorization: `Bearer ${this.token}` });
    this.slowestMs = Math.max(this.slowestMs, performance.now() - startedAt);
    await delay(PAUSE_MS);
    if (status === 200) {
      this.served++;
      return body;
    }
    this.refused++;
    return null;
  }
}
