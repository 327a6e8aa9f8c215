import { Client } from 'pg';
import { ConversationArchiver } from '../../src/conversations/conversation-archiver.service';
import type { ConversationStatus } from '../../src/conversations/conversations.types';
import { secondWorkspace } from '../support/crm';
import { Desk } from '../support/desk';
import { eventually } from '../support/eventually';
import { type Caller, TestSystem } from '../support/system';

const DAYS = 30;

let system: TestSystem;
let admin: Caller;
let ana: Caller;
let desk: Desk;

beforeAll(async () => {
  system = await TestSystem.start({ config: { archiveClosedAfterDays: DAYS } });
  admin = await system.signIn('admin');
  ana = await system.signIn('employer');
  desk = await Desk.of(system, admin);
});
afterAll(() => system.stop());

const archiverOf = (one: TestSystem): ConversationArchiver =>
  one.app.get(ConversationArchiver, { strict: false });
const statusOf = async (id: number): Promise<string> => {
  const [row] = await system.sql<{ status: string }>('select status from conversation where id = $1', [id]);
  return row!.status;
};
async function aged(status: ConversationStatus, days: number): Promise<number> {
  const id = await desk.conversationIn(status, status === 'queue' ? null : ana.user.id);
  await age(id, days);
  return id;
}
const age = (id: number, days: number): Promise<unknown> =>
  system.sql(`update conversation set updated_at = now() - $2 * interval '1 day' where id = $1`, [id, days]);
const entriesOf = (ids: number[]): Promise<{ user_name: string; details: object }[]> =>
  system.sql(
    `select user_name, details from audit_log
     where action = 'conversation.status' and subject_type = 'conversation' and subject_id = any ($1)`,
    [ids],
  );

describe('closed conversations', () => {
  test('are archived once nobody has touched them for long enough, and no other is', async () => {
    const old = await aged('closed', DAYS + 1);
    const others = [
      await aged('closed', DAYS - 1),
      await aged('queue', DAYS + 1),
      await aged('active', DAYS + 1),
      await aged('transferred', DAYS + 1),
    ];
    const before = await Promise.all(others.map(statusOf));
    expect(await archiverOf(system).archive()).toBe(1);
    expect(await statusOf(old)).toBe('archived');
    expect(await Promise.all(others.map(statusOf))).toEqual(before);
    expect(await archiverOf(system).archive()).toBe(0);
  });

  test('are announced to who sees them, and the audit log says that nobody did it', async () => {
    const id = await aged('closed', DAYS + 1);
    const [own, foreign] = [await system.listen(ana), await system.listen(await system.signIn('employer'))];
    await archiverOf(system).archive();
    await eventually(() => own.of('conversation:status_changed').length > 0, { what: 'the event' });
    expect(own.of('conversation:status_changed').map((h) => h.payload)).toMatchObject([
      { id, status: 'archived', assigned_user: ana.user.id },
    ]);
    expect(await desk.heardOf(id)).toEqual(['conversation:new', 'conversation:status_changed']);
    expect(foreign.of('conversation:status_changed')).toEqual([]);
    expect(await entriesOf([id])).toEqual([
      { user_name: 'system', details: { from: 'closed', to: 'archived' } },
    ]);
  });

  test('with a newer note are still somebody’s concern', async () => {
    const id = await aged('closed', DAYS + 1);
    await ana.post(`/conversations/${id}/notes`, { body: 'Call back' });
    await archiverOf(system).archive();
    expect(await statusOf(id)).toBe('closed');
    await system.sql(
      `update conversation_note set created_at = now() - $2 * interval '1 day' where conversation_id = $1`,
      [id, DAYS + 1],
    );
    await archiverOf(system).archive();
    expect(await statusOf(id)).toBe('archived');
  });

  test('are archived in every workspace', async () => {
    const theirs = await secondWorkspace(system, 'archive');
    const own = await aged('closed', DAYS + 1);
    await theirs.admin.patch(`/conversations/${theirs.conversationId}`, { status: 'closed' });
    await age(theirs.conversationId, DAYS + 1);
    expect(await archiverOf(system).archive()).toBe(2);
    expect([await statusOf(own), await statusOf(theirs.conversationId)]).toEqual(['archived', 'archived']);
  });

  test('are each archived once, by several processes at once and in small batches', async () => {
    const ids: number[] = [];
    for (let n = 0; n < 40; n++) ids.push(await aged('closed', DAYS + 1));
    const other = await system.startAnother({ archiveClosedAfterDays: DAYS });
    const counts = await Promise.all([
      archiverOf(system).archive(3),
      archiverOf(other).archive(3),
      archiverOf(system).archive(4),
      archiverOf(other).archive(5),
    ]);
    expect(counts.reduce((sum, count) => sum + count, 0)).toBe(40);
    expect(await Promise.all(ids.map(statusOf))).toEqual(ids.map(() => 'archived'));
    expect(await entriesOf(ids)).toHaveLength(40);
    const [told] = await system.sql<{ count: string }>(
      `select count(*) from event where type = 'conversation:status_changed' and conversation_id = any ($1)`,
      [ids],
    );
    expect(Number(told!.count)).toBe(40);
  });

  test('are no more than so many of a workspace at a time, the oldest first', async () => {
    const ids: number[] = [];
    for (const days of [5, 4, 3, 2, 1]) ids.push(await aged('closed', DAYS + days));
    expect(await archiverOf(system).archive(2, 3)).toBe(3);
    expect(await Promise.all(ids.map(statusOf))).toEqual([
      ...['archived', 'archived', 'archived'],
      ...['closed', 'closed'],
    ]);
    expect(await archiverOf(system).archive()).toBe(2);
  });

  test('that cannot be archived in one workspace are archived in the others', async () => {
    const theirs = await secondWorkspace(system, 'trouble');
    const own = await aged('closed', DAYS + 1);
    await theirs.admin.patch(`/conversations/${theirs.conversationId}`, { status: 'closed' });
    await age(theirs.conversationId, DAYS + 1);
    await system.sql(
      `create function refuse() returns trigger language plpgsql as $$ begin raise exception 'no'; end $$;
       create trigger refuse before update on conversation for each row when (new.id = ${own}) execute function refuse()`,
    );
    expect(await archiverOf(system).archive()).toBe(1);
    await system.sql('drop trigger refuse on conversation');
    expect([await statusOf(own), await statusOf(theirs.conversationId)]).toEqual(['closed', 'archived']);
    expect(await archiverOf(system).archive()).toBe(1);
  });

  test('that somebody is just about to change are left to them, without waiting', async () => {
    const [held, free] = [await aged('closed', DAYS + 2), await aged('closed', DAYS + 1)];
    const client = new Client({ connectionString: system.databaseUrl });
    await client.connect();
    try {
      await client.query('begin');
      await client.query(`update conversation set status = 'queue', updated_at = now() where id = $1`, [
        held,
      ]);
      expect(await archiverOf(system).archive()).toBe(1);
      await client.query('commit');
    } finally {
      await client.end();
    }
    expect(await archiverOf(system).archive()).toBe(0);
    expect([await statusOf(held), await statusOf(free)]).toEqual(['queue', 'archived']);
  });

  test('can be taken back, and then count as touched', async () => {
    const id = await aged('closed', DAYS + 1);
    await archiverOf(system).archive();
    expect((await admin.patch(`/conversations/${id}`, { status: 'closed' })).status).toBe(200);
    await archiverOf(system).archive();
    expect(await statusOf(id)).toBe('closed');
  });
});

describe('the hour', () => {
  /** Starts a server and lets the time pass after which it first looks. */
  async function firstLook(config: { archiveClosedAfterDays: number; role?: 'api' }): Promise<void> {
    const timers = jest.spyOn(globalThis, 'setTimeout');
    try {
      await system.startAnother(config);
      for (const [look, ms] of timers.mock.calls) if (ms === 60_000) look();
    } finally {
      timers.mockRestore();
    }
  }

  test('comes by itself where jobs run, and never where it is not wanted', async () => {
    const id = await aged('closed', DAYS + 1);
    await firstLook({ archiveClosedAfterDays: 0 });
    await firstLook({ archiveClosedAfterDays: DAYS, role: 'api' });
    const off = await system.startAnother({ archiveClosedAfterDays: 0 });
    expect(await archiverOf(off).archive()).toBe(0);
    expect(await statusOf(id)).toBe('closed');
    await firstLook({ archiveClosedAfterDays: DAYS });
    await eventually(async () => (await statusOf(id)) === 'archived', { what: 'the archiving' });
  });
});
