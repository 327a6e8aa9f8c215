import { setTimeout as delay } from 'node:timers/promises';
import { encodeCursor } from '../../src/common/cursor-page';
import { openConversation } from '../support/crm';
import { type Answer, type Caller, TestSystem } from '../support/system';

let system: TestSystem;
let admin: Caller;
let ana: Caller;
let ben: Caller;

beforeAll(async () => {
  system = await TestSystem.start();
  admin = await system.signIn('admin');
  ana = await system.signIn('employer');
  ben = await system.signIn('employer');
});
afterAll(() => system.stop());

interface Page {
  data: { id: number; conversation_id: number; body: string | null }[];
  meta?: { total: number; pages: number };
  next_cursor: string | null;
  prev_cursor: string | null;
}

/** Further messages of the customer, by hand: ids and conversations are what paging is about. */
async function said(conversationId: number, count: number, text = 'more'): Promise<number[]> {
  const rows = await system.sql<{ id: string }>(
    `insert into message (workspace_id, conversation_id, sender_type, body, whatsapp_status)
     select 1, $1, 'contact', $3 || ' ' || n, 'delivered' from generate_series(1, $2) n returning id`,
    [conversationId, count, text],
  );
  return rows.map((row) => Number(row.id));
}

async function read(path: string, caller = admin): Promise<Page> {
  const answer = await caller.get<Page>(path);
  expect([answer.status, answer.body]).toEqual([200, answer.body]);
  return answer.body;
}

const idsOf = (page: Page): number[] => page.data.map((message) => message.id);
const refused = (code: string, status: number) => ({ status, body: { code } });

describe('the history by cursor', () => {
  it('comes newest first, and its cursors lead to its end and back, whatever arrives meanwhile', async () => {
    const id = await openConversation(system);
    await said(id, 24);
    const path = `/messages/conversation/${id}/cursor?limit=7`;
    const all = idsOf(await read(`/messages/conversation/${id}?limit=100`));

    const down: number[] = [];
    let page = await read(path);
    expect(page.prev_cursor).toBeNull();
    for (;;) {
      down.push(...idsOf(page));
      if (page.next_cursor === null) break;
      await said(id, 2);
      page = await read(`${path}&cursor=${page.next_cursor}`);
    }
    expect(down).toEqual(all);

    const up: number[] = [...idsOf(page)];
    while (page.prev_cursor !== null) {
      page = await read(`${path}&direction=newer&cursor=${page.prev_cursor}`);
      up.unshift(...idsOf(page));
    }
    expect(up).toEqual(idsOf(await read(`/messages/conversation/${id}?limit=100`)));
  });

  it('can be read from the oldest message on', async () => {
    const id = await openConversation(system);
    const more = await said(id, 3);
    const page = await read(`/messages/conversation/${id}/cursor?direction=newer&limit=2`);
    expect(idsOf(page)[0]).toBe(more[0]);
    expect(page.next_cursor).toBeNull();
    expect(
      idsOf(
        await read(`/messages/conversation/${id}/cursor?direction=newer&limit=2&cursor=${page.prev_cursor}`),
      ),
    ).toEqual([more[2], more[1]]);
  });

  it.each([1, 2, 5, 100])(
    'opens around a message, with a limit of %i, and goes on both ways',
    async (limit) => {
      const id = await openConversation(system);
      await said(id, 20);
      const all = idsOf(await read(`/messages/conversation/${id}?limit=100`));
      const middle = all[10]!;
      const path = `/messages/conversation/${id}/cursor?limit=${limit}`;
      const page = await read(`${path}&around=${middle}`);
      expect(idsOf(page)).toContain(middle);
      expect(page.data.length).toBe(Math.min(limit, all.length));
      let [older, newer] = [page.next_cursor, page.prev_cursor];
      const seen = idsOf(page);
      while (older !== null) {
        const next = await read(`${path}&cursor=${older}`);
        seen.push(...idsOf(next));
        older = next.next_cursor;
      }
      while (newer !== null) {
        const next = await read(`${path}&direction=newer&cursor=${newer}`);
        seen.unshift(...idsOf(next));
        newer = next.prev_cursor;
      }
      expect(seen).toEqual(all);
    },
  );

  it('misses nothing and repeats nothing while customers write', async () => {
    const id = await openConversation(system);
    const writing = Array.from({ length: 3 }, async (_, writer) => {
      for (let n = 0; n < 15; n++)
        await admin.post('/messages', { conversation_id: id, body: `${writer}/${n}` });
    });
    const over = Promise.all(writing).then(() => true);
    const seen: number[] = [];
    for (let ended = false; ;) {
      const place = seen.length === 0 ? '' : `&cursor=${encodeCursor([id, seen.at(-1)!])}`;
      const page = await read(`/messages/conversation/${id}/cursor?direction=newer&limit=3${place}`);
      seen.push(...idsOf(page).toReversed());
      if (ended && page.data.length === 0) break;
      ended ||= await Promise.race([over, delay(5).then(() => false)]);
    }
    const stored = await system.sql<{ id: string }>(
      'select id from message where conversation_id = $1 order by id',
      [id],
    );
    expect(seen).toEqual(stored.map((row) => Number(row.id)));
  });

  it.each([
    ['a cursor of another conversation', (_: number, other: string) => `cursor=${other}`, 'CURSOR_INVALID'],
    ['a made-up cursor', () => 'cursor=abc', 'CURSOR_INVALID'],
    [
      'a cursor of something else',
      () => `cursor=${Buffer.from('["x",1]').toString('base64url')}`,
      'CURSOR_INVALID',
    ],
    ['an unknown direction', () => 'direction=sideways', 'VALIDATION_FAILED'],
    ['a limit of 0', () => 'limit=0', 'VALIDATION_FAILED'],
    ['a limit of 101', () => 'limit=101', 'VALIDATION_FAILED'],
    [
      'around and a cursor',
      (id: number, other: string) => `around=${id}&cursor=${other}`,
      'VALIDATION_FAILED',
    ],
    ['around no number', () => 'around=x', 'VALIDATION_FAILED'],
    ['an unknown field', () => 'offset=3', 'VALIDATION_FAILED'],
  ])('refuses %s', async (_what, query, code) => {
    const id = await openConversation(system);
    const other = await openConversation(system);
    await said(other, 3);
    const { next_cursor } = await read(`/messages/conversation/${other}/cursor?limit=1`);
    const answer = await admin.get(`/messages/conversation/${id}/cursor?${query(id, next_cursor!)}`);
    expect(answer).toMatchObject(refused(code, 400));
  });

  it('knows no message of another conversation to open it around', async () => {
    const [id, other] = [await openConversation(system), await openConversation(system)];
    const [foreign] = await said(other, 1);
    expect(await admin.get(`/messages/conversation/${id}/cursor?around=${foreign}`)).toMatchObject(
      refused('NOT_FOUND', 404),
    );
  });
});

describe('a conversation that somebody else has', () => {
  it('answers whoever may not see it like one that is not there, whichever way it is read', async () => {
    const id = await openConversation(system, { says: 'between us' });
    const [newest] = await said(id, 5, 'between us');
    const { next_cursor } = await read(`/messages/conversation/${id}/cursor?limit=2`, ana);
    await ben.patch(`/conversations/${id}/assign`);
    for (const way of [
      '',
      '/cursor',
      '/cursor?direction=newer',
      `/cursor?cursor=${next_cursor}`,
      `/cursor?around=${newest}`,
      `/cursor?around=${newest! + 1_000_000}`,
      '/search?q=between',
    ]) {
      const answer = await ana.get<object>(`/messages/conversation/${id}${way}`);
      expect(answer).toMatchObject(refused('NOT_FOUND', 404));
      expect(JSON.stringify(answer.body)).not.toContain('between us');
      const missing = await ana.get<object>(`/messages/conversation/${id + 1_000_000}${way}`);
      if (!way.includes('cursor='))
        // which belongs to its conversation
        expect(answer.body).toEqual({ ...missing.body, requestId: expect.any(String) as string });
    }
  });
});

describe('the list of all messages', () => {
  const list = async (query: string, caller = admin): Promise<Page> =>
    await read(`/messages?${query}`, caller);

  it('comes newest first in pages, and by cursor from each of them', async () => {
    const id = await openConversation(system);
    await said(id, 12);
    const query = `conversation_id=${id}&limit=5`;
    const first = await list(query);
    expect(first.meta).toMatchObject({ total: 13, pages: 3 });
    expect(first.prev_cursor).toBeNull();
    const second = await list(`${query}&page=2`);
    const third = await list(`${query}&cursor=${second.next_cursor}`);
    expect(third).not.toHaveProperty('meta');
    expect(third.next_cursor).toBeNull();
    const all = idsOf(await list(`conversation_id=${id}&limit=100`));
    expect([...idsOf(first), ...idsOf(second), ...idsOf(third)]).toEqual(all);
    expect(idsOf(await list(`${query}&direction=newer&cursor=${third.prev_cursor}`))).toEqual(idsOf(second));
    expect(await list(`${query}&page=9`)).toMatchObject({ data: [], meta: { total: 13 }, next_cursor: null });
  });

  it('is filtered by each of its fields', async () => {
    const id = await openConversation(system);
    const [contact] = await system.sql<{ id: string }>(
      'select contact_id as id from conversation where id = $1',
      [id],
    );
    await system.sql(
      `insert into message (workspace_id, conversation_id, sender_type, type, body, created_at, whatsapp_status)
       values (1, $1, 'contact', 'location', 'long ago', '2001-01-01', 'delivered')`,
      [id],
    );
    const answer = (await ana.post('/messages', { conversation_id: id, body: 'Bom dia' })).body as {
      id: number;
    };
    const bodies = async (query: string): Promise<string[]> =>
      (await list(`conversation_id=${id}&${query}`)).data
        .map((m) => m.body!)
        .toSorted((a, b) => a.localeCompare(b));
    expect(await bodies('sender_type=contact')).toEqual(['hello', 'long ago']);
    expect(await bodies(`sender_user=${ana.user.id}`)).toEqual(['Bom dia']);
    expect(await bodies('type=location')).toEqual(['long ago']);
    expect(await bodies('until=2002-01-01')).toEqual(['long ago']);
    expect(await bodies('since=2002-01-01T00:00:00Z')).toEqual(['Bom dia', 'hello']);
    expect(await bodies('since=2100-01-01')).toEqual([]);
    expect(idsOf(await list(`contact_id=${contact!.id}`)).length).toBe(3);
    expect(idsOf(await list(`contact_id=${contact!.id}&sender_type=user`))).toEqual([answer.id]);
    expect(await bodies('sender_type=contact&whatsapp_status=read')).toEqual([]);
    await admin.patch(`/conversations/${id}/read`);
    expect(await bodies('sender_type=contact&whatsapp_status=read')).toEqual(['hello', 'long ago']);
    expect(await bodies('sender_type=contact&whatsapp_status=delivered')).toEqual([]);
  });

  it('shows an employer what is theirs, nobody’s or a bot’s, and the rest to supervisors', async () => {
    const id = await openConversation(system);
    expect(idsOf(await list(`conversation_id=${id}`, ben)).length).toBe(1);
    await ana.patch(`/conversations/${id}/assign`);
    expect(idsOf(await list(`conversation_id=${id}`, ben))).toEqual([]);
    expect(await list(`conversation_id=${id}`, ben)).toMatchObject({ meta: { total: 0 } });
    expect(idsOf(await list(`conversation_id=${id}`, ana)).length).toBe(1);
    expect(idsOf(await list(`conversation_id=${id}`)).length).toBe(1);
  });

  it.each([
    'sender_type=robot',
    'whatsapp_status=gone',
    'since=yesterday',
    'until=2026-13-01',
    'conversation_id=x',
    'contact_id=0',
    'sender_user=-1',
    'page=0',
    'type=',
    'cursor=',
    'q=hello',
    'type=%00',
    'conversation_id=99999999999999999999',
  ])('refuses %s', async (query) => {
    expect(await admin.get(`/messages?${query}`)).toMatchObject(refused('VALIDATION_FAILED', 400));
  });

  it('refuses a cursor that it did not give', async () => {
    for (const cursor of [
      'abc',
      Buffer.from('[1,2]').toString('base64url'),
      Buffer.from('[-1]').toString('base64url'),
    ]) {
      const answer: Answer = await admin.get(`/messages?cursor=${cursor}`);
      expect(answer).toMatchObject(refused('CURSOR_INVALID', 400));
    }
  });
});
