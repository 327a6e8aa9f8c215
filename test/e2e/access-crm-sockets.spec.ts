import { collectEntrances } from '../../scripts/access-table';
import { AppModule } from '../../src/app.module';
import { SessionWatch } from '../../src/crm-gateway/session-watch';
import {
  ask,
  closed,
  conversationOf,
  giveToSomebodyElse,
  membersOf,
  refusalOf,
  secondWorkspace,
  withoutPresence,
} from '../support/crm';
import { StoredRows } from '../support/stored-rows';
import { type Caller, type Listener, TestSystem } from '../support/system';

const MISSING = 888_888;
const LEVELS = ['employer', 'supervisor', 'admin'] as const;
const WORKSPACES = ['ours', 'theirs'] as const;

/** What each message is sent with. A new one is to be listed here. */
const PAYLOADS: Record<string, (conversationId: number, after: string) => unknown> = {
  'join:conversation': (id) => ({ conversation_id: id }),
  'leave:conversation': (id) => ({ conversation_id: id }),
  resume: (_, after) => ({ after }),
  'presence:set': () => ({ status: 'away' }),
  'presence:list': () => undefined,
  'typing:start': (id) => ({ conversation_id: id }),
  'typing:stop': (id) => ({ conversation_id: id }),
};
const WITH_ID = ['join:conversation', 'leave:conversation', 'typing:start', 'typing:stop'];
const ALWAYS_DONE = ['leave:conversation', 'typing:stop'];
const JUNK: unknown[] = [
  null,
  'text',
  { conversation_id: 'x' },
  { conversation_id: 2 ** 60, more: true },
  { after: '\0' },
];

let system: TestSystem;
let rows: StoredRows;
let sides: Record<(typeof WORKSPACES)[number], Record<(typeof LEVELS)[number], Caller> & { id: number }>;
let conversations: Record<(typeof WORKSPACES)[number], { own: number; others: number }>;
const witnesses: Listener[] = [];

beforeAll(async () => {
  system = await TestSystem.start();
  rows = await StoredRows.of(system);
  const ours = {
    id: 1,
    admin: await system.signIn('admin'),
    supervisor: await system.signIn('supervisor'),
    employer: await system.signIn('employer'),
  };
  sides = { ours, theirs: await secondWorkspace(system, 'rivals') };
  const madeIn = async (side: { id: number; admin: Caller }) => {
    const [own, others] = [await conversationOf(system, side), await conversationOf(system, side)];
    await giveToSomebodyElse(system, others);
    return { own, others };
  };
  conversations = { ours: await madeIn(sides.ours), theirs: await madeIn(sides.theirs) };
  for (const name of WORKSPACES) witnesses.push(await system.listen(sides[name].admin));
});
afterAll(() => system.stop());

/** Who is there is written down a moment after sockets come and go. */
const PRESENCE = ['user_connection', 'users'];
async function stored(): Promise<unknown[]> {
  const all: unknown[] = [];
  for (const { id } of Object.values(sides)) {
    const sums = (await rows.now(id)) as { name: string }[];
    all.push(...sums.filter(({ name }) => !PRESENCE.includes(name)));
  }
  return all;
}
const heard = (): number => witnesses.flatMap(withoutPresence).length;
const cursorOf = (listener: Listener): string => String(listener.heard[0]!.payload['cursor']);

/** Without what is of the moment, and without the id that was asked for. */
async function answerTo(listener: Listener, message: string, id: number): Promise<Record<string, unknown>> {
  const { error, ...answer } = await ask(listener, message, PAYLOADS[message]!(id, ''));
  return { ...answer, conversation_id: 0, timestamp: '', error: error && { ...error, requestId: '' } };
}

test('every message of the namespace is walked, and no other', async () => {
  const messages = (await collectEntrances(AppModule)).filter(
    ({ kind, scope }) => kind === 'message' && scope === '/crm',
  );
  expect(messages.map(({ name }) => name).sort()).toEqual(Object.keys(PAYLOADS).sort());
});

describe.each(WORKSPACES)('in %s', (workspace) => {
  const foreign = workspace === 'ours' ? 'theirs' : 'ours';

  test.each(LEVELS)(
    'what somebody as %s may not see answers as what does not exist, and leaves no trace',
    async (level) => {
      const listener = await system.listen(sides[workspace][level]);
      const before = await stored();
      const already = heard();
      const hidden = [conversations[foreign].own, conversations[foreign].others].concat(
        level === 'employer' ? [conversations[workspace].others] : [],
      );
      for (const message of WITH_ID)
        for (const id of hidden) {
          const answer = await answerTo(listener, message, id);
          expect([message, answer]).toEqual([message, await answerTo(listener, message, MISSING)]);
          // Whoever is not in a room may leave it, and whoever does not type may stop.
          if (!ALWAYS_DONE.includes(message)) expect(answer.error).toMatchObject({ code: 'NOT_FOUND' });
          for (const { id: side } of Object.values(sides)) expect(membersOf(system, id, side)).toEqual([]);
        }
      expect(await stored()).toEqual(before);
      expect(heard()).toBe(already);
      listener.socket.disconnect();
    },
  );

  test.each(LEVELS)('somebody as %s has to do with what they see', async (level) => {
    const listener = await system.listen(sides[workspace][level]);
    for (const [message, payload] of Object.entries(PAYLOADS)) {
      const answer = await ask(listener, message, payload(conversations[workspace].own, cursorOf(listener)));
      expect([message, answer.error]).toEqual([message, undefined]);
    }
    listener.socket.disconnect();
  });

  test('what is no message of the contract is refused as bad input', async () => {
    for (const message of Object.keys(PAYLOADS).filter((name) => name !== 'presence:list')) {
      // Each has 30 a minute.
      const somebody = await system.signIn('admin', { workspaceId: sides[workspace].id });
      const listener = await system.listen(somebody);
      const before = await stored();
      for (const junk of JUNK) {
        const { error } = await ask(listener, message, junk);
        expect([message, junk, error?.statusCode]).toEqual([message, junk, 400]);
      }
      expect(await stored()).toEqual(before);
      listener.socket.disconnect();
    }
  });
});

describe('whose session is over', () => {
  // It would end the sockets first.
  beforeAll(() => system.app.get(SessionWatch, { strict: false }).stop());

  test.each(LEVELS)(
    'somebody as %s is not let in, and what they say ends a socket that is still open',
    async (level) => {
      for (const [message, payload] of Object.entries(PAYLOADS)) {
        const caller = await system.signIn(level);
        const listener = await system.listen(caller);
        await caller.post('/auth/logout');
        const already = heard();
        listener.socket.emit(message, payload(conversations.ours.own, cursorOf(listener)));
        await closed(listener);
        expect([message, listener.of('system:error').at(-1)?.payload['code']]).toEqual([
          message,
          'UNAUTHENTICATED',
        ]);
        expect(heard()).toBe(already);
        expect((await refusalOf(system, { token: caller.token })).code).toBe('UNAUTHENTICATED');
      }
      expect((await refusalOf(system, { token: 'x.y.z' })).code).toBe('UNAUTHENTICATED');
    },
  );

  test('nobody without a token is let in', async () => {
    expect((await refusalOf(system, {})).code).toBe('UNAUTHENTICATED');
  });
});
