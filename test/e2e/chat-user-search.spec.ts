import { openChat, signedCall } from '../support/chat';
import { conversationOf } from '../support/crm';
import { type Caller, TestSystem } from '../support/system';

interface Found {
  status: string;
  data: {
    results: {
      message_id: number;
      conversation_id: number;
      content: string;
      sender_role: string;
      timestamp: string;
      context: string;
    }[];
    pagination: { page: number; limit: number; total: number; pages: number };
  };
}

let system: TestSystem;
let agent: Caller;
let admin: Caller;

beforeAll(async () => {
  system = await TestSystem.start();
  agent = await system.signIn('employer');
  admin = await system.signIn('admin');
});
afterAll(() => system.stop());

const open = async (user: Caller, initial_message: string): Promise<number> => {
  const { status, body } = await user.post<{ data: { conversation_id: number } }>('/api/chat/conversations', {
    initial_message,
  });
  expect(status).toBe(201);
  return body.data.conversation_id;
};
const search = async (caller: Caller, query: string): Promise<Found['data']> => {
  const { status, body } = await caller.get<Found>(`/api/chat/search?${query}`);
  expect([status, body.status]).toEqual([200, 'success']);
  return body.data;
};
const texts = (found: Found['data']): string[] => found.results.map(({ content }) => content);

test('answers what was found, newest first, with the text around it, as its contract shows it', async () => {
  const user = await openChat(system);
  const id = await open(user, 'I need help with my account');
  await agent.post('/messages', {
    conversation_id: id,
    body: `${'well '.repeat(40)}I can help ${'now '.repeat(40)}`,
  });
  expect(await search(user, 'q=help')).toMatchObject({
    results: [
      {
        conversation_id: id,
        sender_role: 'admin',
        context: expect.stringMatching(/^….{1,170}I can help .*…$/),
      },
      {
        message_id: expect.any(Number),
        conversation_id: id,
        content: 'I need help with my account',
        sender_role: 'user',
        timestamp: expect.any(String),
        context: 'I need help with my account',
      },
    ],
    pagination: { page: 1, limit: 20, total: 2, pages: 1 },
  });
  const signed = await signedCall<Found>(system, 'GET', `/api/chat/search?q=account&user_id=${user.userId}`);
  expect(signed).toMatchObject({ status: 200, body: { data: { pagination: { total: 1 } } } });
});

test('finds beginnings of words in all the user’s conversations, or in the one that is named, by pages', async () => {
  const user = await openChat(system);
  const first = await open(user, 'invoice one');
  await open(user, 'INVOÍCES two');
  const third = await open(user, 'nothing');
  for (let i = 3; i <= 5; i++)
    await user.post(`/api/chat/conversations/${first}/messages`, { message: `invoice ${i}` });
  expect(texts(await search(user, 'q=invoice'))).toEqual([
    'invoice 5',
    'invoice 4',
    'invoice 3',
    'INVOÍCES two',
    'invoice one',
  ]);
  expect(texts(await search(user, `q=invoice&conversation_id=${first}&limit=2&page=2`))).toEqual([
    'invoice 3',
    'invoice one',
  ]);
  expect((await search(user, `q=invoice&limit=2&page=2`)).pagination).toEqual({
    page: 2,
    limit: 2,
    total: 5,
    pages: 3,
  });
  expect(texts(await search(user, `q=invoice&conversation_id=${third}`))).toEqual([]);
});

test('finds nothing of other users, of other workspaces, of deleted messages, and no internal notes', async () => {
  const word = 'zebra';
  const [user, other] = [await openChat(system), await openChat(system)];
  const id = await open(user, 'hello');
  await open(other, `${word} of somebody else`);
  const { body } = await agent.post<{ id: number }>('/messages', {
    conversation_id: id,
    body: `${word} deleted`,
  });
  await system.sql('update message set deleted_at = now() where id = $1', [body.id]);
  expect(texts(await search(user, `q=${word}`))).toEqual([]);
  expect(texts(await search(other, `q=${word}`))).toEqual([`${word} of somebody else`]);

  const rivals = await system.createWorkspace('rivals');
  const theirs = await system.signIn('admin', { workspaceId: rivals.id });
  expect(texts(await search(theirs, `q=${word}`))).toEqual([]);
});

test('staff find what they may see of the live chat, and nothing of another channel', async () => {
  const user = await openChat(system);
  const [mine, others] = [await open(user, 'giraffe one'), await open(user, 'giraffe two')];
  const other = await system.signIn('employer');
  await admin.patch(`/conversations/${others}/assign`, { assigned_user: other.user.id });
  const foreign = await conversationOf(system, { id: 1, admin });
  await system.sql(
    `insert into message (workspace_id, conversation_id, sender_type, body) values (1, $1, 'contact', 'giraffe three')`,
    [foreign],
  );
  expect(texts(await search(agent, 'q=giraffe'))).toEqual(['giraffe one']);
  expect(texts(await search(other, 'q=giraffe'))).toEqual(['giraffe two', 'giraffe one']);
  expect(texts(await search(admin, `q=giraffe&conversation_id=${mine}`))).toEqual(['giraffe one']);
});

test('a hundred conversations are no reason to look for ever: the newest fifty are looked through', async () => {
  const user = await openChat(system);
  await system.sql(
    `with u as (select id, contact_id from chat_user where workspace_id = 1 and uuid = $1),
       c as (insert into conversation (workspace_id, contact_id, channel, parallel, status, last_message_at)
         select 1, contact_id, 'app-chat', true, 'closed', now() - n * interval '1 day' from u, generate_series(1, 100) n
         returning id, contact_id),
       x as (insert into chat_conversation (workspace_id, conversation_id, chat_user_id) select 1, c.id, u.id from c, u)
     insert into message (workspace_id, conversation_id, sender_type, body) select 1, id, 'contact', 'lion' from c`,
    [user.uuid],
  );
  expect((await search(user, 'q=lion&limit=1')).pagination).toMatchObject({ total: 50, pages: 50 });
});

test.each([
  '',
  'q=',
  'q=a',
  `q=${'x'.repeat(201)}`,
  'q=%21%21',
  'q=ab&limit=101',
  'q=ab&page=0',
  'q=ab&conversation_id=x',
  'q=ab&x=1',
])('?%s is refused', async (query) => {
  const user = await openChat(system);
  expect(await user.get(`/api/chat/search?${query}`)).toMatchObject({
    status: 400,
    body: { status: 'error', error_code: 'VALIDATION_FAILED', message: expect.any(String) },
  });
});
