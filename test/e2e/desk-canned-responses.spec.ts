import { giveToSomebodyElse, openConversation } from '../support/crm';
import { Desk } from '../support/desk';
import { type Answer, type Caller, TestSystem } from '../support/system';

interface Canned {
  id: number;
  short_code: string;
  title: string;
  body: string;
  created_by: number;
}
interface Page {
  data: Canned[];
  meta: { page: number; limit: number; total: number; pages: number };
}

let system: TestSystem;
let admin: Caller;
let supervisor: Caller;
let ana: Caller;

beforeAll(async () => {
  system = await TestSystem.start();
  admin = await system.signIn('admin');
  supervisor = await system.signIn('supervisor');
  ana = await system.signIn('employer', { username: 'ana' });
});
afterAll(() => system.stop());

let made = 0;
const create = (more: object = {}, caller = supervisor): Promise<Answer<Canned>> =>
  caller.post('/canned-responses', { short_code: `code-${++made}`, title: 'Title', body: 'Text', ...more });
const render = (id: number, conversation: number, caller = ana): Promise<Answer> =>
  caller.post(`/canned-responses/${id}/render`, { conversation_id: conversation });
const stored = (): Promise<unknown> => system.sql('select * from canned_response order by id');

describe('canned responses', () => {
  test('are made, shown, changed and deleted by supervisors, and that is in the audit log', async () => {
    const answer = await create({ short_code: 'Refund', title: 'Refunds', body: 'Within {{agent.name}}' });
    expect(answer).toMatchObject({
      status: 201,
      body: {
        short_code: 'Refund',
        title: 'Refunds',
        body: 'Within {{agent.name}}',
        created_by: supervisor.user.id,
        created_at: expect.stringMatching(/Z$/),
      },
    });
    const path = `/canned-responses/${answer.body.id}`;
    expect((await ana.get(path)).body).toEqual(answer.body);
    const changed = await supervisor.patch<Canned>(path, { title: 'Money back', short_code: 'REFUND' });
    expect(changed).toMatchObject({
      status: 200,
      body: { title: 'Money back', short_code: 'REFUND', body: 'Within {{agent.name}}' },
    });
    expect((await supervisor.patch(path, { title: 'Money back' })).body).toEqual(changed.body);
    expect((await admin.delete(path)).status).toBe(204);
    expect((await ana.get(path)).status).toBe(404);
    expect((await admin.delete(path)).status).toBe(404);
    const { body: log } = await admin.get<{ data: object[] }>(
      `/audit-log?subject_type=canned_response&subject_id=${answer.body.id}`,
    );
    expect(log.data).toMatchObject([
      { action: 'canned_response.delete', user_id: admin.user.id, details: { short_code: 'REFUND' } },
      {
        action: 'canned_response.update',
        details: { short_code: 'REFUND', title: 'Money back' },
      },
      {
        action: 'canned_response.create',
        user_id: supervisor.user.id,
        details: { body: expect.any(String) },
      },
    ]);
  });

  test('are not an employer’s to change', async () => {
    const { body: one } = await create();
    const before = await stored();
    for (const answer of [
      await create({}, ana),
      await ana.patch(`/canned-responses/${one.id}`, { title: 'x' }),
      await ana.delete(`/canned-responses/${one.id}`),
    ])
      expect(answer).toMatchObject({ status: 403, body: { code: 'FORBIDDEN' } });
    expect(await stored()).toEqual(before);
  });

  test('are found by part of their code, title or text, in pages, in the order asked for', async () => {
    await create({ short_code: 'pfind-b', title: 'Éclair', body: 'one' });
    await create({ short_code: 'PFIND-A', title: 'Donut', body: 'two' });
    await create({ short_code: 'other', title: 'Has PFind in it', body: 'three' });
    await create({ short_code: 'another', title: 'z', body: 'a text with pfind' });
    const codes = async (query: string): Promise<string[]> =>
      (await ana.get<Page>(`/canned-responses?${query}`)).body.data.map((one) => one.short_code);
    expect(await codes('search=pfind')).toEqual(['another', 'other', 'PFIND-A', 'pfind-b']);
    expect(await codes('search=pfind&sort=-id')).toEqual(['another', 'other', 'PFIND-A', 'pfind-b']);
    expect(await codes('search=pfind&sort=-short_code&limit=3')).toEqual(['pfind-b', 'PFIND-A', 'other']);
    expect(await codes('search=pfind&limit=3&page=2')).toEqual(['pfind-b']);
    expect(await codes('search=%25')).toEqual([]);
    expect((await ana.get<Page>('/canned-responses?search=pfind&limit=3')).body.meta).toEqual({
      page: 1,
      limit: 3,
      total: 4,
      pages: 2,
    });
  });

  test('have short codes of their own, in whatever case and whoever comes at the same moment', async () => {
    const { body: one } = await create({ short_code: 'Ünique' });
    expect(await create({ short_code: 'üNIQUE' })).toMatchObject({
      status: 409,
      body: { code: 'CONFLICT' },
    });
    const { body: two } = await create({ short_code: 'second' });
    expect(await supervisor.patch(`/canned-responses/${two.id}`, { short_code: 'ünique' })).toMatchObject({
      status: 409,
      body: { code: 'CONFLICT' },
    });
    expect((await ana.get(`/canned-responses/${two.id}`)).body).toEqual(two);
    const other = (await system.createWorkspace(`canned-${one.id}`)).id;
    const theirs = await system.signIn('supervisor', { workspaceId: other });
    expect((await create({ short_code: 'Ünique' }, theirs)).status).toBe(201);
    const answers = await Promise.all(
      Array.from({ length: 6 }, (_, n) => create({ short_code: n % 2 === 0 ? 'racing' : 'RACING' })),
    );
    expect(answers.map(({ status }) => status).toSorted((a, b) => a - b)).toEqual([
      201, 409, 409, 409, 409, 409,
    ]);
  });

  test('stay when who made them is gone', async () => {
    const leaver = await system.signIn('supervisor');
    const { body: one } = await create({}, leaver);
    expect((await admin.delete(`/users/${leaver.user.id}`)).status).toBe(204);
    expect((await ana.get(`/canned-responses/${one.id}`)).status).toBe(200);
  });
});

describe('rendering', () => {
  test('fills in who it is for and who says it', async () => {
    const id = await openConversation(system);
    const { body: shown } = await ana.get<{ contact: { name: string; phone_number: string } }>(
      `/conversations/${id}`,
    );
    const { body: one } = await create({
      body: '{{contact.name}} {{contact.phone_number}} / {{agent.name}} / {{conversation.id}} / {{workspace.name}}',
    });
    const [workspace] = await system.sql<{ name: string }>('select name from workspace where id = 1');
    const { name, phone_number } = shown.contact;
    expect(await render(one.id, id)).toMatchObject({
      status: 200,
      body: { text: `${name} ${phone_number} / ana / ${id} / ${workspace!.name}`, missing: [] },
    });
  });

  test('says what is missing, unless the text says what stands there instead', async () => {
    const desk = await Desk.of(system, admin);
    const id = await desk.conversationIn('queue', null);
    await system.sql(
      'update contact set name = null where id = (select contact_id from conversation where id = $1)',
      [id],
    );
    const { body: one } = await create({
      body: 'Hi {{contact.name|there}}, we call {{contact.phone_number}}: {{contact.name}}{{contact.name}}.',
    });
    expect((await render(one.id, id)).body).toEqual({
      text: 'Hi there, we call : .',
      missing: ['contact.phone_number', 'contact.name'],
    });
  });

  test('takes what customers call themselves as text', async () => {
    const id = await openConversation(system);
    await system.sql(
      `update contact set name = '{{agent.name}} $& \${1}' where id = (select contact_id from conversation where id = $1)`,
      [id],
    );
    const { body: one } = await create({ body: 'Hi {{contact.name}}!' });
    expect((await render(one.id, id)).body).toEqual({ text: 'Hi {{agent.name}} $& ${1}!', missing: [] });
  });

  test('sends nothing', async () => {
    const id = await openConversation(system);
    const messages = (await ana.get(`/messages/conversation/${id}`)).body;
    const { body: one } = await create();
    await render(one.id, id);
    expect((await ana.get(`/messages/conversation/${id}`)).body).toEqual(messages);
  });

  test('is refused for a conversation that one may not see', async () => {
    const id = await openConversation(system);
    const { body: one } = await create({ body: '{{contact.name}}' });
    await giveToSomebodyElse(system, id);
    expect(await render(one.id, id)).toMatchObject({ status: 404, body: { code: 'NOT_FOUND' } });
    expect((await render(one.id, id, supervisor)).status).toBe(200);
  });

  test.each([
    ['no conversation', {}],
    ['a text', { conversation_id: '1' }],
    ['more', { conversation_id: 1, text: 'x' }],
  ])('with %s is refused', async (_, input) => {
    const { body: one } = await create();
    expect(await ana.post(`/canned-responses/${one.id}/render`, input)).toMatchObject({
      status: 400,
      body: { code: 'VALIDATION_FAILED' },
    });
  });
});

describe('bad input', () => {
  test.each([
    ['no code', { short_code: undefined }],
    ['an empty code', { short_code: '' }],
    ['a code with blanks', { short_code: 'a b' }],
    ['a code with a slash', { short_code: '/hello' }],
    ['a long code', { short_code: 'x'.repeat(51) }],
    ['a code that is a number', { short_code: 7 }],
    ['no title', { title: undefined }],
    ['a blank title', { title: ' ' }],
    ['a long title', { title: 'x'.repeat(151) }],
    ['no text', { body: undefined }],
    ['a blank text', { body: '\n' }],
    ['a long text', { body: 'x'.repeat(4_097) }],
    ['a NUL', { body: 'a\0' }],
    ['half a variable', { body: 'Hi {{contact.name' }],
    ['an unknown field', { created_by: 1 }],
  ])('%s is refused and nothing stored, made or changed', async (_, more) => {
    const { body: one } = await create();
    const before = await stored();
    const valid = { code: 'VALIDATION_FAILED' };
    expect(await create(more)).toMatchObject({ status: 400, body: valid });
    const given = Object.values(more)[0] !== undefined;
    if (given)
      expect(await supervisor.patch(`/canned-responses/${one.id}`, more)).toMatchObject({
        status: 400,
        body: valid,
      });
    expect(await stored()).toEqual(before);
  });

  test('an unknown variable is refused with the list of those there are', async () => {
    expect(await create({ body: 'Hi {{contact.email|you}}' })).toMatchObject({
      status: 400,
      body: {
        code: 'VALIDATION_FAILED',
        message: expect.stringContaining(
          '{{contact.email|you}} is no variable. There are contact.name, contact.phone_number, agent.name, conversation.id, workspace.name.',
        ),
        details: [{ field: 'body', problem: expect.any(String) }],
      },
    });
  });

  test.each(['sort=body', 'limit=0', 'search=', 'page=0', 'unknown=1'])('?%s is refused', async (query) => {
    expect(await ana.get(`/canned-responses?${query}`)).toMatchObject({
      status: 400,
      body: { code: 'VALIDATION_FAILED' },
    });
  });
});
