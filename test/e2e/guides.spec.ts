import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { io } from 'socket.io-client';
import { ChatLimits } from '../../src/app-chat/chat-limits.service';
import { ChatMessagesService } from '../../src/app-chat/chat-messages.service';
import { ChatSessionsService } from '../../src/app-chat/chat-sessions.service';
import { AppError } from '../../src/common/app-error';
import { CHAT_APP_ID, CHAT_APP_SECRET } from '../support/chat';
import { eventually } from '../support/eventually';
import { type Caller, TestSystem } from '../support/system';

let system: TestSystem;
let agent: Caller;
let folder: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'guides-'));
  system = await TestSystem.start();
  agent = await system.signIn('employer');
});
afterAll(async () => {
  await system.stop();
  await rm(folder, { recursive: true });
});

/** What a block of a guide exports: its own text, loaded as a module. */
async function blockOf<T>(guide: string, name: string): Promise<T> {
  const text = await readFile(join(__dirname, '../../docs', guide), 'utf8');
  const code = new RegExp('```js ' + name + '\\n([\\s\\S]*?)```').exec(text)?.[1];
  if (code === undefined) throw new Error(`${guide} has no block "${name}".`);
  const path = join(folder, `${name}.js`);
  await writeFile(path, code);
  return (await import(path)) as T;
}

interface Message {
  id: number;
  content: string;
  sender_role: string;
  status: string;
}

interface Chat {
  history: Message[];
  conversationId?: number;
  agentTypes?: boolean;
  socket: ReturnType<typeof io>;
  send(text: string): void;
  read(): void;
  close(): void;
}

interface Guide {
  openChatSession: (options: object) => Promise<string>;
}

let nextUser = 4711;
/** The server's side of the web guide, for somebody new. */
async function signIn(): Promise<string> {
  const { openChatSession } = await blockOf<Guide>('guides/web.md', 'server');
  return await openChatSession({
    server: system.url,
    appId: CHAT_APP_ID,
    secret: CHAT_APP_SECRET,
    user: { id: nextUser++, name: 'Jane Doe' },
  });
}
/** The page's side. */
async function visit(token?: string): Promise<Chat> {
  const { Chat: Page } = await blockOf<{ Chat: new (options: object) => Chat }>('guides/web.md', 'page');
  return new Page({ server: system.url, token: token ?? (await signIn()), io });
}
const textsOf = (chat: Chat): string[] => chat.history.map(({ content }) => content);

test('the web guide’s code talks with an agent, through a lost connection, each message once and in order', async () => {
  const chat = await visit();
  try {
    chat.send('Hello');
    chat.send('Is anybody there?');
    await eventually(() => chat.history.length === 2, { what: 'both messages' });
    const answer = await agent.post('/messages', { conversation_id: chat.conversationId, body: 'Yes!' });
    expect(answer.status).toBe(201);
    await eventually(() => chat.history.length === 3, { what: 'the answer' });

    chat.socket.disconnect();
    for (const body of ['one', 'two'])
      await agent.post('/messages', { conversation_id: chat.conversationId, body });
    chat.send('while away');
    chat.socket.connect();
    await eventually(() => chat.history.length === 6, { what: 'what was missed' });
    expect(textsOf(chat)).toEqual(['Hello', 'Is anybody there?', 'Yes!', 'one', 'two', 'while away']);
    chat.read();
    await eventually(
      async () => {
        const { body } = await agent.get<{ data: { body: string; whatsapp_status: string }[] }>(
          `/messages/conversation/${chat.conversationId}`,
        );
        return body.data.filter(({ whatsapp_status: status }) => status === 'read').length >= 3;
      },
      { what: 'the agent to see that it was read' },
    );
  } finally {
    chat.close();
  }
});

test('the web guide’s code says again what was refused for the moment, and goes on where an agent has closed', async () => {
  const chat = await visit();
  try {
    chat.send('first');
    await eventually(() => chat.history.length === 1);
    const limits = jest.spyOn(system.app.get(ChatLimits, { strict: false }), 'count');
    limits.mockRejectedValueOnce(new AppError('RATE_LIMITED', 'Rate limit exceeded'));
    chat.send('too soon');
    chat.send('behind it');
    await eventually(() => chat.history.length === 3, { what: 'what was refused for the moment' });
    limits.mockRestore();
    await agent.patch(`/conversations/${chat.conversationId}`, { status: 'closed' });
    const closed = chat.conversationId;
    chat.send('one more thing');
    await eventually(() => chat.history.length === 4, { what: 'what was said after the end' });
    expect(textsOf(chat)).toEqual(['first', 'too soon', 'behind it', 'one more thing']);
    expect(chat.conversationId).not.toBe(closed);
  } finally {
    chat.close();
  }
});

test('the web guide’s code fetches all that was said before, also more than one answer holds', async () => {
  const token = await signIn();
  const actor = await system.app.get(ChatSessionsService, { strict: false }).actorOfToken(token);
  const messages = system.app.get(ChatMessagesService, { strict: false });
  const texts = Array.from({ length: 130 }, (_, i) => `${i}`);
  for (const text of texts) await messages.say(actor, 'newest', { text });
  const chat = await visit(token);
  try {
    await eventually(() => textsOf(chat).at(-1) === '129', { what: 'the newest message' });
    expect(textsOf(chat)).toEqual(texts);
  } finally {
    chat.close();
  }
});

test('the shell lines of the overview open a session', async () => {
  const text = await readFile(join(__dirname, '../../docs/live-chat.md'), 'utf8');
  const [, shell] = /```sh\n([\s\S]*?)```/.exec(text)!;
  const { stdout } = await promisify(execFile)(
    'bash',
    ['-c', shell!.replace('http://localhost:3000', system.url)],
    { env: { ...process.env, CHAT_APP_SECRET }, timeout: 20_000 },
  );
  expect(JSON.parse(stdout)).toMatchObject({
    status: 'success',
    data: { token: expect.any(String), user: { user_id: 123, username: 'user123' } },
  });
});
