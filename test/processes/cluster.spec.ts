import { io } from 'socket.io-client';
import { ask, closed, openConversation, streamed } from '../support/crm';
import { eventually } from '../support/eventually';
import { describeWithRedis, joinedBy } from '../support/redis';
import { type Caller, type Heard, type Listener, TestSystem } from '../support/system';

// Two processes that answer and two that work, behind a proxy. What a client may rely on at one server it may rely on
// here, whichever server it is at. `npm run test:cluster` sends all suites of /crm through the same.

/** Four processes at once take their time on a busy machine. */
const STARTING_MS = 120_000;

let system: TestSystem;
let admin: Caller;

/** Two sockets of different people, each at another server. */
async function apart(one: Caller, two: Caller): Promise<[Listener, Listener]> {
  const { websockets } = system.cluster.balancer;
  const listeners: [Listener, Listener] = [await system.listen(one), await system.listen(two)];
  const [here, there] = websockets.slice(-2);
  expect(here).not.toBe(there);
  return listeners;
}

const cursorOf = (listener: Listener): string => {
  const last = listener.heard.findLast((h) => h.meta !== undefined || h.event === 'stream:ready')!;
  return last.meta?.cursor ?? String(last.payload['cursor']);
};

/** Of a conversation, what cannot depend on the server: cursors are each server's own. */
const saidOf = (listener: Listener, id: number): unknown[] =>
  streamed(listener)
    .filter((h) => (h.payload['conversation_id'] ?? h.payload['id']) === id)
    .map(({ event, payload, meta }: Heard) => [event, payload, meta.id]);

const typers = (listener: Listener, id: number): string[] =>
  listener
    .of('typing')
    .filter((h) => h.payload['conversation_id'] === id)
    .map((h) => `${h.payload['typing'] === true ? '+' : '-'}${String(h.payload['user_id'])}`);

const presences = (listener: Listener, { user }: Caller): unknown[] =>
  listener
    .of('presence:changed')
    .filter((h) => h.payload['user_id'] === user.id)
    .map((h) => h.payload['status']);

const refusalOf = async (listener: Listener): Promise<string | undefined> =>
  (await ask(listener, 'leave:conversation', { conversation_id: 1 })).error?.code;

/** How many messages of one user are let in, when their two sockets at two servers take turns. */
async function letIn(): Promise<number> {
  const caller = await system.signIn('employer');
  const listeners = await apart(caller, caller);
  for (let n = 0; ; n++) if ((await refusalOf(listeners[n % 2]!)) === 'RATE_LIMITED') return n;
}

function everythingHolds(): void {
  test('both servers tell of the same, in the same order; a worker sends and both tell how far it came', async () => {
    const [ana, ben] = [await system.signIn('employer'), await system.signIn('supervisor')] as const;
    const [anas, bens] = await apart(ana, ben);
    const id = await openConversation(system);
    await ana.patch(`/conversations/${id}/assign`);
    await ana.post('/messages', { conversation_id: id, body: 'Hello' });
    await eventually(
      () =>
        [anas, bens].every((l) =>
          l
            .of('message:status_changed')
            .some((h) => h.payload['conversation_id'] === id && h.payload['whatsapp_status'] === 'read'),
        ),
      { what: 'read by the customer, at both' },
    );
    const events = saidOf(anas, id);
    expect(events.length).toBeGreaterThan(5);
    expect(saidOf(bens, id)).toEqual(events);
  });

  test('joins, typing and presence pass from one server to the other', async () => {
    const [ana, ben] = [await system.signIn('employer'), await system.signIn('employer')] as const;
    const [anas, bens] = await apart(ana, ben);
    const id = await openConversation(system);
    await ask(anas, 'join:conversation', { conversation_id: id });
    await ask(bens, 'typing:start', { conversation_id: id });
    await eventually(() => typers(anas, id).length === 1, { what: 'typing' });
    expect(await ask(anas, 'join:conversation', { conversation_id: id })).toMatchObject({
      typing: [{ user_id: ben.user.id }],
    });
    await ask(bens, 'typing:stop', { conversation_id: id });
    await eventually(() => typers(anas, id).length === 2, { what: 'the end of typing' });
    expect(typers(anas, id)).toEqual([`+${ben.user.id}`, `-${ben.user.id}`]);

    await ask(bens, 'presence:set', { status: 'busy' });
    await eventually(() => presences(anas, ben).at(-1) === 'busy', { what: 'the chosen status' });
    expect(presences(anas, ben)).toEqual(['online', 'busy']);
    const { data } = await ask<{ data: { user_id: number; status: string }[] }>(anas, 'presence:list');
    expect(data.find(({ user_id }) => user_id === ben.user.id)).toMatchObject({ status: 'busy' });
  });

  test('who comes back to the other server hears what was missed, once and in order', async () => {
    const caller = await system.signIn('supervisor');
    const [first, witness] = await apart(caller, admin);
    const id = await openConversation(system);
    await eventually(() => saidOf(first, id).length === 2, { what: 'the first message' });
    const left = system.cluster.balancer.websockets.at(-2);
    const after = cursorOf(first);
    first.socket.disconnect();
    for (const priority of ['high', 'low', 'urgent', 'normal'])
      await admin.patch(`/conversations/${id}`, { priority });
    await eventually(() => saidOf(witness, id).length === 6, { what: 'all of it at the witness' });
    const { websockets } = system.cluster.balancer;
    let back = await system.listen(caller, { after });
    if (websockets.at(-1) === left) back = await system.listen(caller, { after });
    expect(websockets.at(-1)).not.toBe(left);
    expect(saidOf(back, id)).toEqual(saidOf(witness, id).slice(2));
  });

  test('who signs out at one server is out of their sockets at both within 2 s', async () => {
    const caller = await system.signIn('employer');
    const listeners = await apart(caller, caller);
    await caller.post('/auth/logout');
    await Promise.all(listeners.map((listener) => closed(listener, 2_000)));
    for (const listener of listeners)
      expect(listener.of('system:error').map((h) => h.payload['code'])).toEqual(['UNAUTHENTICATED']);
  });
}

async function start(kind: 'plain' | 'redis'): Promise<void> {
  system = await TestSystem.start({
    cluster: kind,
    simulator: { statusDelaysMs: { sent: 2, delivered: 6, read: 12 } },
  });
  admin = await system.signIn('admin');
}

describeWithRedis('several servers that share a Redis')('several processes with Redis', () => {
  beforeAll(() => start('redis'), STARTING_MS);
  afterAll(() => system.stop());

  everythingHolds();

  test('socket messages count together', async () => {
    expect(await letIn()).toBe(30);
  });

  describe('while Redis is dead', () => {
    beforeAll(() => system.cluster.redis!.stop());

    everythingHolds();

    test('socket messages are counted by each server for itself', async () => {
      expect(await letIn()).toBe(60);
    });
  });

  describe('when Redis is back', () => {
    beforeAll(async () => {
      system.cluster.redis!.startAgain();
      await joinedBy(system.cluster.redis!, 2);
    });

    everythingHolds();

    test('socket messages count together again', async () => {
      expect(await letIn()).toBe(30);
    });
  });
});

describe('several processes without Redis', () => {
  beforeAll(() => start('plain'), STARTING_MS);
  afterAll(() => system.stop());

  everythingHolds();

  test('socket messages are counted by each server for itself', async () => {
    expect(await letIn()).toBe(60);
  });

  test('long polling works where the proxy brings a session back to its server, and nowhere else', async () => {
    const { balancer } = system.cluster;
    const caller = await system.signIn('supervisor');
    const listener = await system.listen(caller, { transport: 'polling' });
    const id = await openConversation(system);
    await eventually(() => saidOf(listener, id).length === 2, { what: 'the events' });
    expect(await refusalOf(listener)).toBeUndefined();
    listener.socket.disconnect();

    balancer.sticky = false;
    await expect(system.listen(caller, { transport: 'polling' })).rejects.toThrow(/error|disconnected/);
    balancer.sticky = true;
  });

  test('a server that is killed: its clients go on at the other one and miss nothing, and its users stay online', async () => {
    const { balancer } = system.cluster;
    const caller = await system.signIn('supervisor');
    const watcher = await system.listen(admin);
    const heard: number[] = [];
    let cursor: string | undefined;
    let connections = 0;
    const socket = io(`${system.url}/crm`, {
      auth: (send) => send({ token: caller.token, after: cursor }),
      transports: ['websocket'],
      forceNew: true,
      reconnectionDelay: 100,
    });
    socket.on('stream:ready', (ready: { cursor: string }) => {
      ({ cursor } = ready);
      connections++;
    });
    socket.onAny((_event: string, _payload: unknown, meta?: Heard['meta']) => {
      if (meta === undefined) return;
      ({ cursor } = meta);
      heard.push(meta.id);
    });
    await eventually(() => connections === 1, { what: 'the connection' });
    const dying = balancer.websockets.at(-1)!;
    const before = await openConversation(system);

    await system.cluster.killApi(dying);
    const after = await openConversation(system);
    await admin.patch(`/conversations/${before}`, { priority: 'high' });

    await eventually(() => connections === 2, { what: 'the connection to the other server' });
    const last = await openConversation(system);
    const rows = await system.sql<{ id: string }>(
      'select id from event where conversation_id = any ($1) order by id',
      [[before, after, last]],
    );
    await eventually(() => heard.length >= rows.length, { what: 'all events' });
    expect(heard).toEqual(rows.map((row) => Number(row.id)));
    expect(presences(watcher, caller)).toEqual(['online']);
    socket.disconnect();

    await system.cluster.startApiAgain(dying);
    await apart(caller, caller);
  });

  test('a worker that is killed: the other one sends', async () => {
    await system.cluster.killWorker(0);
    const id = await openConversation(system);
    const { body } = await admin.post<{ id: number }>('/messages', {
      conversation_id: id,
      body: 'Still here',
    });
    await eventually(
      async () => (await admin.get(`/messages/${body.id}`)).body['whatsapp_status'] === 'read',
      { what: 'the message read' },
    );
  });
});
