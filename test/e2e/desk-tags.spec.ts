import { ConversationTagsService } from '../../src/conversations/conversation-tags.service';
import { UnitOfWork } from '../../src/platform/database/unit-of-work';
import { giveToSomebodyElse, openConversation } from '../support/crm';
import { Desk } from '../support/desk';
import { type Answer, type Caller, TestSystem } from '../support/system';

let system: TestSystem;
let admin: Caller;
let ana: Caller;
let desk: Desk;

beforeAll(async () => {
  system = await TestSystem.start();
  admin = await system.signIn('admin');
  ana = await system.signIn('employer', { username: 'ana' });
  desk = await Desk.of(system, admin);
});
afterAll(() => system.stop());

const set = (id: number, tags: unknown, caller = ana): Promise<Answer<{ tags: string[] }>> =>
  caller.put(`/conversations/${id}/tags`, { tags });
const tagsOf = async (id: number): Promise<unknown> => (await ana.get(`/conversations/${id}`)).body['tags'];
const tagsNamed = async (pattern: string): Promise<string[]> =>
  (
    await system.sql<{ name: string }>('select name from tag where name ilike $1 order by name', [pattern])
  ).map(({ name }) => name);
const auditOf = async (id: number): Promise<{ action: string; details: object }[]> =>
  (await admin.get<{ data: { action: string; details: object }[] }>(`/conversations/${id}/audit`)).body.data;

test('tags are set by name, shown by name, told, and what was before is in the audit log', async () => {
  const id = await openConversation(system);
  expect(await tagsOf(id)).toEqual([]);
  expect(await set(id, ['zebra', 'Apple', 'mango'])).toMatchObject({
    status: 200,
    body: { tags: ['Apple', 'mango', 'zebra'] },
  });
  expect(await set(id, ['mango', 'Kiwi'])).toMatchObject({ body: { tags: ['Kiwi', 'mango'] } });
  expect(await tagsOf(id)).toEqual(['Kiwi', 'mango']);
  expect((await auditOf(id)).slice(0, 2)).toMatchObject([
    {
      action: 'conversation.tags',
      details: { from: ['Apple', 'mango', 'zebra'], to: ['Kiwi', 'mango'] },
    },
    { action: 'conversation.tags', details: { from: [], to: ['Apple', 'mango', 'zebra'] } },
  ]);
  expect((await desk.heardOf(id)).filter((event) => event === 'conversation:updated')).toHaveLength(2);
  expect(await set(id, [])).toMatchObject({ body: { tags: [] } });
  expect(await tagsOf(id)).toEqual([]);
});

test('the tags of the customer are others', async () => {
  const id = await openConversation(system);
  const { body: shown } = await ana.get(`/conversations/${id}`);
  const { body: tag } = await admin.post('/tags', { name: 'Loyal' });
  await admin.post(`/contacts/${String(shown['contact_id'])}/tags`, { tag_ids: [tag['id']] });
  await set(id, ['Complaint']);
  expect((await ana.get(`/conversations/${id}`)).body).toMatchObject({
    tags: ['Complaint'],
    contact_tags: [{ name: 'Loyal' }],
  });
});

test('a tag that exists keeps how it is written; one that does not is made once, and that is audited', async () => {
  const id = await openConversation(system);
  await admin.post('/tags', { name: 'Billing' });
  expect((await set(id, ['BILLING', ' billing ', 'Weird Thing', 'weird thing'])).body).toEqual({
    tags: ['Billing', 'Weird Thing'],
  });
  expect(await tagsNamed('billing')).toEqual(['Billing']);
  expect(await tagsNamed('weird thing')).toEqual(['Weird Thing']);
  const { body: log } = await admin.get<{ data: object[] }>('/audit-log?action=tag.create');
  expect(log.data[0]).toMatchObject({ user_id: ana.user.id, details: { name: 'Weird Thing' } });
});

test('where two differ in case only, each is found under its own spelling, and the older under any other', async () => {
  const id = await openConversation(system);
  await admin.post('/tags', { name: 'urgentE' });
  await admin.post('/tags', { name: 'Urgente' });
  expect((await set(id, ['Urgente'])).body.tags).toEqual(['Urgente']);
  expect((await set(id, ['URGENTE'])).body.tags).toEqual(['urgentE']);
});

test('the same tags again change nothing and tell nothing', async () => {
  const id = await openConversation(system);
  await set(id, ['calm']);
  const { body: before } = await ana.get(`/conversations/${id}`);
  expect((await set(id, ['CALM', 'calm'])).body.tags).toEqual(['calm']);
  expect((await ana.get(`/conversations/${id}`)).body).toEqual(before);
  expect((await auditOf(id)).filter(({ action }) => action === 'conversation.tags')).toHaveLength(1);
  expect((await desk.heardOf(id)).filter((event) => event === 'conversation:updated')).toHaveLength(1);
});

test('many who make the same tags at once, in any spelling and order, make each once', async () => {
  const ids = await Promise.all(Array.from({ length: 8 }, () => desk.conversationIn('queue', null)));
  const other = await system.secondServer();
  const theirs = other.callerWith(ana.token, ana.user);
  const answers = await Promise.all(
    ids.map((id, n) => {
      const names = ['race one', 'race two', 'race three'].map((name) =>
        n % 3 === 0 ? name.toUpperCase() : name,
      );
      return set(id, n % 2 === 0 ? names : names.toReversed(), n % 2 === 0 ? ana : theirs);
    }),
  );
  expect(answers.map(({ status }) => status)).toEqual(ids.map(() => 200));
  expect(await tagsNamed('race %')).toHaveLength(3);
  for (const { body } of answers) expect(body).toEqual(answers[0]!.body);
});

test('a tag that is deleted is gone from the conversations, which stay', async () => {
  const id = await openConversation(system);
  const { body: tag } = await admin.post('/tags', { name: 'Passing' });
  await set(id, ['Passing', 'Lasting']);
  expect((await admin.delete(`/tags/${String(tag['id'])}`)).status).toBe(204);
  expect(await tagsOf(id)).toEqual(['Lasting']);
});

test('of several conversations at once, for lists', async () => {
  const [one, two, none] = [
    await openConversation(system),
    await openConversation(system),
    await openConversation(system),
  ];
  await set(one, ['b', 'a']);
  await set(two, ['c']);
  const tags = system.app.get(ConversationTagsService, { strict: false });
  const names = await system.app
    .get(UnitOfWork, { strict: false })
    .read({ workspaceId: 1 }, () => tags.namesOf([one, two, none]));
  expect(names).toEqual(
    new Map([
      [one, ['a', 'b']],
      [two, ['c']],
    ]),
  );
});

test('a conversation of somebody else cannot be tagged', async () => {
  const id = await openConversation(system);
  await giveToSomebodyElse(system, id);
  expect(await set(id, ['mine'])).toMatchObject({ status: 404, body: { code: 'NOT_FOUND' } });
  expect(await tagsNamed('mine')).toEqual([]);
});

test.each([
  ['no tags', undefined],
  ['a text', 'vip'],
  ['a number', [7]],
  ['an empty name', ['']],
  ['blanks', ['  ']],
  ['a long name', ['x'.repeat(101)]],
  ['a NUL', ['a\0']],
  ['too many', Array.from({ length: 21 }, (_, n) => `many ${n}`)],
])('%s: refused, and nothing is tagged or made', async (_, tags) => {
  const id = await openConversation(system);
  await set(id, ['before']);
  expect(await set(id, tags)).toMatchObject({ status: 400, body: { code: 'VALIDATION_FAILED' } });
  expect(await tagsOf(id)).toEqual(['before']);
  expect(await tagsNamed('many %')).toEqual([]);
});

test('20 tags of 100 characters are not too many', async () => {
  const id = await openConversation(system);
  const tags = Array.from({ length: 20 }, (_, n) => `${'é'.repeat(98)}${String(n).padStart(2, '0')}`);
  expect((await set(id, tags)).body.tags).toEqual(tags);
});
