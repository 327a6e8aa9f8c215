import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { io } from 'socket.io-client';
import { CHAT_APP_ID, CHAT_APP_SECRET } from '../support/chat';
import { eventually } from '../support/eventually';
import { type Caller, TestSystem } from '../support/system';

let system: TestSystem;
let agent: Caller;

beforeAll(async () => {
  system = await TestSystem.start();
  agent = await system.signIn('employer');
});
afterAll(() => system.stop());

/** What a block of a guide exports. Its text runs as it stands, but for the words that make it a module. */
async function blockOf<T>(guide: string, name: string): Promise<T> {
  const text = await readFile(join(__dirname, '../../docs', guide), 'utf8');
  const code = new RegExp('```js ' + name + '\\n([\\s\\S]*?)```').exec(text)?.[1];
  if (code === undefined) throw new Error(`${guide} has no block "${name}".`);
  const exported = [...code.matchAll(/^export (?:async )?(?:class|function) (\w+)/gm)].map(([, one]) => one!);
  const body = code
    .replace(/^import (\{[^}]*\}) from '(node:\w+)';$/gm, "const $1 = require('$2');")
    .replace(/^export /gm, '');
  // eslint-disable-next-line typescript/no-implied-eval -- that the guide's own text runs is what is tested
  const run = new Function('require', `${body}\nreturn { ${exported.join(', ')} };`) as (
    load: typeof require,
  ) => T;
  return run(require);
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

test('the web guide’s code talks with an agent, through a lost connection, each message once and in order', async () => {
  const { openChatSession } = await blockOf<Guide>('guides/web.md', 'server');
  const { Chat } = await blockOf<{ Chat: new (options: object) => Chat }>('guides/web.md', 'page');
  const token = await openChatSession({
    server: system.url,
    appId: CHAT_APP_ID,
    secret: CHAT_APP_SECRET,
    user: { id: 4711, name: 'Jane Doe' },
  });
  const chat = new Chat({ server: system.url, token, io });
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
    expect(chat.history.map(({ content }) => content)).toEqual([
      'Hello',
      'Is anybody there?',
      'Yes!',
      'one',
      'two',
      'while away',
    ]);
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
