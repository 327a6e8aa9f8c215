import { codeOf } from '../support/sending';
import { type Caller, TestSystem } from '../support/system';

const KINDS = [
  ['tags', 'tag'],
  ['servers', 'server'],
  ['applications', 'application'],
  ['devices', 'device'],
] as const;

interface Lookup extends Record<string, unknown> {
  id: number;
  name: string;
}

interface List extends Record<string, unknown> {
  data: Lookup[];
  meta: object;
}

let system: TestSystem;
const callers = {} as Record<'admin' | 'supervisor' | 'employer', Caller>;
let stranger: Caller;

beforeAll(async () => {
  system = await TestSystem.start();
  for (const level of ['admin', 'supervisor', 'employer'] as const)
    callers[level] = await system.signIn(level, { username: level });
  const { id } = await system.createWorkspace('elsewhere');
  stranger = await system.signIn('admin', { workspaceId: id });
});
afterAll(() => system.stop());

describe.each(KINDS)('/%s', (path, kind) => {
  let made = 0;
  const nameOf = (): string => `${kind} no. ${++made}`;
  const create = async (name: string, who = callers.admin): Promise<Lookup> => {
    const answer = await who.post<Lookup>(`/${path}`, { name });
    expect([answer.status, answer.body]).toEqual([201, answer.body]);
    return answer.body;
  };
  const audited = async (id: number): Promise<object[]> =>
    await system.sql(
      `select action, user_name, details from audit_log
       where workspace_id = 1 and subject_type = $1 and subject_id = $2 order by id`,
      [kind, id],
    );

  test('one is made, read, renamed and removed, and the audit log tells by whom', async () => {
    const name = nameOf();
    const created = await create(name);
    expect(created).toEqual({
      id: expect.any(Number),
      name,
      created_at: expect.stringMatching(/^\d{4}-.*Z$/),
      updated_at: created['created_at'],
    });
    const one = `/${path}/${created.id}`;
    expect((await callers.admin.get(one)).body).toEqual(created);

    const renamed = await callers.admin.patch(one, { name: `${name} anew` });
    expect(renamed).toMatchObject({ status: 200, body: { id: created.id, name: `${name} anew` } });
    expect((await callers.admin.get(one)).body).toEqual(renamed.body);
    expect((await callers.admin.patch(one, {})).body).toEqual(renamed.body);

    const gone = await callers.admin.delete(one);
    expect([gone.status, gone.body]).toEqual([204, '']);
    for (const again of [
      await callers.admin.get(one),
      await callers.admin.patch(one, { name }),
      await callers.admin.delete(one),
    ])
      expect(again).toMatchObject({ status: 404, body: { code: 'NOT_FOUND', message: `No such ${kind}.` } });
    expect(await audited(created.id)).toEqual([
      { action: `${kind}.create`, user_name: 'admin', details: { name } },
      { action: `${kind}.update`, user_name: 'admin', details: { name: { from: name, to: `${name} anew` } } },
      { action: `${kind}.delete`, user_name: 'admin', details: { name: `${name} anew` } },
    ]);
  });

  test('a name is given once, also by two at the same moment; another workspace has its own', async () => {
    const name = nameOf();
    const other = await create(nameOf());
    const both = await Promise.all([
      callers.admin.post(`/${path}`, { name }),
      callers.admin.post(`/${path}`, { name }),
    ]);
    expect(both.map(({ status }) => status).sort((a, b) => a - b)).toEqual([201, 409]);
    const taken = await callers.admin.patch(`/${path}/${other.id}`, { name });
    expect(taken).toMatchObject({
      status: 409,
      body: { code: 'CONFLICT', message: `There is a ${kind} named "${name}" already.` },
    });
    expect((await callers.admin.get(`/${path}/${other.id}`)).body).toEqual(other);
    expect(await create(name, stranger)).toMatchObject({ name });
  });

  test('the list is paged, searched and sorted', async () => {
    const names = ['alpha 100%', 'Alpha_2', 'beta', 'alphabet'].map((name) => `${path} ${name}`);
    const ids: number[] = [];
    for (const name of names) ids.push((await create(name)).id);
    const list = async (query: string): Promise<List> => {
      const answer = await callers.admin.get<List>(`/${path}?${query}`);
      expect(answer.status).toBe(200);
      return answer.body;
    };
    const found = async (query: string): Promise<number[]> =>
      (await list(`limit=100&${query}`)).data.map(({ id }) => ids.indexOf(id));

    expect(await found('search=ALPHA&sort=id')).toEqual([0, 1, 3]);
    expect(await found(`search=${encodeURIComponent('0%')}`)).toEqual([0]);
    expect(await found('search=a_2')).toEqual([1]);
    expect(await found('search=nothing%20like%20it')).toEqual([]);
    expect((await found('sort=id')).slice(-4)).toEqual([0, 1, 2, 3]);
    expect((await found('sort=-id')).slice(0, 4)).toEqual([3, 2, 1, 0]);
    expect((await found('sort=-created_at')).slice(0, 4)).toEqual([3, 2, 1, 0]);
    expect((await found('sort=created_at')).slice(-4)).toEqual([0, 1, 2, 3]);
    const byName = await found(`search=${path}%20`);
    expect(await found(`search=${path}%20&sort=name`)).toEqual(byName);
    expect(await found(`search=${path}%20&sort=-name`)).toEqual(byName.toReversed());

    const page = await list(`search=${path}%20&sort=id&limit=3&page=2`);
    expect(page.data.map(({ id }) => id)).toEqual([ids[3]]);
    expect(page.meta).toEqual({ page: 2, limit: 3, total: 4, pages: 2 });
    expect((await stranger.get<List>(`/${path}?search=${path}%20`)).body.data).toEqual([]);
  });

  test.each([
    ['no name', {}],
    ['an empty name', { name: '' }],
    ['only blanks', { name: ' \t ' }],
    ['101 characters', { name: 'x'.repeat(101) }],
    ['NUL', { name: 'a\u0000b' }],
    ['half a character', { name: 'a\ud800' }],
    ['a number', { name: 7 }],
    ['null', { name: null }],
    ['a list', { name: ['a'] }],
    ['an unknown field', { name: 'fine', id: 7 }],
    ['another workspace', { name: 'fine', workspace_id: 2 }],
  ])('is not made or changed with %s', async (what, body) => {
    const { id } = await create(nameOf());
    const before = await system.sql(`select count(*) from ${kind}`);
    const refused = [
      await callers.admin.post(`/${path}`, body),
      ...(what === 'no name' ? [] : [await callers.admin.patch(`/${path}/${id}`, body)]),
    ];
    for (const answer of refused) expect([answer.status, codeOf(answer)]).toEqual([400, 'VALIDATION_FAILED']);
    expect(await system.sql(`select count(*) from ${kind}`)).toEqual(before);
  });

  test.each(['0', '-1', '1.5', '0x1', 'abc', '9007199254740993', '1e3'])('there is no id %s', async (id) => {
    for (const answer of [
      await callers.admin.get(`/${path}/${id}`),
      await callers.admin.patch(`/${path}/${id}`, { name: 'x' }),
      await callers.admin.delete(`/${path}/${id}`),
    ])
      expect([answer.status, codeOf(answer)]).toEqual([400, 'VALIDATION_FAILED']);
  });

  test.each([
    'page=0',
    'limit=101',
    'sort=password',
    'sort=--name',
    'search=',
    'search=%00',
    'q=x',
    'search=a&search=b',
  ])('the list does not take ?%s', async (query) => {
    const answer = await callers.admin.get(`/${path}?${query}`);
    expect([answer.status, codeOf(answer)]).toEqual([400, 'VALIDATION_FAILED']);
  });

  test(`reading is for ${kind === 'tag' ? 'everybody' : 'supervisors'}, writing for admins`, async () => {
    const { id } = await create(nameOf());
    const statuses = async (who: Caller): Promise<number[]> => [
      (await who.get(`/${path}`)).status,
      (await who.get(`/${path}/${id}`)).status,
      (await who.post(`/${path}`, { name: nameOf() })).status,
      (await who.patch(`/${path}/${id}`, { name: nameOf() })).status,
      (await who.delete(`/${path}/${id}`)).status,
    ];
    const reads = kind === 'tag' ? 200 : 403;
    expect(await statuses(callers.employer)).toEqual([reads, reads, 403, 403, 403]);
    expect(await statuses(callers.supervisor)).toEqual([200, 200, 403, 403, 403]);
    expect(await statuses(callers.admin)).toEqual([200, 200, 201, 200, 204]);
  });
});
