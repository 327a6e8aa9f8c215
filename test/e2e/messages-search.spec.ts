import { openConversation, secondWorkspace } from '../support/crm';
import { type Caller, TestSystem } from '../support/system';

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

interface Hits {
  data: {
    id: number;
    body: string;
    snippet: { text: string; matches: { start: number; length: number }[] };
  }[];
  next_cursor: string | null;
  prev_cursor: null;
}

async function search(q: string, more = '', caller = admin, path = '/messages/search'): Promise<Hits> {
  const answer = await caller.get<Hits>(`${path}?q=${encodeURIComponent(q)}${more}`);
  expect([answer.status, answer.body]).toEqual([200, answer.body]);
  return answer.body;
}

const bodies = (hits: Hits): string[] => hits.data.map((hit) => hit.body);

/** Messages of many ranges of ids, as if years lay between them. */
async function spread(conversationId: number, texts: string[], step: number): Promise<void> {
  await system.sql(
    `insert into message (workspace_id, id, conversation_id, sender_type, body, whatsapp_status)
     overriding system value
     select 1, 500000000 + n * $3::bigint, $1, 'contact', body, 'delivered' from unnest($2::text[]) with ordinality t(body, n)`,
    [conversationId, texts, step],
  );
}

describe('what is found', () => {
  const TEXTS = [
    'Quero pedir a cancelação já',
    'Solicito la CANCELACIÓN del pedido',
    'Moro em São Paulo',
    'plain cancel',
    'Sa\u0303o com til solto',
    'foo@example.com escreveu',
    'https://shop.example/produto/42',
    'a b c',
    '100% seguro_total',
    `o'brien said "yes" \\ no`,
    'Заказ ОТМЕНЁН',
    '我要取消订单',
    'Olá 😀 tudo bem',
    'x'.repeat(3000),
    'ﬁm de semana',
    'ΠΑΡΑΓΓΕΛΊΑ',
    '\ufdfa'.repeat(50),
    '\ufdfa'.repeat(4096),
  ];
  let conversation: number;
  beforeAll(async () => {
    conversation = await openConversation(system);
    for (const text of TEXTS) {
      const answer = await admin.post('/messages', { conversation_id: conversation, body: text });
      expect(answer.status).toBe(201);
    }
  });

  it.each([
    ['the beginning of a word, without its accents', 'canc', [3, 1, 0]],
    ['more of it', 'cancelacion', [1]],
    ['accents that are not there', 'cáncel', [3, 1, 0]],
    ['capitals', 'SAO', [4, 2]],
    ['accents', 'são', [4, 2]],
    ['several words, in any order', 'pedido solicito', [1]],
    ['several beginnings', 'ped can', [1, 0]],
    ['words that never stand together', 'paulo cancel', []],
    ['a part of an address', 'example', [6, 5]],
    ['an address', 'foo@example.com', [5]],
    ['a part of a path', 'produto', [6]],
    ['a number', '42', [6]],
    ['a quote', `o'brien`, [9]],
    ['operators as nothing', 'cancel & | ! :* <-> pedido', [1]],
    ['an operator for what it is not', '!cancel', [3, 1, 0]],
    ['percent as nothing', '100%', [8]],
    ['no pattern', '1_0%', []],
    ['a backslash', 'said \\', [9]],
    ['Cyrillic', 'отменен', [10]],
    ['Chinese, any part of it', '取消', [11]],
    ['Greek capitals with and without accent', 'παραγγελια', [15]],
    ['a ligature', 'fim', [14]],
    ['what stands beside signs', 'tudo 😀', [12]],
    ['a word longer than the index keeps', 'x'.repeat(200), [13]],
    ['one letter', 'b', [12, 9, 7]],
    ['not the middle of a word', 'ancel', []],
  ])('%s: %s', async (_what, q, expected) => {
    const found = await search(q, '', admin, `/messages/conversation/${conversation}/search`);
    expect(bodies(found)).toEqual(expected.map((i) => TEXTS[i]));
    expect(bodies(await search(q)).filter((body) => TEXTS.includes(body))).toEqual(bodies(found));
  });

  it('comes with the place of the words in it', async () => {
    const [hit] = (await search('solicito')).data;
    expect(hit!.snippet).toEqual({ text: TEXTS[1], matches: [{ start: 0, length: 8 }] });
    const { snippet, ...message } = hit!;
    expect(message).toEqual((await admin.get(`/messages/${hit!.id}`)).body);
    expect(snippet.text).toBe(message.body);
  });

  it('is what customers say as well, whatever its kind', async () => {
    const id = await openConversation(system, { says: 'Onde está minha encomenda?' });
    expect((await search('encom')).data.map((hit) => hit.body)).toEqual(['Onde está minha encomenda?']);
    expect(bodies(await search('encom', '', admin, `/messages/conversation/${id}/search`)).length).toBe(1);
    expect(bodies(await search('encom', '', admin, `/messages/conversation/${conversation}/search`))).toEqual(
      [],
    );
  });

  it.each(['', '%20%20', '%F0%9F%98%80', '...', '%00abc', 'a'.repeat(201)])('refuses q=%s', async (q) => {
    for (const path of ['/messages/search', `/messages/conversation/${conversation}/search`])
      expect(await admin.get(`${path}?q=${q}`)).toMatchObject({ status: 400 });
  });

  it.each(['q=a&cursor=abc', `q=a&cursor=${Buffer.from('["1"]').toString('base64url')}`])(
    'refuses %s',
    async (query) => {
      expect(await admin.get(`/messages/search?${query}`)).toMatchObject({
        status: 400,
        body: { code: 'CURSOR_INVALID' },
      });
    },
  );

  it.each(['limit=5', 'q=a&limit=0', 'q=a&limit=101', 'q=a&page=2', 'q=a&q=b'])(
    'refuses %s',
    async (query) => {
      expect(await admin.get(`/messages/search?${query}`)).toMatchObject({
        status: 400,
        body: { code: 'VALIDATION_FAILED' },
      });
    },
  );
});

it('follows what was changed and forgets what was deleted', async () => {
  const id = await openConversation(system);
  await system.sql(
    `insert into message (workspace_id, conversation_id, sender_type, sender_user, body, send_after)
     values (1, $1, 'user', $2, 'zanzibar', now() + interval '1 hour')`,
    [id, admin.user.id],
  );
  const [hit] = (await search('zanzibar')).data;
  await admin.patch(`/messages/${hit!.id}`, { body: 'timbuktu' });
  expect((await search('zanzibar')).data).toEqual([]);
  expect((await search('timbuktu')).data.map((found) => found.id)).toEqual([hit!.id]);
  await admin.delete(`/messages/${hit!.id}`);
  expect((await search('timbuktu')).data).toEqual([]);
});

describe('who finds what', () => {
  it('is who may see it at this moment', async () => {
    const id = await openConversation(system, { says: 'ornitorrinco' });
    const finders = async (): Promise<boolean[]> =>
      await Promise.all(
        [admin, ana, ben].map(async (who) => (await search('ornito', '', who)).data.length === 1),
      );
    expect(await finders()).toEqual([true, true, true]);
    await ana.patch(`/conversations/${id}/assign`);
    expect(await finders()).toEqual([true, true, false]);
    await admin.patch(`/conversations/${id}/assign`, { assigned_user: ben.user.id });
    expect(await finders()).toEqual([true, false, true]);
    expect(await ana.get(`/messages/conversation/${id}/search?q=ornito`)).toMatchObject({ status: 404 });
  });

  it('is nobody of another workspace, whatever they look for', async () => {
    const rivals = await secondWorkspace(system, 'rivals');
    await openConversation(system, { says: 'segredo industrial' });
    for (const q of ['segredo', '1/0/segredo', "1/0/segredo':* | '", '1 0 segredo'])
      expect((await search(q, '', rivals.admin)).data).toEqual([]);
    expect((await search('hello', '', rivals.admin)).data.length).toBe(1);
    const [found] = await system.sql(
      `select found.ids from (select set_config('app.workspace_id', $1, true)) w,
         lateral search_messages('segredo', null, null, 9000000000000000, 10, 1000) found`,
      [rivals.id],
    );
    expect(found).toEqual({ ids: [] });
  });
});

describe('a history of many years', () => {
  let conversation: number;
  const old = Array.from({ length: 45 }, (_, n) => `archaic ${n}`);
  beforeAll(async () => {
    conversation = await openConversation(system);
    // Between them lie more ids than one step of the search looks through.
    await spread(conversation, old, 90_001);
    await system.sql(
      `insert into message (workspace_id, id, conversation_id, sender_type, body, whatsapp_status) overriding system value
       select 1, 600000000 + n, $1, 'contact', case when n % 50 = 0 then 'recent archaic ' else 'noise ' end || n, 'delivered'
       from generate_series(1, 1500) n`,
      [conversation],
    );
  });

  it.each(['/messages/search', 'conversation'])(
    'is found whole, newest first, page by page: %s',
    async (where) => {
      const path = where === 'conversation' ? `/messages/conversation/${conversation}/search` : where;
      const recent = Array.from({ length: 30 }, (_, n) => `recent archaic ${(30 - n) * 50}`);
      const found: string[] = [];
      let cursor: string | null = null;
      do {
        const page: Hits = await search(
          'archaic',
          `&limit=4${cursor === null ? '' : `&cursor=${cursor}`}`,
          admin,
          path,
        );
        expect(page.data.length).toBeLessThanOrEqual(4);
        found.push(...bodies(page));
        cursor = page.next_cursor;
      } while (cursor !== null);
      expect(found).toEqual([...recent, ...old.toReversed()]);
    },
  );

  it('ends where there is nothing more', async () => {
    expect((await search('archaic', '&limit=75')).next_cursor).toBeNull();
    expect((await search('archaic', '&limit=74')).next_cursor).not.toBeNull();
    expect(await search('nothinglikeit')).toEqual({ data: [], next_cursor: null, prev_cursor: null });
  });

  it('is looked through in parts where the time for one answer is up', async () => {
    const parts: number[][] = [];
    for (let before = Number.MAX_SAFE_INTEGER; before > 0;) {
      const [part] = await system.sql<{ ids: number[]; searched_to: number }>(
        `select found.* from (select set_config('app.workspace_id', '1', true)) w,
           lateral search_messages('archaic', null, null, $1, 1000, -1) found`,
        [before],
      );
      expect(part!.searched_to).toBeLessThan(before);
      before = part!.searched_to;
      parts.push(part!.ids);
    }
    expect(parts.length).toBeGreaterThan(1);
    expect(parts.flat()).toHaveLength(75);
    expect(parts.flat()).toEqual(parts.flat().toSorted((a, b) => b - a));
  });

  it('answers nothing where no workspace is set', async () => {
    const [none] = await system.sql(
      `select ids from search_messages('archaic', null, null, 9000000000000000, 10, 1000)`,
    );
    expect(none).toEqual({ ids: [] });
  });
});
