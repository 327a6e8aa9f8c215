import type { Client } from 'pg';
import type { JournalCursor } from '../../src/platform/events/journal-cursor';
import type { JournalEvent } from '../../src/platform/events/journal-reader';
import { formatCursor, parseCursor } from '../../src/platform/events/journal-cursor';
import { APP_ROLE } from '../../src/platform/database/connections';
import { eventually } from '../support/eventually';
import { makeConversations, startPlatform, type TestPlatform, twoWorkspaces } from '../support/platform';

let platform: TestPlatform;
let conversation: number;
let start: JournalCursor;

beforeAll(async () => {
  platform = await startPlatform();
  [conversation = 0] = await makeConversations(platform, 1);
});
afterAll(() => platform.stop());
beforeEach(async () => {
  start = await platform.reader.now();
});

/** A transaction of the default workspace on a connection of its own, so that a test decides what happens when. */
async function begin(): Promise<Client> {
  const client = await platform.connect(APP_ROLE);
  await client.query(`begin; select set_config('app.workspace_id', '1', true)`);
  return client;
}

const writeEntry = (client: Client, type: string): Promise<unknown> =>
  client.query('insert into event (type, conversation_id, payload) values ($1, $2, $3)', [
    type,
    conversation,
    '{}',
  ]);
const lockConversation = (client: Client): Promise<unknown> =>
  client.query('select from conversation where id = $1 for update', [conversation]);
const typesOf = (events: JournalEvent[]): string[] => events.map((event) => event.type);

async function append(...types: string[]): Promise<void> {
  await platform.work.run({ workspaceId: 1 }, () =>
    platform.journal.append(...types.map((type) => ({ type, audience: null, payload: {} }))),
  );
}

/** Everything after the cursor, read in pages of `limit`. */
async function readAll(
  cursor: JournalCursor,
  limit: number,
  workspaceId: number | null = null,
): Promise<{ events: JournalEvent[]; next: JournalCursor; pages: number }> {
  const events: JournalEvent[] = [];
  for (let pages = 1; ; pages++) {
    const page = await platform.reader.read(cursor, limit, workspaceId);
    events.push(...page.events);
    cursor = page.next;
    if (page.complete) return { events, next: cursor, pages };
  }
}

describe('a reader', () => {
  it('finds the entry of a transaction that drew its id early and committed late', async () => {
    const [early, late] = [await begin(), await begin()];
    await writeEntry(early, 'early');
    await writeEntry(late, 'late');
    await late.query('commit');
    const first = await readAll(start, 10);
    expect(typesOf(first.events)).toEqual(['late']);

    await early.query('commit');
    const second = await readAll(first.next, 10);
    expect(typesOf(second.events)).toEqual(['early']);
    // Which is why `id > last` would have skipped it.
    expect(second.events[0]!.id).toBeLessThan(first.events[0]!.id);
    expect((await readAll(second.next, 10)).events).toEqual([]);
  });

  /*
   * The usual repair of `id > last` waits until no older transaction runs any more (xid below the snapshot's xmin)
   * and orders by (xid, id). It skips nothing, but it orders by when transactions began to write, not by when they
   * held the conversation: `slow` has its xid before `quick` begins, and changes the conversation after it.
   */
  it('tells of a conversation in the order in which transactions held it, not in which they began', async () => {
    const [slow, quick] = [await begin(), await begin()];
    await slow.query(`insert into bot (name) values ('something else first')`);
    await lockConversation(quick);
    await writeEntry(quick, 'first');
    const waiting = lockConversation(slow);
    await quick.query('commit');
    await waiting;
    await writeEntry(slow, 'second');
    await slow.query('commit');

    expect(typesOf((await readAll(start, 10)).events)).toEqual(['first', 'second']);
    const byHorizon = async (): Promise<string[]> =>
      typesOf(
        await platform.database.query<JournalEvent>(
          `select type from event where xid >= pg_snapshot_xmin($1) and xid < pg_snapshot_xmin(pg_current_snapshot())
           order by xid, id`,
          [start.base],
        ),
      );
    // Any transaction on this server holds the horizon back.
    await eventually(async () => (await byHorizon()).length === 2, {
      what: 'the horizon',
      timeoutMs: 60_000,
    });
    expect(await byHorizon()).toEqual(['second', 'first']);
  }, 90_000);

  it('sees nothing of a transaction that was rolled back, also not of one that still runs', async () => {
    const [undone, running] = [await begin(), await begin()];
    await writeEntry(undone, 'undone');
    await writeEntry(running, 'running');
    await undone.query('rollback');
    const { events, next } = await readAll(start, 10);
    expect(events).toEqual([]);
    await running.query('rollback');
    expect((await readAll(next, 10)).events).toEqual([]);
  });

  it('sees entries of savepoints that were kept, and none of those that were not', async () => {
    const client = await begin();
    await client.query('savepoint kept');
    await writeEntry(client, 'kept');
    await client.query('release kept');
    await client.query('savepoint dropped');
    await writeEntry(client, 'dropped');
    await client.query('rollback to dropped');
    await client.query('commit');
    expect(typesOf((await readAll(start, 10)).events)).toEqual(['kept']);
  });

  it('is independent of every other reader', async () => {
    await append('1', '2', '3');
    const one = await platform.reader.read(start, 2);
    const other = await readAll(start, 10);
    await append('4');
    expect(typesOf(other.events)).toEqual(['1', '2', '3']);
    expect(typesOf((await readAll(one.next, 10)).events)).toEqual(['3', '4']);
    expect(typesOf((await readAll(other.next, 10)).events)).toEqual(['4']);
  });

  it('of one workspace sees its entries only', async () => {
    const [north, south] = await twoWorkspaces(platform);
    for (const workspaceId of [north, south, north]) {
      await platform.work.run({ workspaceId }, () =>
        platform.journal.append({ type: `of ${workspaceId}`, audience: null, payload: {} }),
      );
    }
    expect(typesOf((await readAll(start, 1, north)).events)).toEqual([`of ${north}`, `of ${north}`]);
    expect((await readAll(start, 10)).events).toHaveLength(3);
  });
});

describe('paging', () => {
  it.each([1, 3, 7, 100])(
    'by %i through a difference of many transactions loses and doubles nothing',
    async (limit) => {
      const expected: string[] = [];
      for (let n = 0; n < 30; n++) {
        const types = Array.from({ length: 1 + (n % 3) }, (_, i) => `${n}/${i}`);
        expected.push(...types);
        await append(...types);
      }
      const { events, pages } = await readAll(start, limit);
      expect(typesOf(events)).toEqual(expected);
      expect(pages).toBeGreaterThanOrEqual(Math.floor(expected.length / limit));
    },
  );

  it('goes on, whatever is committed between two pages: before, after and among what was read', async () => {
    const among = await begin();
    await append('1');
    await writeEntry(among, 'drawn second, committed last');
    await append('3', '4');
    const page = await platform.reader.read(start, 2);
    expect(typesOf(page.events)).toEqual(['1', '3']);
    await among.query('commit');
    await append('5');
    expect(typesOf((await readAll(page.next, 2)).events)).toEqual(['4', 'drawn second, committed last', '5']);
  });

  it('can go on from any single entry, as a client does that lost its connection there', async () => {
    const open = await begin();
    await append('1', '2');
    await writeEntry(open, 'late');
    await append('3');
    const { events } = await readAll(start, 2);
    await open.query('commit');
    for (const [index, event] of events.entries()) {
      const rest = await readAll(parseCursor(event.cursor), 2);
      expect(typesOf(rest.events)).toEqual([...['1', '2', '3'].slice(index + 1), 'late']);
    }
  });

  it('keeps its place through text', async () => {
    await append('1', '2', '3');
    const page = await platform.reader.read(start, 2);
    const again = parseCursor(formatCursor(page.next));
    expect(again).toEqual(page.next);
    expect(typesOf((await readAll(again, 2)).events)).toEqual(['3']);
  });
});
