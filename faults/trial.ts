import { setTimeout as delay } from 'node:timers/promises';
import { APP_SECRET } from '../bench/webhooks';
import { Agents, type AgentsOptions } from './load/agents';
import type { ChatClient } from './load/chat-client';
import { ChatLoad, type ChatLoadOptions } from './load/chat-load';
import { Customers, type CustomersOptions } from './load/customers';
import { Listener } from './load/listener';
import { openConversations } from './load/openings';
import { OperationJournal } from './load/operations';
import { ALL_SENT_AND_READ, type Evidence, type Expectations, type LimitedHearer } from './oracle/evidence';
import { COUNTS, type Counts, judge, type Judgement } from './oracle/judge';
import { readEvidence } from './oracle/witness';
import type { Cluster } from './rig/cluster';

const LOOK_MS = 250;
/** How long everything may take to come right after a fault, in ms. */
const SETTLE_LIMIT_MS = 60_000;

const WAITED_WORTH_SAYING_MS = 500;

/** A figure that was measured, and what it may be at most. */
export interface Check {
  what: string;
  value: number;
  limit: number;
  unit: 'ms' | '';
}

/** What one fault did to the promises. */
export interface Result {
  name: string;
  operations: number;
  unknown: number;
  refused: number;
  counts: Counts;
  /** From the end of the fault until everything was right, in ms; null where it never was. */
  recoveryMs: number | null;
  checks: Check[];
  /** Answers that nobody may get, and how often somebody did. */
  wrongAnswers: ReadonlyMap<string, number>;
  /** In words, what is wrong. */
  problems: string[];
  passed: boolean;
}

/** A socket of somebody who does not see everything, or whose session ends. */
export interface LimitedListener extends Omit<LimitedHearer, 'heard'> {
  listener: Listener;
}

export interface TrialSize {
  /** How many times the short form. */
  factor: number;
  /** How long everything may take to come right, in ms, where that is otherwise than usual. */
  settleLimitMs?: number;
  /** How long things take is shown and fails nothing: a build server has other work as well. */
  timesAreShown?: boolean;
}

/** One fault: its own customers, agents, sockets and operation journal on the common cluster. */
export class Trial {
  readonly journal = new OperationJournal();
  readonly listeners: Listener[] = [];
  readonly chats: ChatLoad[] = [];
  /** Sockets on `/` beside those. */
  readonly desks: ChatClient[] = [];
  readonly limited: LimitedListener[] = [];
  readonly phonePrefix: string;
  expected: Expectations = ALL_SENT_AND_READ;
  private readonly checks: Check[] = [];
  /** Part of all its ids. */
  readonly run: string;
  private kept: Pick<Evidence, 'journal' | 'owners'> | null = null;
  private listening = false;
  private settled = false;
  private healedAt = 0;
  private recoveryMs: number | null = null;
  private recoveryLimitMs = SETTLE_LIMIT_MS;

  constructor(
    readonly cluster: Cluster,
    readonly name: string,
    index: number,
    private readonly size: TrialSize,
  ) {
    this.phonePrefix = `5511${String(index).padStart(2, '0')}`;
    this.run = `${name}-${Math.random().toString(36).slice(2, 8)}`;
  }

  get urls(): string[] {
    return this.cluster.api.map(({ url }) => url);
  }

  phone(n: number): string {
    return String(this.firstPhone + n);
  }

  times(count: number): number {
    return Math.max(1, Math.round(count * this.size.factor));
  }

  /** One agent's socket on each server, which hears all of this fault. */
  async listen(): Promise<void> {
    if (this.listening) return;
    this.listening = true;
    const { urls } = this;
    const { token } = this.cluster;
    for (const [i] of urls.entries())
      this.listeners.push(await Listener.open([...urls.slice(i), ...urls.slice(0, i)], token));
  }

  customers(given: Partial<CustomersOptions> & { messages: number }): Customers {
    return new Customers({
      journal: this.journal,
      urls: this.urls,
      secret: APP_SECRET,
      number: this.cluster.meta.number,
      run: `${this.run}-${this.journal.inbound.size}`,
      firstPhone: this.firstPhone,
      contacts: 200,
      senders: 8,
      seed: this.journal.inbound.size + 1,
      ...given,
    });
  }

  /** The conversations of so many customers, each of whom has written once. */
  async conversations(count: number): Promise<number[]> {
    const phones = Array.from({ length: count }, (_, i) => this.phone(i));
    const { number } = this.cluster.meta;
    await openConversations(this.journal, { url: this.urls[0]!, number, run: this.run, phones });
    const rows = await this.cluster.sql<{ id: number }>(
      `select c.id from contact_identity i join conversation c on c.contact_id = i.contact_id
       where i.scheme = 'whatsapp_phone' and i.value = any ($1) order by c.id`,
      [phones],
    );
    return rows.map(({ id }) => id);
  }

  agents(given: Partial<AgentsOptions> & { conversations: number[]; replies: number }): Agents {
    return new Agents({
      journal: this.journal,
      urls: this.urls,
      token: this.cluster.token,
      run: `${this.run}-${this.journal.replies.size}`,
      writers: 8,
      ...given,
    });
  }

  /** Users of the live chat who have written once, with staff who answer them. */
  async chat(
    given: Partial<ChatLoadOptions> & Pick<ChatLoadOptions, 'users' | 'messages' | 'answers'>,
  ): Promise<ChatLoad> {
    const before = this.chats.reduce((sum, { size }) => sum + size, 0);
    const chat = await ChatLoad.open({
      journal: this.journal,
      urls: this.urls,
      token: this.cluster.token,
      run: `${this.run}-chat-${this.chats.length}`,
      firstUserId: this.firstPhone + before,
      ...given,
    });
    this.chats.push(chat);
    return chat;
  }

  /** The fault is over: from now on time counts. */
  healed(): void {
    this.healedAt = performance.now();
  }

  check(what: string, value: number, limit: number, unit: Check['unit'] = 'ms'): void {
    this.checks.push({ what, value, limit, unit });
  }

  /** How long everything may take to come right once the fault is over, where that is less than usual. */
  limitRecovery(limitMs: number): void {
    this.recoveryLimitMs = limitMs;
  }

  /** Of all processes that died: how long each was away at most. */
  checkReadyAgain(limitMs: number): void {
    const deaths = this.cluster.nodes.flatMap((node) => node.deaths.splice(0));
    const away = deaths.map(({ at, readyAt, waitedMs }) => (readyAt ?? Infinity) - at - waitedMs);
    const waited = Math.max(0, ...deaths.map(({ waitedMs }) => waitedMs));
    this.check(`ready again (${deaths.length} kills)`, Math.max(0, ...away), limitMs);
    if (waited > WAITED_WORTH_SAYING_MS) this.check('and waited for a processor', waited, Infinity);
  }

  async evidence(): Promise<Evidence> {
    const limited = this.limited.map(({ listener, ...rights }) => ({ ...rights, heard: listener.heard }));
    const { cluster, phonePrefix, journal, listeners, chats, desks } = this;
    const now = await readEvidence(cluster, phonePrefix, journal, listeners, limited, chats, desks);
    if (this.kept === null) return now;
    return {
      ...now,
      journal: joined(this.kept.journal, now.journal, ({ id }) => id),
      owners: joined(this.kept.owners, now.owners, ({ entryId }) => entryId),
    };
  }

  /** The journal is about to be cleared: what is in it by now still counts. */
  async keepJournal(): Promise<void> {
    this.kept = await this.evidence();
  }

  /** Waits until nothing is under way and everything is right, in the midst of the load. */
  async quiet(): Promise<void> {
    const deadline = performance.now() + SETTLE_LIMIT_MS;
    while (performance.now() < deadline) {
      if ((await this.isQuiet()) && isClean((await this.judge()).counts)) return;
      await delay(LOOK_MS);
    }
  }

  /** Waits until everything is right, or for as long as it may take. */
  async settle(): Promise<void> {
    if (this.settled) return;
    this.settled = true;
    if (this.healedAt === 0) this.healed();
    const deadline =
      performance.now() + (this.size.settleLimitMs ?? Math.max(SETTLE_LIMIT_MS, this.recoveryLimitMs));
    for (;;) {
      if ((await this.isQuiet()) && isClean((await this.judge()).counts)) {
        this.recoveryMs = performance.now() - this.healedAt;
        return;
      }
      if (performance.now() > deadline) return;
      await delay(LOOK_MS);
    }
  }

  async judge(): Promise<Judgement> {
    return judge(await this.evidence(), this.expected);
  }

  async result(): Promise<Result> {
    for (const each of [...this.listeners, ...this.chats, ...this.desks]) each.close();
    for (const { listener } of this.limited) listener.close();
    const { counts, examples } = await this.judge();
    const { journal, checks } = this;
    this.check('right again', this.recoveryMs ?? Infinity, this.recoveryLimitMs);
    const missed = checks.filter(
      ({ value, limit, unit }) =>
        !(value <= limit) && !(unit === 'ms' && value < Infinity && this.size.timesAreShown),
    );
    const problems = [
      ...examples,
      ...missed.map(
        ({ what, value, limit, unit }) => `${what}: ${Math.round(value)} ${unit}, limit ${limit}`,
      ),
      ...[...journal.wrongAnswers].map(([what, times]) => `wrong answer ${times} times: ${what}`),
      ...this.listeners
        .filter(({ resyncs }) => resyncs > 0)
        .map(({ resyncs }) => `a socket was told ${resyncs} times to fetch everything anew`),
    ];
    return {
      name: this.name,
      operations: journal.operations,
      unknown: journal.tries.unknown,
      refused: journal.tries.refused,
      counts,
      recoveryMs: this.recoveryMs,
      checks,
      wrongAnswers: journal.wrongAnswers,
      problems,
      passed: problems.length === 0 && isClean(counts),
    };
  }

  private get firstPhone(): number {
    return Number(`${this.phonePrefix}00000`);
  }

  /** Nothing is under way: no webhook at Meta, no job held or due, nothing still to be sent. */
  private async isQuiet(): Promise<boolean> {
    if (this.cluster.meta.pending > 0) return false;
    const [row] = await this.cluster.sql<{ busy: boolean }>(
      `select exists (select from job where failed_at is null and task = 'messages.send'
         and (held_by is not null or run_at <= now() + interval '1 second')) as busy`,
    );
    return row?.busy === false;
  }
}

/** Both, each entry once, in their order. */
function joined<T>(kept: readonly T[], now: readonly T[], idOf: (entry: T) => number): T[] {
  const all = new Map([...kept, ...now].map((entry) => [idOf(entry), entry]));
  return [...all.values()].sort((a, b) => idOf(a) - idOf(b));
}

export function isClean(counts: Counts): boolean {
  return COUNTS.every((count) => counts[count] === 0);
}
