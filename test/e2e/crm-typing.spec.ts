import { setTimeout as delay } from 'node:timers/promises';
import { Typing } from '../../src/crm-gateway/typing.service';
import { Broadcast } from '../../src/platform/events/broadcast';
import { ask, openConversation, secondWorkspace } from '../support/crm';
import { eventually } from '../support/eventually';
import { type Caller, type Listener, TestSystem } from '../support/system';

let system: TestSystem;
let other: TestSystem;
let admin: Caller;
let watcher: Listener;
let conversationId: number;

beforeAll(async () => {
  system = await TestSystem.start();
  other = await system.secondServer();
  admin = await system.signIn('admin');
  watcher = await other.listen(admin);
});
afterAll(() => system.stop());
beforeEach(async () => {
  conversationId = await openConversation(system);
});

/** What a listener was told of who types in this test's conversation: `+7` and `-7` of user 7. */
function told(listener: Listener): string[] {
  return listener
    .of('typing')
    .filter((h) => h.payload['conversation_id'] === conversationId)
    .map((h) => `${h.payload['typing'] === true ? '+' : '-'}${String(h.payload['user_id'])}`);
}

async function hears(listener: Listener, expected: string[], timeoutMs = 2_000): Promise<void> {
  await eventually(() => told(listener).length >= expected.length, {
    timeoutMs,
    what: expected.join(' '),
  });
  expect(told(listener)).toEqual(expected);
}

const start = (listener: Listener): Promise<{ error?: { code: string } }> =>
  ask(listener, 'typing:start', { conversation_id: conversationId });
const stop = (listener: Listener): Promise<unknown> =>
  ask(listener, 'typing:stop', { conversation_id: conversationId });

let markers = 0;

/** Nothing that was said before can still be on its way to the listener: what is told last has come. */
async function settled(listener: Listener): Promise<void> {
  const marker = 1_000_000 + ++markers;
  for (const server of [system, other])
    server.app.get(Broadcast, { strict: false }).send('typing', {
      process: 'a test',
      writing: { workspaceId: 1, conversationId: marker, user_id: marker, name: 'Marker' },
      to: { audience: null, asOf: new Date().toISOString() },
    });
  await eventually(() => listener.of('typing').some((h) => h.payload['conversation_id'] === marker), {
    what: 'the marker',
  });
}

test('others hear once that somebody begins and once that they stop, on every server; the agent’s own devices do not', async () => {
  const agent = await system.signIn('employer');
  const [here, there] = [await system.listen(agent), await other.listen(agent)] as const;
  const neighbour = await system.listen(await system.signIn('employer'));
  expect(await start(here)).toEqual({ conversation_id: conversationId });
  await start(here);
  await hears(watcher, [`+${agent.user.id}`]);
  expect(watcher.of('typing').at(-1)!.payload).toEqual({
    conversation_id: conversationId,
    user_id: agent.user.id,
    name: agent.user.username,
    typing: true,
  });
  await stop(here);
  await hears(watcher, [`+${agent.user.id}`, `-${agent.user.id}`]);
  await hears(neighbour, [`+${agent.user.id}`, `-${agent.user.id}`]);
  await stop(here);
  await settled(there);
  expect([told(watcher).length, told(here), told(there)]).toEqual([2, [], []]);
});

test('whoever says nothing for 3 s has stopped; whoever goes on has not, however long', async () => {
  const agents = [await system.signIn('employer'), await system.signIn('employer')] as const;
  const listeners = [await system.listen(agents[0]), await system.listen(agents[1])] as const;
  const began = performance.now();
  await start(listeners[0]);
  for (let second = 0; second < 6; second++) {
    await start(listeners[1]);
    await delay(1_000);
  }
  const own = (id: number): string[] => told(watcher).filter((one) => one.slice(1) === String(id));
  expect(own(agents[0].user.id)).toEqual([`+${agents[0].user.id}`, `-${agents[0].user.id}`]);
  expect(own(agents[1].user.id)).toEqual([`+${agents[1].user.id}`]);
  await eventually(() => own(agents[1].user.id).length === 2, { timeoutMs: 4_000, what: 'the end' });
  expect(performance.now() - began).toBeGreaterThan(7_500);
});

test('of several devices of an agent the last one counts', async () => {
  const agent = await system.signIn('employer');
  const devices = [
    await system.listen(agent),
    await system.listen(agent),
    await other.listen(agent),
  ] as const;
  await Promise.all(devices.map(start));
  await hears(watcher, [`+${agent.user.id}`]);
  await stop(devices[0]);
  await stop(devices[1]);
  await settled(watcher);
  expect(told(watcher)).toEqual([`+${agent.user.id}`]);
  await stop(devices[2]);
  await hears(watcher, [`+${agent.user.id}`, `-${agent.user.id}`]);
});

test('a socket that ends types no more', async () => {
  const agent = await system.signIn('employer');
  const listener = await system.listen(agent);
  await start(listener);
  await hears(watcher, [`+${agent.user.id}`]);
  listener.socket.disconnect();
  await hears(watcher, [`+${agent.user.id}`, `-${agent.user.id}`], 1_000);
});

test('a server that stops takes those who type there with it', async () => {
  const server = await system.startAnother();
  const agent = await system.signIn('employer');
  await start(await server.listen(agent));
  await hears(watcher, [`+${agent.user.id}`]);
  await server.close();
  await hears(watcher, [`+${agent.user.id}`, `-${agent.user.id}`], 1_500);
});

test('whoever joins later is told who types, without themselves', async () => {
  const [agent, late] = [await system.signIn('employer'), await system.signIn('employer')] as const;
  const typist = await system.listen(agent);
  await start(typist);
  const listener = await other.listen(late);
  await start(listener);
  await hears(watcher, [`+${agent.user.id}`, `+${late.user.id}`]);
  const answer = await ask(listener, 'join:conversation', { conversation_id: conversationId });
  expect(answer).toMatchObject({ typing: [{ user_id: agent.user.id, name: agent.user.username }] });
  expect(listener.of('joined_conversation')[0]!.payload).toEqual(answer);
  const elsewhere = await openConversation(system);
  expect(await ask(listener, 'join:conversation', { conversation_id: elsewhere })).toMatchObject({
    typing: [],
  });
});

describe('who may not see the conversation', () => {
  test('hears nothing, and cannot type in it', async () => {
    const owner = await system.signIn('employer');
    const stranger = await system.listen(await system.signIn('employer'));
    const supervisor = await system.listen(await system.signIn('supervisor'));
    const theirs = await secondWorkspace(system, `rivals-${conversationId}`);
    const rival = await system.listen(theirs.admin);
    await admin.patch(`/conversations/${conversationId}/assign`, { assigned_user: owner.user.id });
    await eventually(() => stranger.of('conversation:assigned').length > 0, { what: 'the change of hands' });
    const typist = await other.listen(owner);
    await start(typist);
    await hears(supervisor, [`+${owner.user.id}`]);
    await settled(stranger);
    expect([told(stranger), told(rival)]).toEqual([[], []]);

    expect((await start(stranger)).error).toMatchObject({ code: 'NOT_FOUND' });
    expect((await start(rival)).error).toMatchObject({ code: 'NOT_FOUND' });
    await stop(stranger);
    await settled(supervisor);
    expect(told(supervisor)).toEqual([`+${owner.user.id}`]);
  });

  test('any more is told that typing ended before it changes hands, and nothing after it', async () => {
    const [first, second] = [await system.signIn('employer'), await system.signIn('employer')] as const;
    const loser = await system.listen(first);
    await admin.patch(`/conversations/${conversationId}/assign`, { assigned_user: first.user.id });
    const typist = await other.listen(admin);
    await start(typist);
    await hears(loser, [`+${admin.user.id}`]);
    const supervisor = await system.listen(await system.signIn('supervisor'));

    await admin.patch(`/conversations/${conversationId}/assign`, { assigned_user: second.user.id });
    await eventually(
      () => loser.of('conversation:assigned').some((h) => h.payload['assigned_user'] === second.user.id),
      {
        what: 'the loss',
      },
    );
    await start(typist);
    await hears(supervisor, [`-${admin.user.id}`, `+${admin.user.id}`]);
    await settled(loser);

    expect(told(loser)).toEqual([`+${admin.user.id}`, `-${admin.user.id}`]);
    const ended = loser.heard.findIndex(
      ({ event, payload }) =>
        event === 'typing' && payload['user_id'] === admin.user.id && payload['typing'] === false,
    );
    const lost = loser.heard.findIndex(
      ({ event, payload }) =>
        event === 'conversation:assigned' && payload['assigned_user'] === second.user.id,
    );
    expect([ended > -1, ended < lost]).toEqual([true, true]);
  });

  test('hears nothing of one who looked before it changed hands and is announced only afterwards', async () => {
    const [first, second] = [await system.signIn('employer'), await system.signIn('employer')] as const;
    const loser = await system.listen(first);
    const { body } = await admin.patch(`/conversations/${conversationId}/assign`, {
      assigned_user: first.user.id,
    });
    await admin.patch(`/conversations/${conversationId}/assign`, { assigned_user: second.user.id });
    await eventually(
      () => loser.of('conversation:assigned').some((h) => h.payload['assigned_user'] === second.user.id),
      {
        what: 'the loss',
      },
    );
    system.app.get(Broadcast, { strict: false }).send('typing', {
      process: 'a slow server',
      writing: { workspaceId: 1, conversationId, user_id: admin.user.id, name: 'Admin' },
      to: { audience: [first.user.id], asOf: body['updated_at'] },
    });
    await settled(loser);
    expect(told(loser)).toEqual([]);
    expect(system.app.get(Typing, { strict: false }).typersOf(actorLike(second), conversationId)).toEqual([]);
  });
});

const actorLike = ({ user }: Caller): Parameters<Typing['typersOf']>[0] =>
  ({ workspaceId: 1, userId: user.id }) as Parameters<Typing['typersOf']>[0];

test.each([
  ['nothing', undefined],
  ['null', null],
  ['an id that is none', { conversation_id: '1' }],
  ['no id', { conversation_id: 0 }],
  ['a field too many', { conversation_id: 1, user_id: 1 }],
  ['an array', [1]],
])('a payload that is none is refused: %s', async (_, payload) => {
  const listener = await system.listen(await system.signIn('employer'));
  for (const message of ['typing:start', 'typing:stop']) {
    const answer = await ask(listener, message, ...(payload === undefined ? [] : [payload]));
    expect(answer.error).toMatchObject({ statusCode: 400, code: 'VALIDATION_FAILED' });
  }
});
