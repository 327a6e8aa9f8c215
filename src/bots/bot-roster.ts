import { Injectable } from '@nestjs/common';
import { BotRosterRepository } from './bot-roster.repository';

/** One that began before the time in question, and two for a clock that was set back. */
const MAX_LOADS = 3;

/** Which workspaces have bots, so that what happens in the others costs nothing. */
@Injectable()
export class BotRoster {
  private at = new Date(0);
  private workspaces: ReadonlySet<number> = new Set();
  private loading: Promise<void> | null = null;

  constructor(private readonly rows: BotRosterRepository) {}

  /** As last known, which may be a moment ago. */
  probably(workspaceId: number): boolean {
    return this.workspaces.has(workspaceId);
  }

  /** Whether it had bots at that time of the database's clock, or has since. */
  async has(workspaceId: number, at: Date): Promise<boolean> {
    for (let loads = 0; loads < MAX_LOADS && this.at.getTime() <= at.getTime(); loads++)
      await (this.loading ??= this.load());
    return this.workspaces.has(workspaceId);
  }

  /** Those that have some now. */
  async current(): Promise<number[]> {
    await this.load();
    return [...this.workspaces];
  }

  private async load(): Promise<void> {
    try {
      const { at, workspaces } = await this.rows.load();
      this.at = at;
      this.workspaces = workspaces;
    } finally {
      this.loading = null;
    }
  }
}
