import pino from 'pino';
import { CHAT_LIMITS } from '../../src/app-chat/chat-limits.service';
import { CHAT_APP_ID, openChat, signedCall } from '../support/chat';
import { type Answer, type Caller, TestSystem } from '../support/system';

const SPAM = { maxRepeats: 3, maxLinks: 2, maxSymbols: 60, words: ['free money'] };
const LINKS = 'https://a.example https://b.example https://c.example';

let system: TestSystem;
let agent: Caller;
const logged: { rules?: string[]; limit?: string }[] = [];

beforeAll(async () => {
  system = await TestSystem.start();
  agent = await system.signIn('employer');
});
afterAll(() => system.stop());

const open = async (user: Caller): Promise<number> => {
  const { body } = await user.post<{ data: { conversation_id: number } }>('/api/chat/messages', {
    message: 'hello',
  });
  return body.data.conversation_id;
};
const until429 = async (ask: () => Promise<Answer>, most: number): Promise<[number, Answer]> => {
  for (let done = 0; done <= most; done++) {
    const answer = await ask();
    if (answer.status === 429) return [done, answer];
    expect(answer.status).toBeLessThan(300);
  }
  throw new Error(`${most + 1} times and no end`);
};
const REFUSED = {
  status: 429,
  body: { status: 'error', message: 'Rate limit exceeded', error_code: 'RATE_LIMITED' },
};

describe('limits', () => {
  let n = 0;
  const cases: [string, number, (user: Caller, id: number) => () => Promise<Answer>][] = [
    [
      'messages by POST /api/chat/messages',
      CHAT_LIMITS.message.limit - 1,
      (user) => () => user.post('/api/chat/messages', { message: `${n++}` }),
    ],
    [
      'messages into a named conversation',
      CHAT_LIMITS['support-message'].limit,
      (user, id) => () => user.post(`/api/chat/conversations/${id}/messages`, { message: `${n++}` }),
    ],
    [
      'typing in a conversation',
      CHAT_LIMITS.typing.limit,
      (user, id) => () => user.post(`/api/chat/conversations/${id}/typing`, { typing: true }),
    ],
  ];
  test.each(cases)('%s: %d, then 429 with Retry-After', async (_, most, asking) => {
    const user = await openChat(system);
    const [done, answer] = await until429(asking(user, await open(user)), most);
    expect(done).toBe(most);
    expect(answer).toMatchObject(REFUSED);
    expect(Number(answer.headers.get('retry-after'))).toBeGreaterThan(0);
    const other = await openChat(system); // each user is counted alone
    expect((await asking(other, await open(other))()).status).toBeLessThan(300);
  });

  test('the documented numbers are these', () => {
    const of = ({ limit, windowMs }: { limit: number; windowMs: number }): string =>
      `${limit}/${windowMs / 1000} s`;
    expect(
      Object.fromEntries(Object.entries(CHAT_LIMITS).map(([what, limit]) => [what, of(limit)])),
    ).toMatchObject({
      message: '60/60 s',
      'support-message': '30/60 s',
      conversation: '5/900 s',
      upload: '10/60 s',
      typing: '10/60 s',
      'support-typing': '20/10 s',
      read: '300/60 s',
      visitor: '10/60 s',
    });
  });

  test('typing is counted in each conversation by itself', async () => {
    const user = await openChat(system);
    const first = await open(user);
    await until429(() => user.post(`/api/chat/conversations/${first}/typing`, { typing: true }), 10);
    const { body } = await user.post<{ data: { conversation_id: number } }>('/api/chat/conversations', {
      initial_message: 'another',
    });
    const path = `/api/chat/conversations/${body.data.conversation_id}/typing`;
    expect((await user.post(path, { typing: true })).status).toBe(200);
  });

  test('five conversations in fifteen minutes, whether they are open or not', async () => {
    const user = await openChat(system);
    const start = async (): Promise<Answer> => {
      const answer = await user.post<{ data: { conversation_id: number } }>('/api/chat/conversations', {
        initial_message: 'help',
      });
      if (answer.status === 201)
        await user.post(`/api/chat/conversations/${answer.body.data.conversation_id}/close`);
      return answer;
    };
    const [done, answer] = await until429(start, 5);
    expect([done, answer]).toMatchObject([5, REFUSED]);
  });

  test('ten files in a minute', async () => {
    const user = await openChat(system);
    const id = await open(user);
    const upload = async (): Promise<Answer> => {
      const data = new FormData();
      data.append('conversation_id', `${id}`);
      data.append('message_type', 'file');
      data.append('file', new Blob(['some text']), 'a.txt');
      const response = await fetch(`${system.url}/api/chat/upload`, {
        method: 'POST',
        headers: { authorization: `Bearer ${user.token}` },
        body: data,
      });
      return { status: response.status, headers: response.headers, body: (await response.json()) as never };
    };
    const [done, answer] = await until429(upload, 10);
    expect([done, answer]).toMatchObject([10, REFUSED]);
  });

  describe('sessions of visitors', () => {
    const openFrom = (server: TestSystem, address: string): Promise<Answer> =>
      server.call('POST', '/api/chat/visitors', { app_id: CHAT_APP_ID }, { 'x-forwarded-for': address });

    test('ten in a minute from one address, wherever the caller claims to be', async () => {
      const [done, answer] = await until429(() => openFrom(system, `203.0.113.${n++ % 250}`), 10);
      expect([done, answer]).toMatchObject([10, REFUSED]);
    });

    test('behind a proxy that is trusted, from the address that the proxy names', async () => {
      const behind = await system.startAnother({ http: { trustProxy: ['127.0.0.1'] } });
      const [done] = await until429(() => openFrom(behind, '203.0.113.1'), 10);
      expect(done).toBe(10);
      expect((await openFrom(behind, '203.0.113.2')).status).toBe(201);
    });
  });

  test('reading is limited as well, and CHAT_RATE_LIMIT_ENABLED=false ends all of it', async () => {
    const user = await openChat(system);
    const read = (): Promise<Answer> => user.get('/api/chat/conversations?limit=1');
    const [done] = await until429(read, CHAT_LIMITS.read.limit);
    expect(done).toBe(CHAT_LIMITS.read.limit);
    const free = await system.startAnother({ chat: { rateLimitEnabled: false } });
    const there = free.callerWith(user.token);
    for (let i = 0; i < 35; i++) {
      const said = await there.post('/api/chat/messages', { message: `${i}` });
      const asked = await there.get('/api/chat/conversations?limit=1');
      expect([said.status, asked.status]).toEqual([201, 200]);
    }
  });
});

describe('what looks like spam', () => {
  let flags: TestSystem;
  let refuses: TestSystem;

  beforeAll(async () => {
    const logger = pino(
      { level: 'warn' },
      { write: (line: string) => void logged.push(JSON.parse(line) as object) },
    );
    flags = await system.startAnother({ chat: { spam: { action: 'flag', ...SPAM } } }, { logger });
    refuses = await system.startAnother({ chat: { spam: { action: 'refuse', ...SPAM } } });
  });

  test('is stored and flagged for agents, with the rule, which is logged; the user sees no flag', async () => {
    const user = flags.callerWith((await openChat(system)).token);
    const said = await user.post<{ data: { id: number } }>('/api/chat/messages', { message: LINKS });
    expect(said).toMatchObject({ status: 201, body: { data: { message: LINKS, metadata: null } } });
    expect((await agent.get(`/messages/${said.body.data.id}`)).body).toMatchObject({
      body: LINKS,
      payload: { spam: ['links'] },
    });
    expect(logged.filter(({ rules }) => rules !== undefined)).toMatchObject([
      { rules: ['links'], action: 'flag' },
    ]);
  });

  test('the same text is spam the fourth time, by the same user in the same conversation', async () => {
    const user = flags.callerWith((await openChat(system)).token);
    const payloads: unknown[] = [];
    for (let i = 0; i < 4; i++) {
      const { body } = await user.post<{ data: { id: number } }>('/api/chat/messages', { message: 'buy' });
      payloads.push((await agent.get(`/messages/${body.data.id}`)).body['payload']);
    }
    expect(payloads).toEqual([null, null, null, { spam: ['repeated'] }]);
  });

  test.each([
    ['links', LINKS],
    ['symbols', '$$$$ !!!! #### **** >>>>'],
    ['words', 'Free money for you'],
  ])(
    'is refused where the configuration says so (%s): 400 SPAM_REFUSED, and nothing is stored',
    async (rule, message) => {
      const chat = await openChat(system);
      const user = refuses.callerWith(chat.token);
      expect(await user.post('/api/chat/messages', { message })).toMatchObject({
        status: 400,
        body: { status: 'error', error_code: 'SPAM_REFUSED', details: { rules: [rule] } },
      });
      expect(
        await system.sql(
          'select 1 from chat_conversation x join chat_user u on u.id = x.chat_user_id where u.uuid = $1',
          [chat.uuid],
        ),
      ).toEqual([]);
      expect((await user.post('/api/chat/messages', { message: 'an honest question' })).status).toBe(201);
    },
  );

  test('may be anything where the rules are off', async () => {
    const off = await system.startAnother({ chat: { spam: { action: 'off', ...SPAM } } });
    const user = off.callerWith((await openChat(system)).token);
    const { body } = await user.post<{ data: { id: number } }>('/api/chat/messages', { message: LINKS });
    expect((await agent.get(`/messages/${body.data.id}`)).body).toMatchObject({ payload: null });
  });

  test('a limit that is reached is logged by its name', async () => {
    const person = await openChat(system);
    const user = flags.callerWith(person.token);
    const { body } = await user.post<{ data: { conversation_id: number } }>('/api/chat/messages', {
      message: 'hi',
    });
    await until429(
      () => user.post(`/api/chat/conversations/${body.data.conversation_id}/typing`, { typing: true }),
      10,
    );
    expect(logged.filter(({ limit }) => limit === 'typing')).toHaveLength(1);
  });
});

test('a signed call is counted for the user whom it names', async () => {
  const user = await openChat(system);
  const body = { user_id: user.userId };
  await user.post('/api/chat/messages', { message: 'hello' });
  let n = 0;
  const say = (): Promise<Answer> =>
    signedCall(system, 'POST', '/api/chat/messages', { ...body, message: `signed ${n++}` });
  const [done] = await until429(say, 59);
  expect(done).toBe(59);
  expect((await user.post('/api/chat/messages', { message: 'x' })).status).toBe(429);
});
