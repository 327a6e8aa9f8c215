import { ConversationTally } from '../../src/conversations/conversation-tally.service';
import { type Caller, TestSystem } from '../support/system';
import { connectNumber, deliver, message, stranger } from '../support/webhooks';

let system: TestSystem;
let admin: Caller;
let agents: Caller[];

beforeAll(async () => {
  system = await TestSystem.start();
  admin = await system.signIn('admin');
  agents = [await system.signIn('employer'), await system.signIn('employer')];
  await connectNumber(admin);
});
afterAll(() => system.stop());

const KIND = 'workspace_id, channel, assigned_user, has_bot, status, read';

/** Kinds of conversations of which there are others than the tally says. */
async function differences(): Promise<object[]> {
  const tally = `select ${KIND}, sum(conversations)::bigint as n, sum(unread_conversations)::bigint as u, sum(unread_messages)::bigint as m
    from conversation_tally group by ${KIND} having sum(conversations) <> 0 or sum(unread_messages) <> 0`;
  const counted = `select workspace_id, channel, assigned_user, assigned_bot is not null as has_bot, status, read, count(*) as n,
      count(*) filter (where unread_count > 0) as u, sum(unread_count)::bigint as m
    from conversation group by 1, 2, 3, 4, 5, 6`;
  return await system.sql(`(${tally} except ${counted}) union all (${counted} except ${tally})`);
}

const tally = (): ConversationTally => system.app.get(ConversationTally, { strict: false });

const pick = <T>(list: T[]): T => list[Math.floor(Math.random() * list.length)]!;

test('the tally is what there is, whatever happens at once, while it is summed up', async () => {
  const people = Array.from({ length: 12 }, stranger);
  const acts: (() => Promise<unknown>)[] = [
    () => deliver(system, ...Array.from({ length: 3 }, () => message(pick(people), 'hello'))),
    async () => {
      const id = await somewhere();
      const by = pick([...agents, admin]);
      return await pick([
        () => by.patch(`/conversations/${id}/assign`, {}),
        () => by.patch(`/conversations/${id}/unassign`, {}),
        () => by.patch(`/conversations/${id}`, { status: pick(['closed', 'active', 'archived', 'queue']) }),
        () => by.patch(`/conversations/${id}`, { read: pick([true, false]) }),
        () => by.post('/messages', { conversation_id: id, body: 'an answer' }),
        () => admin.delete(`/conversations/${id}`),
      ])();
    },
    async () => {
      const [contact] = await system.sql<{ id: string }>('select id from contact order by random() limit 1');
      return contact === undefined || Math.random() < 0.7
        ? null
        : await admin.delete(`/contacts/${contact.id}`);
    },
    () => tally().sumUp(3),
  ];
  await deliver(system, ...people.map((person) => message(person, 'the first')));
  for (let round = 0; round < 25; round++) {
    await Promise.all(Array.from({ length: 8 }, () => pick(acts)()));
    expect(await differences()).toEqual([]);
  }
});

async function somewhere(): Promise<number> {
  const [row] = await system.sql<{ id: string }>('select id from conversation order by random() limit 1');
  return Number(row?.id ?? 1);
}

test('lists, counts and unread messages are what a count of everything would answer, to each who asks', async () => {
  await deliver(system, ...Array.from({ length: 6 }, () => message(stranger(), 'hello')));
  await agents[0]!.patch(`/conversations/${await somewhere()}/assign`, {});
  for (const caller of [admin, ...agents]) {
    const seen = caller === admin ? 'true' : `(assigned_user is null or assigned_user = ${caller.user.id})`;
    const open = `status in ('queue', 'active', 'transferred')`;
    const totals: [query: string, condition: string][] = [
      ['', 'true'],
      ['unread=true', 'not read'],
      ['unread=false', 'read'],
      ['status=queue', `status = 'queue'`],
      ['status=closed,archived', `status in ('closed', 'archived')`],
      ['assigned_user=me', `assigned_user = ${caller.user.id}`],
      ['channel=whatsapp', `channel = 'whatsapp'`],
      ['channel=app-chat', 'false'],
      ['unassigned=true', 'assigned_user is null and assigned_bot is null'],
      ['unassigned=false', 'not (assigned_user is null and assigned_bot is null)'],
    ];
    for (const [query, condition] of totals) {
      const { body } = await caller.get<{ meta: { total: number } }>(`/conversations?limit=1&${query}`);
      expect([query, body.meta.total]).toEqual([query, await count(`${seen} and ${condition}`)]);
    }
    expect((await caller.get('/conversations/counts')).body).toEqual({
      mine: await count(`assigned_user = ${caller.user.id} and ${open}`),
      unassigned: await count(`assigned_user is null and assigned_bot is null and ${open}`),
      bots: await count(`assigned_bot is not null and ${open}`),
      all: await count(`${seen} and ${open}`),
      unread: await count(`${seen} and ${open} and not read`),
    });
    const [unread] = await system.sql<{ m: number; n: number }>(
      `select coalesce(sum(unread_count), 0)::int as m, count(*) filter (where unread_count > 0)::int as n from conversation
       where workspace_id = 1 and ${seen}`,
    );
    expect((await caller.get('/messages/unread-count')).body).toEqual({
      unread_count: unread!.m,
      conversations: unread!.n,
    });
  }
});

async function count(condition: string): Promise<number> {
  const [row] = await system.sql<{ n: number }>(
    `select count(*)::int as n from conversation where workspace_id = 1 and ${condition}`,
  );
  return row!.n;
}

test('summing up leaves a row for each kind and changes no sum', async () => {
  await tally().sumUp(0);
  const [before] = await system.sql<{ n: number }>('select count(*)::int as n from conversation_tally');
  const [kinds] = await system.sql<{ n: number }>(
    `select count(*)::int as n from (select distinct channel, assigned_user, assigned_bot is not null, status, read from conversation) k`,
  );
  expect(before).toEqual(kinds);
  expect(await differences()).toEqual([]);
});

test('where very many have gathered, the oldest are summed up first and the rest later', async () => {
  const [witness] = await system.sql<{ id: string }>('select max(id) as id from conversation_tally');
  await system.sql(
    `insert into conversation_tally (workspace_id, channel, has_bot, status, read, conversations, unread_conversations, unread_messages)
     select 1, 'whatsapp', false, 'queue', false, case n % 2 when 0 then 1 else -1 end, 0, 0 from generate_series(1, 400) n`,
  );
  const left = async (): Promise<number> =>
    (
      await system.sql<{ n: number }>(
        'select count(*)::int as n from conversation_tally where id between $1 + 1 and $1 + 400',
        [witness!.id],
      )
    )[0]!.n;
  const before = await left();
  await tally().sumUp(0, 150);
  expect(await left()).toBeGreaterThanOrEqual(before - 150);
  expect(await differences()).toEqual([]);
  for (let n = 0; n < 3; n++) await tally().sumUp(0, 150);
  expect(await left()).toBe(0);
  expect(await differences()).toEqual([]);
});
