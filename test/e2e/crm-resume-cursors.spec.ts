import type { ErrorBody } from '../../src/common/app-error';
import { CrmGateway } from '../../src/crm-gateway/crm.gateway';
import { JournalReader } from '../../src/platform/events/journal-reader';
import { testFromInside } from '../support/cluster';
import { ask, closed, knock, openConversation, streamed, withoutPresence } from '../support/crm';
import { eventually } from '../support/eventually';
import { type Caller, type Listener, TestSystem } from '../support/system';

let system: TestSystem;
let admin: Caller;
let conversationId: number;

beforeAll(async () => {
  system = await TestSystem.start({ madeUpEvents: true });
  admin = await system.signIn('admin');
  conversationId = await openConversation(system);
});
afterAll(() => system.stop());

const readyCursor = (listener: Listener): string =>
  String(listener.heard.findLast((h) => h.event === 'stream:ready')!.payload['cursor']);

const happen = async (): Promise<void> => {
  expect((await admin.patch(`/conversations/${conversationId}/unread`)).status).toBe(200);
};

/** What a connection with this cursor hears before the server ends it. */
async function heardAtTheDoor(after: unknown): Promise<ErrorBody[]> {
  const socket = knock(system, { token: admin.token, after });
  const errors: ErrorBody[] = [];
  socket.on('system:error', (error: ErrorBody) => errors.push(error));
  await new Promise((ended) => socket.once('disconnect', ended));
  return errors;
}

const BROKEN = [
  '',
  'x',
  '1',
  '1:2',
  '1:2:3:4',
  '-1:2:',
  '1:2:x',
  '3:2:',
  '1:5:9',
  '1:5:3,2',
  '1:1:~1:1:',
  '1:1:~1:1:~x',
  '1:1:~1:1:~-1',
  '1:1:~1:1:~1~1',
  '99999999999999999999:99999999999999999999:',
  `1:9:${'2,'.repeat(9_000)}3`,
  'x'.repeat(20_001),
  "1:1:'; drop table event; --",
];

test('a broken cursor over an open socket is refused, and the socket goes on', async () => {
  const listener = await system.listen(await system.signIn('admin'));
  for (const after of BROKEN) {
    const { error } = await ask(listener, 'resume', { after });
    const code = after === '' || after.length > 20_000 ? 'VALIDATION_FAILED' : 'CURSOR_INVALID';
    expect([after, error?.statusCode, error?.code]).toEqual([after, 400, code]);
  }
  await happen();
  await eventually(() => listener.of('conversation:unread').length === 1, { what: 'events, as before' });
});

test('a broken cursor at the door is refused, and the socket closed', async () => {
  for (const after of [...BROKEN, 1, {}, [], true, ['1:1:']])
    expect([after, await heardAtTheDoor(after)]).toMatchObject([
      after,
      [{ statusCode: 400, code: 'CURSOR_INVALID' }],
    ]);
});

describe('who cannot be told everything is told to fetch anew, with a cursor to go on from', () => {
  async function expectResync(after: string): Promise<void> {
    // Other tests write in the same cluster: a cursor given out while one of them runs may lie below the floor.
    await eventually(
      async () => {
        const fresh = await system.listen(admin);
        const [row] = await system.sql<{ xid: string }>('select xid::text from journal_floor');
        fresh.socket.disconnect();
        return BigInt(readyCursor(fresh).split(':')[0]!) > BigInt(row!.xid);
      },
      { what: 'a cursor above the floor' },
    );
    const listener = await system.listen(admin, { after });
    await eventually(() => listener.of('resync_required').length === 1, { what: 'resync_required' });
    const { cursor } = listener.of('resync_required')[0]!.payload as { cursor: string };
    expect(cursor).toBe(readyCursor(listener));
    await happen();
    await eventually(() => listener.of('conversation:unread').length === 1, { what: 'live events' });
    listener.socket.disconnect();
    const later = await system.listen(admin, { after: cursor });
    expect(streamed(later).map((h) => h.meta.id)).toEqual([listener.of('conversation:unread')[0]!.meta.id]);
    later.socket.disconnect();

    const open = await system.listen(admin);
    expect(await ask(open, 'resume', { after })).toEqual({ sent: null, cursor: expect.any(String) });
    expect(open.of('resync_required')).toHaveLength(1);
    open.socket.disconnect();
  }

  test('a cursor of another database, ahead of this one', async () => {
    await expectResync('999999999:999999999:');
    const here = readyCursor(await system.listen(admin));
    await expectResync(`${here.split('~')[0]}~999999999:999999999:~5`);
  });

  test('more than 10,000 entries', async () => {
    const after = readyCursor(await system.listen(admin));
    const insert = (count: number): Promise<unknown> =>
      system.sql(
        `insert into event (workspace_id, type, conversation_id, payload)
         select 1, 'conversation:read', $2, '{"id": 1}' from generate_series(1, $1)`,
        [count, conversationId],
      );
    await insert(10_000);
    const all = await system.listen(admin, { after });
    expect(streamed(all)).toHaveLength(10_000);
    expect(all.of('resync_required')).toEqual([]);
    await insert(1);
    await expectResync(after);
  });

  test('a cursor from before what is kept', async () => {
    const after = readyCursor(await system.listen(admin));
    const witness = await system.listen(admin);
    await system.sql('update journal_floor set xid = pg_current_xact_id()');
    await happen();
    await eventually(() => streamed(witness).length === 1, { what: 'what is kept' });
    await expectResync(after);
  });
});

test('whoever missed nothing hears nothing, and is asked nothing of', async () => {
  const after = readyCursor(await system.listen(admin));
  const listener = await system.listen(admin, { after });
  expect(withoutPresence(listener).map((h) => h.event)).toEqual(['stream:ready']);
});

test('two resumes of one socket at a time would mix: the second is refused, and nothing comes twice', async () => {
  const first = await system.listen(admin);
  const after = readyCursor(first);
  first.socket.disconnect();
  await happen();
  await happen();
  const listener = await system.listen(admin, { after });
  const seen = streamed(listener).length;

  const answers = await Promise.all([1, 2].map(() => ask(listener, 'resume', { after })));

  expect(answers.map((answer) => answer.error?.code ?? 'told').toSorted()).toEqual(['CONFLICT', 'told']);
  expect(streamed(listener).length).toBe(seen * 2);
});

testFromInside('rights that change while somebody catches up are the new ones afterwards', async () => {
  const caller = await system.signIn('supervisor');
  const first = await system.listen(caller);
  const after = readyCursor(first);
  first.socket.disconnect();
  await happen();
  const reader = system.app.get(JournalReader, { strict: false });
  const read = reader.read.bind(reader);
  let demoted = false;
  jest.spyOn(reader, 'read').mockImplementation(async (cursor, limit, workspaceId) => {
    // The reading for one workspace is the catching up; it takes until the loss is known.
    if (workspaceId === 1 && !demoted) {
      demoted = true;
      await system.sql(
        `update users set role_id = (select id from roles where name = 'employer' and workspace_id = 1) where id = $1`,
        [caller.user.id],
      );
      const { sockets } = system.app.get(CrmGateway, { strict: false })['namespace'];
      const levels = (): string[] =>
        [...sockets.values()].map(({ data }) =>
          data.actor.userId === caller.user.id ? data.actor.level : '',
        );
      await eventually(() => levels().includes('employer'), { what: 'the loss' });
    }
    return await read(cursor, limit, workspaceId);
  });
  const listener = await system.listen(caller, { after });
  jest.restoreAllMocks();
  expect(listener.of('resync_required')).toHaveLength(1);

  await admin.patch(`/conversations/${conversationId}/assign`);
  await admin.patch(`/conversations/${conversationId}/read`);
  const witness = await system.listen(admin);
  await happen();
  await eventually(() => witness.of('conversation:unread').length === 1, { what: 'the witness' });
  await ask(listener, 'leave:conversation', { conversation_id: 1 });
  expect(listener.of('conversation:assigned')).toHaveLength(1);
  expect([...listener.of('conversation:read'), ...listener.of('conversation:unread').slice(1)]).toEqual([]);
});

test('a socket that ends in the middle of catching up leaves nothing behind', async () => {
  const after = readyCursor(await system.listen(admin));
  for (let i = 0; i < 5; i++) await happen();
  const socket = knock(system, { token: admin.token, after });
  await new Promise((connected) => socket.once('connect', () => connected(undefined)));
  socket.disconnect();
  const listener = await system.listen(admin, { after });
  expect(streamed(listener)).toHaveLength(5);
  listener.socket.disconnect();
  await closed(listener);
});
