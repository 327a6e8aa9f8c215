import { type Answer, type Caller, TestSystem } from '../support/system';

const SEED = Number(process.env.INBOX_SEED ?? Date.now() % 1_000_000);
const HOW_MANY = 240;
const QUERIES = 25;
const STATUSES = ['queue', 'active', 'transferred', 'closed', 'archived'] as const;
const PRIORITIES = ['low', 'normal', 'high', 'urgent'] as const;
const NAMES = ['José Silva', 'jose maria', 'Ana Lúcia', 'Łukasz', '100% Real_Estate', null] as const;

/** A conversation as the test knows it. */
interface Known {
  id: number;
  contactId: number;
  name: string | null;
  phone: string;
  tagged: boolean;
  integrationId: number;
  status: (typeof STATUSES)[number];
  priority: (typeof PRIORITIES)[number];
  assignedUser: number | null;
  assignedBot: number | null;
  read: boolean;
  activeAt: string;
  createdAt: string;
  updatedAt: string;
}

interface Listed extends Record<string, unknown> {
  data: { id: number }[];
  meta?: { page: number; limit: number; total: number; pages: number };
  next_cursor: string | null;
  prev_cursor: string | null;
}

let system: TestSystem;
let admin: Caller;
let ana: Caller;
let ben: Caller;
let bots: number[];
let tagId: number;
let integrations: number[];
let known: Known[];
const random = randomOf(SEED);
const pick = <T>(list: readonly T[]): T => list[Math.floor(random() * list.length)]!;

/** Mulberry32: the same numbers for the same seed. */
function randomOf(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

const idsOf = async (sql: string, values: unknown[] = []): Promise<number[]> =>
  (await system.sql<{ id: string }>(sql, values)).map((row) => Number(row.id));

beforeAll(async () => {
  system = await TestSystem.start();
  admin = await system.signIn('admin');
  ana = await system.signIn('employer', { username: 'ana' });
  ben = await system.signIn('employer', { username: 'ben' });
  bots = await idsOf(`insert into bot (workspace_id, name) values (1, 'One'), (1, 'Two') returning id`);
  [tagId] = (await idsOf(`insert into tag (workspace_id, name) values (1, 'vip') returning id`)) as [number];
  await system.sql(
    `insert into whatsapp_integration_config (workspace_id, access_token, phone_number_id) values (1, 'x', 'second')`,
  );
  integrations = await idsOf('select id from whatsapp_integration_config order by id');
  known = await fill();
});
afterAll(() => system.stop());

/** Times stand close together and are often equal, to the microsecond: an order that rounds them is found out. */
function aTime(): string {
  const micros = pick([0, 1, 2, 3]) * 1000 + Math.floor(random() * 20);
  return `2026-03-01T12:00:00.${String(micros).padStart(6, '0')}Z`;
}

async function fill(): Promise<Known[]> {
  const rows: Known[] = [];
  for (let i = 0; i < HOW_MANY; i++) {
    const status = pick(STATUSES);
    const hands =
      status === 'queue'
        ? 'nobody'
        : status === 'active' || status === 'transferred'
          ? pick(['user', 'bot'] as const)
          : pick(['user', 'bot', 'nobody'] as const);
    const createdAt = aTime();
    rows.push({
      id: 0,
      contactId: 0,
      name: pick(NAMES),
      phone: `55119${String(i).padStart(8, '0')}`,
      tagged: random() < 0.3,
      integrationId: pick(integrations),
      status,
      priority: pick(PRIORITIES),
      assignedUser: hands === 'user' ? pick([ana, ben]).user.id : null,
      assignedBot: hands === 'bot' ? pick(bots) : null,
      read: random() < 0.5,
      createdAt,
      activeAt: random() < 0.2 ? createdAt : aTime(),
      updatedAt: aTime(),
    });
  }
  const contacts = await idsOf(
    `insert into contact (workspace_id, external_id, name, phone_number)
     select 1, k->>'phone', k->>'name', '+' || (k->>'phone') from json_array_elements($1) with ordinality as t(k, place)
     order by place returning id`,
    [JSON.stringify(rows)],
  );
  rows.forEach((row, i) => (row.contactId = contacts[i]!));
  // So many of one name that a search for it goes another way than a search for others.
  await system.sql(
    `insert into contact (workspace_id, external_id, name) select 1, 'filler ' || n, 'José Silva' from generate_series(1, 5100) n`,
  );
  await system.sql(
    `insert into contact_tag (workspace_id, contact_id, tag_id) select 1, unnest($1::bigint[]), $2`,
    [rows.filter((row) => row.tagged).map((row) => row.contactId), tagId],
  );
  const ids = await idsOf(
    `insert into conversation (workspace_id, contact_id, channel, integration_id, status, priority, assigned_user,
       assigned_bot, read, unread_count, created_at, last_message_at, updated_at)
     select 1, "contactId", 'whatsapp', "integrationId", status, priority, "assignedUser", "assignedBot", read,
       (not read)::int, "createdAt", nullif("activeAt", "createdAt"), "updatedAt"
     from json_populate_recordset(null::record, $1) as c("contactId" bigint, "integrationId" bigint, status text,
       priority text, "assignedUser" bigint, "assignedBot" bigint, read boolean, "createdAt" timestamptz,
       "activeAt" timestamptz, "updatedAt" timestamptz)
     returning id`,
    [JSON.stringify(rows)],
  );
  rows.forEach((row, i) => (row.id = ids[i]!));
  return rows;
}

/** What the API calls a filter, and what it means. */
type Filter = [parameter: string, keeps: (row: Known, caller: Caller) => boolean];

const FILTERS: (() => Filter)[] = [
  () => {
    const some = STATUSES.filter(() => random() < 0.5);
    return some.length === 0
      ? ['status=archived', (row) => row.status === 'archived']
      : [`status=${some.join(',')}`, (row) => some.includes(row.status)];
  },
  () => ['status=queue&status=active', (row) => row.status === 'queue' || row.status === 'active'],
  () => {
    const some = pick([['urgent'], ['low', 'high'], ['normal']] as const);
    return [`priority=${some.join(',')}`, (row) => (some as readonly string[]).includes(row.priority)];
  },
  () => ['assigned_user=me', (row, caller) => row.assignedUser === caller.user.id],
  () => {
    const user = pick([ana, ben]).user.id;
    return [`assigned_user=${user}`, (row) => row.assignedUser === user];
  },
  () => {
    const bot = pick(bots);
    return [`assigned_bot=${bot}`, (row) => row.assignedBot === bot];
  },
  () => ['unassigned=true', (row) => row.assignedUser === null && row.assignedBot === null],
  () => ['unassigned=false', (row) => row.assignedUser !== null || row.assignedBot !== null],
  () => ['unread=true', (row) => !row.read],
  () => ['unread=false', (row) => row.read],
  () => [`tag_id=${tagId}`, (row) => row.tagged],
  () => {
    const integration = pick(integrations);
    return [`integration_id=${integration}`, (row) => row.integrationId === integration];
  },
  () => ['channel=whatsapp', () => true],
  () => ['channel=pigeon', () => false],
  () => {
    const { contactId } = pick(known);
    return [`contact_id=${contactId}`, (row) => row.contactId === contactId];
  },
  () => {
    const time = `2026-03-01T12:00:00.00${pick([0, 1, 2, 3])}`;
    return [`updated_since=${time}Z`, (row) => row.updatedAt >= time];
  },
  () => ['search=JOSE', (row) => row.name !== null && /jos[eé]/iu.test(row.name)],
  () => ['search=silva%20jose', (row) => row.name === 'José Silva'],
  () => ['search=j', (row) => row.name !== null && /^j/iu.test(row.name)],
  () => ['search=lucia%20ana', (row) => row.name === 'Ana Lúcia'],
  () => ['search=00%25', (row) => row.name === '100% Real_Estate'],
  () => ['search=%25', () => false], // one letter is the beginning of a word
  () => ['search=real_e', (row) => row.name === '100% Real_Estate'],
  () => ['search=5511900000012', (row) => row.phone.includes('5511900000012')],
];

const mayBeSeenBy = (row: Known, caller: Caller): boolean =>
  caller === admin || row.assignedUser === null || row.assignedUser === caller.user.id;

const RANKS: Record<string, (row: Known) => (string | number)[]> = {
  last_message_at: (row) => [row.activeAt],
  created_at: () => [],
  updated_at: (row) => [row.updatedAt],
  priority: (row) => [PRIORITIES.indexOf(row.priority), row.activeAt],
};

function sorted(rows: Known[], sort: string): number[] {
  const descending = sort.startsWith('-');
  const keyOf = RANKS[descending ? sort.slice(1) : sort]!;
  const compare = (a: Known, b: Known): number => {
    const [one, other] = [
      [...keyOf(a), a.id],
      [...keyOf(b), b.id],
    ];
    for (const [i, value] of one.entries()) {
      if (value === other[i]) continue;
      const comesLater = value < other[i]! ? descending : !descending;
      return comesLater ? 1 : -1;
    }
    return 0;
  };
  return rows.toSorted(compare).map((row) => row.id);
}

async function listed(caller: Caller, query: string): Promise<Listed> {
  const answer: Answer<Listed> = await caller.get<Listed>(`/conversations?${query}`);
  expect([query, answer.status, answer.body]).toEqual([query, 200, answer.body]);
  return answer.body;
}

const shown = (page: Listed): number[] => page.data.map((row) => row.id);

test(`every list has exactly what its filters ask for and the caller may see, in its order (seed ${SEED})`, async () => {
  for (let i = 0; i < FILTERS.length + QUERIES; i++) {
    const caller = pick([admin, ana, ben]);
    // Each filter alone, and then several together.
    const makers =
      FILTERS[i] === undefined
        ? Array.from({ length: Math.floor(random() * 4) }, () => pick(FILTERS))
        : [FILTERS[i]!];
    const filters = makers.map((make) => make());
    const names = new Set<string>();
    const used = filters.filter(([parameter]) => {
      const name = parameter.split('=')[0]!;
      return !names.has(name) && names.add(name);
    });
    const sort = `${pick(['', '-'])}${pick(Object.keys(RANKS))}`;
    const limit = pick([1, 25, 100]);
    const query = [...used.map(([parameter]) => parameter), `sort=${sort}`].join('&');
    const expected = sorted(
      known.filter((row) => mayBeSeenBy(row, caller) && used.every(([, keeps]) => keeps(row, caller))),
      sort,
    );

    const first = await listed(caller, `${query}&limit=${limit}`);
    expect([query, shown(first)]).toEqual([query, expected.slice(0, limit)]);
    expect([query, first.meta]).toEqual([
      query,
      { page: 1, limit, total: expected.length, pages: Math.ceil(expected.length / limit) },
    ]);
    if (limit === 1) continue;
    expect([query, await walk(caller, `${query}&limit=${limit}`, first)]).toEqual([query, expected]);
  }
});

/** All pages by their cursors, each of which leads back to the page before it. */
async function walk(caller: Caller, query: string, first: Listed): Promise<number[]> {
  const ids = shown(first);
  expect(first.prev_cursor).toBeNull();
  for (let before = first; before.next_cursor !== null;) {
    const page = await listed(caller, `${query}&cursor=${before.next_cursor}`);
    expect(page).not.toHaveProperty('meta');
    ids.push(...shown(page));
    const back = await listed(caller, `${query}&cursor=${page.prev_cursor!}`);
    expect([query, shown(back)]).toEqual([query, shown(before)]);
    expect([back.next_cursor === null, back.prev_cursor === null]).toEqual([false, before === first]);
    before = page;
  }
  return ids;
}

test('pages by number and by cursor are the same pages', async () => {
  const second = await listed(ana, 'limit=10&page=2');
  const first = await listed(ana, 'limit=10');
  expect(shown(await listed(ana, `limit=10&cursor=${first.next_cursor!}`))).toEqual(shown(second));
  expect(shown(await listed(ana, `limit=10&cursor=${second.prev_cursor!}`))).toEqual(shown(first));
  expect(shown(await listed(ana, 'limit=100&page=1000'))).toEqual([]);
});

test('without the total nothing is counted', async () => {
  const page = await listed(admin, 'limit=2&with_total=false');
  expect(page).not.toHaveProperty('meta');
  expect(shown(page)).toEqual(shown(await listed(admin, 'limit=2')));
});

test('a cursor is the same place while conversations move', async () => {
  const all = shown(await listed(admin, 'limit=100'));
  const first = await listed(admin, 'limit=10');
  // One that was shown goes to the top, one that is still to come as well.
  const moved = [all[3]!, all[15]!];
  const before = await system.sql<{ id: string; at: Date | null }>(
    'select id, last_message_at as at from conversation where id = any ($1)',
    [moved],
  );
  await system.sql('update conversation set last_message_at = now() where id = any ($1)', [moved]);
  const second = await listed(admin, `limit=10&cursor=${first.next_cursor!}`);
  expect(shown(second)).toEqual(all.slice(10, 21).filter((id) => !moved.includes(id)));
  for (const { id, at } of before)
    await system.sql('update conversation set last_message_at = $2 where id = $1', [id, at]);
});

test('what came back by cursor is shown as it is everywhere else, last message included', async () => {
  await system.meta.customerSays({ phone: '5511977770009', name: 'Newest' }, 'the newest');
  const page = await listed(admin, 'limit=1');
  expect((await admin.get(`/conversations/${shown(page)[0]!}`)).body).toMatchObject(page.data[0]!);
  expect(page.data[0]).toMatchObject({ last_message: { body: 'the newest' }, contact: { name: 'Newest' } });
  await system.sql('delete from conversation where id = $1', [shown(page)[0]]);
});

test('one conversation comes with the tags of its contact, by name', async () => {
  await system.sql(
    `with made as (insert into tag (workspace_id, name) values (1, 'new'), (1, 'a buyer') returning id)
     insert into contact_tag (workspace_id, contact_id, tag_id) select 1, $1, id from made`,
    [known.find((row) => row.tagged)!.contactId],
  );
  const tagsOf = async (row: Known): Promise<unknown> =>
    ((await admin.get(`/conversations/${row.id}`)).body['contact_tags'] as { name: string }[]).map(
      (t) => t.name,
    );
  expect(await tagsOf(known.find((row) => row.tagged)!)).toEqual(['a buyer', 'new', 'vip']);
  expect(await tagsOf(known.find((row) => !row.tagged)!)).toEqual([]);
});

describe('the counts behind the tabs', () => {
  test.each([
    ['an admin', () => admin],
    ['an employer', () => ana],
  ])('are those of the open conversations that %s may see', async (_who, who) => {
    const caller = who();
    const open = known.filter(
      (row) => ['queue', 'active', 'transferred'].includes(row.status) && mayBeSeenBy(row, caller),
    );
    expect((await caller.get('/conversations/counts')).body).toEqual({
      mine: open.filter((row) => row.assignedUser === caller.user.id).length,
      unassigned: open.filter((row) => row.assignedUser === null && row.assignedBot === null).length,
      bots: open.filter((row) => row.assignedBot !== null).length,
      all: open.length,
      unread: open.filter((row) => !row.read).length,
    });
  });
});

test('a cursor shows no more than its caller may see', async () => {
  const first = await listed(admin, 'limit=1&sort=created_at');
  const seen = shown(await listed(ana, `limit=100&sort=created_at&cursor=${first.next_cursor!}`));
  const hers = known.filter((row) => mayBeSeenBy(row, ana) && row.id !== shown(first)[0]);
  expect(seen).toEqual(sorted(hers, 'created_at').slice(0, 100));
});
