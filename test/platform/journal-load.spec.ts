import { setTimeout as delay } from 'node:timers/promises';
import { isRetryable } from '../../src/platform/database/database-errors';
import type { Transaction } from '../../src/platform/database/unit-of-work';
import type { JournalCursor } from '../../src/platform/events/journal-cursor';
import type { JournalEvent } from '../../src/platform/events/journal-reader';
import { makeConversations, startPlatform, type TestPlatform } from '../support/platform';

const WRITERS = 16;
const TRANSACTIONS_EACH = 15;
const SCOPE = { workspaceId: 1 };

let platform: TestPlatform;
let conversations: number[];

beforeAll(async () => {
  platform = await startPlatform({ poolSize: WRITERS });
  // Several conversations in one transaction, in any order: deadlocks are part of the load.
  const [row] = await platform.sql<{ name: string }>('select current_database() as name');
  await platform.sql(`alter database ${row!.name} set deadlock_timeout = '20ms'`);
  conversations = await makeConversations(platform, 8);
});
afterAll(() => platform.stop());

interface Written {
  transaction: string;
  /** Counted under the conversation's lock: 1, 2, 3 … in the order in which transactions held it. */
  turn: number;
}

class ChangedMind extends Error {}

const pause = (): Promise<void> => delay(Math.random() * 4);
const pick = <T>(from: T[]): T => from[Math.floor(Math.random() * from.length)]!;

/** Takes the conversation's lock and writes an entry that says when its turn was. */
async function touch(tx: Transaction, conversationId: number, transaction: string): Promise<void> {
  const [row] = await tx.query<{ turn: number }>(
    'update conversation set last_message_id = coalesce(last_message_id, 0) + 1 where id = $1 returning last_message_id as turn',
    [conversationId],
  );
  await pause();
  const payload: Written = { transaction, turn: row!.turn };
  platform.journal.append({ type: 'load', conversationId, audience: null, payload });
}

/** Writes until done; answers the transactions that were committed, with how many entries each. */
async function write(writer: number): Promise<Map<string, number>> {
  const committed = new Map<string, number>();
  for (let n = 0; n < TRANSACTIONS_EACH; n++) {
    let transaction = '';
    let entries = 0;
    let attempt = 0;
    const mind = Math.random() < 0.2 ? 'changes' : 'stays';
    const work = platform.work.run(SCOPE, async (tx) => {
      transaction = `${writer}/${n}/${++attempt}`;
      entries = 1 + Math.floor(Math.random() * 2);
      for (let entry = 0; entry < entries; entry++) {
        await touch(tx, pick(conversations), transaction);
        await pause();
      }
      if (mind === 'changes') throw new ChangedMind();
    });
    await work.then(
      () => committed.set(transaction, entries),
      (error: unknown) => {
        // One deadlock after the other: given up, and rolled back like the rest.
        if (!(error instanceof ChangedMind || isRetryable((error as Error).cause))) throw error;
      },
    );
  }
  return committed;
}

/** Follows the journal until nothing is left after the writers have ended. */
async function follow(writing: { done: boolean }): Promise<JournalEvent[]> {
  const seen: JournalEvent[] = [];
  let cursor: JournalCursor = { base: '1:1:', upto: null, after: 0 };
  for (;;) {
    const { done } = writing;
    const page = await platform.reader.read(cursor, 7);
    seen.push(...page.events);
    cursor = page.next;
    if (page.complete && page.events.length === 0) {
      if (done) return seen;
      await delay(1);
    }
  }
}

/** The reader that everybody writes first. */
async function followById(writing: { done: boolean }): Promise<Set<number>> {
  const seen = new Set<number>();
  let last = 0;
  for (;;) {
    const { done } = writing;
    const rows = await platform.database.query<{ id: number }>(
      'select id from event where id > $1 order by id limit 100',
      [last],
    );
    for (const { id } of rows) seen.add(id);
    last = rows.at(-1)?.id ?? last;
    if (rows.length > 0) continue;
    if (done) return seen;
    await delay(1);
  }
}

test('16 writers that roll back, deadlock and share conversations: readers miss nothing, double nothing, keep the order', async () => {
  const writing = { done: false };
  const readers = [follow(writing), follow(writing)];
  const naive = followById(writing);
  const writers = await Promise.all(Array.from({ length: WRITERS }, (_, writer) => write(writer)));
  writing.done = true;
  const committed = new Map(writers.flatMap((each) => [...each]));

  for (const seen of await Promise.all(readers)) {
    // Every committed entry exactly once, none of a transaction that was rolled back.
    const entries = new Map<string, number>();
    for (const event of seen) {
      const { transaction } = event.payload as unknown as Written;
      entries.set(transaction, (entries.get(transaction) ?? 0) + 1);
    }
    expect(entries).toEqual(committed);
    expect(new Set(seen.map((event) => event.id)).size).toBe(seen.length);

    // Within a conversation, in the order in which the transactions held its lock.
    for (const conversation of conversations) {
      const turns = seen
        .filter((event) => event.conversationId === conversation)
        .map((event) => (event.payload as unknown as Written).turn);
      expect(turns).toEqual(Array.from({ length: turns.length }, (_, index) => index + 1));
    }
  }

  // The load can tell: under it, reading by `id > last` skips entries.
  const written = await platform.sql<{ id: number }>('select id from event');
  const read = await naive;
  expect(written.filter(({ id }) => !read.has(id)).length).toBeGreaterThan(0);
});
