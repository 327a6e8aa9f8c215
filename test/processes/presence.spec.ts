import { ask, knock, openConversation } from '../support/crm';
import { eventually } from '../support/eventually';
import { killAll } from '../support/processes';
import { newDataDir, startServer } from '../support/server-process';
import { type Caller, type Listener, TestSystem } from '../support/system';

let system: TestSystem;
let admin: Caller;

beforeAll(async () => {
  system = await TestSystem.start();
  admin = await system.signIn('admin');
});
afterEach(killAll);
afterAll(() => system.stop());

test('a server that is killed takes those who were there and those who typed with it', async () => {
  const { process, url } = await startServer(newDataDir(), {
    env: {
      DATABASE_URL: system.databaseUrl,
      DB_SYNC: 'false',
      JWT_SECRET: system.config.security.jwtSecret,
      ENCRYPTION_KEY: 'test-encryption-key-test-encryption-key',
    },
  });
  const watcher = await system.listen(admin);
  const agent = await system.signIn('employer');
  const id = await openConversation(system);
  const socket = knock({ url } as TestSystem, { token: agent.token });
  await new Promise((connected) => socket.once('stream:ready', connected));
  const there = { socket, heard: [], of: () => [] } as Listener;
  await ask(there, 'typing:start', { conversation_id: id });
  const told = (event: string): unknown[] =>
    watcher
      .of(event)
      .filter((h) => h.payload['user_id'] === agent.user.id)
      .map((h) => h.payload[event === 'typing' ? 'typing' : 'status']);
  await eventually(() => told('typing').length === 1 && told('presence:changed').length === 1, {
    what: 'the agent',
  });

  process.kill('SIGKILL');
  await process.exited;
  const killed = Date.now();

  await eventually(() => told('typing').length === 2, { timeoutMs: 13_000, what: 'the end of typing' });
  expect(told('typing')).toEqual([true, false]);
  await eventually(() => told('presence:changed').length === 2, { timeoutMs: 15_000, what: 'their absence' });
  expect(told('presence:changed')).toEqual(['online', 'offline']);
  expect(Date.now() - killed).toBeLessThan(22_000);
  const { last_seen_at } = watcher.of('presence:changed').at(-1)!.payload;
  expect(Math.abs(Date.parse(String(last_seen_at)) - killed)).toBeLessThan(6_000); // its last sign of life
  socket.disconnect();
}, 60_000);
