import { testFromInside, testOfSharedLimits } from '../support/cluster';
import { ask, closed, knock, membersOf, openConversation, streamed, withoutPresence } from '../support/crm';
import { eventually } from '../support/eventually';
import { type Caller, type Listener, TestSystem } from '../support/system';

const RIGHT_AWAY = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/;

let system: TestSystem;
let admin: Caller;
let conversationId: number;

beforeAll(async () => {
  system = await TestSystem.start();
  admin = await system.signIn('admin');
  conversationId = await openConversation(system);
});
afterAll(() => system.stop());

/** A packet as the client itself would not write it. */
function writePacket({ socket }: Listener, packet: string): void {
  (socket.io as unknown as { engine: { write: (text: string) => void } }).engine.write(packet);
}

/** A fresh user for each test that sends much: 30 messages a minute are a user's share. */
const freshListener = async (): Promise<Listener> => system.listen(await system.signIn('employer'));

testFromInside('joining and leaving a room is acknowledged and announced, with the time', async () => {
  const listener = await system.listen(admin);

  const joined = await ask(listener, 'join:conversation', { conversation_id: conversationId });
  expect(joined).toEqual({
    conversation_id: conversationId,
    timestamp: expect.stringMatching(RIGHT_AWAY),
    typing: [],
  });
  expect(listener.of('joined_conversation').map((h) => h.payload)).toEqual([joined]);
  expect(membersOf(system, conversationId)).toEqual([listener.socket.id]);

  const left = await ask(listener, 'leave:conversation', { conversation_id: conversationId });
  expect(left).toEqual({ conversation_id: conversationId, timestamp: expect.stringMatching(RIGHT_AWAY) });
  expect(listener.of('left_conversation').map((h) => h.payload)).toEqual([left]);
  expect(membersOf(system, conversationId)).toEqual([]);
});

test('every socket of a user hears everything, and one that ends takes nothing from the others', async () => {
  const caller = await system.signIn('employer');
  const listeners = await Promise.all([1, 2, 3].map(() => system.listen(caller)));
  listeners[0]!.socket.disconnect();

  await admin.patch(`/conversations/${conversationId}/unread`);

  await eventually(() => listeners.slice(1).every((l) => l.of('conversation:unread').length === 1), {
    what: 'the event on both',
  });
  expect(streamed(listeners[0]!)).toEqual([]);
  const [one, two] = listeners.slice(1).map((l) => l.of('conversation:unread')[0]);
  expect(one).toEqual(two);
  expect(one!.meta).toEqual({
    id: expect.any(Number),
    cursor: expect.any(String),
    occurred_at: expect.stringMatching(RIGHT_AWAY),
  });
});

testFromInside('a socket that ends leaves its rooms', async () => {
  const listener = await system.listen(admin);
  await ask(listener, 'join:conversation', { conversation_id: conversationId });
  listener.socket.disconnect();
  await eventually(() => membersOf(system, conversationId).length === 0, { what: 'an empty room' });
});

describe('a payload that is none', () => {
  const bad: [string, unknown[]][] = [
    ['nothing', []],
    ['null', [null]],
    ['a number', [1]],
    ['a text', ['1']],
    ['true', [true]],
    ['an array', [[{ conversation_id: 1 }]]],
    ['two arguments', [{ conversation_id: 1 }, { conversation_id: 1 }]],
    ['an empty object', [{}]],
    ['a field too many', [{ conversation_id: 1, after: '1:1:', admin: true }]],
    ['__proto__', [JSON.parse('{"__proto__":{"conversation_id":1,"after":"1:1:"}}')]],
    ['bytes', [Buffer.from('conversation_id')]],
  ];
  const badFields = [null, '1', 0, -1, 1.5, 1e300, [], [1], {}, true, Buffer.from('1')];

  test.each(['join:conversation', 'leave:conversation', 'resume'])('%s', async (message) => {
    const listener = await freshListener();
    for (const [what, payload] of bad) {
      const { error } = await ask(listener, message, ...payload);
      expect([what, error?.code]).toEqual([what, 'VALIDATION_FAILED']);
    }
    for (const value of badFields) {
      const { error } = await ask(
        listener,
        message,
        message === 'resume' ? { after: value } : { conversation_id: value },
      );
      expect([message, value, error?.statusCode]).toEqual([message, value, 400]);
    }
    expect(({} as Record<string, unknown>)['conversation_id']).toBeUndefined();
    expect(listener.socket.connected).toBe(true);
    await admin.patch(`/conversations/${conversationId}/unread`);
    await eventually(() => listener.of('conversation:unread').length > 0, { what: 'events, as before' });
  });

  test('nested 30,000 deep is refused like any other', async () => {
    const listener = await freshListener();
    const deep = '['.repeat(30_000) + ']'.repeat(30_000);
    writePacket(listener, `2/crm,["join:conversation",{"conversation_id":${deep}}]`);
    await eventually(() => listener.of('system:error').length === 1, { what: 'system:error' });
    expect(listener.of('system:error')[0]!.payload['statusCode']).toBe(400);
    writePacket(listener, `2/crm,["join:conversation",${deep}]`);
    await eventually(() => listener.of('system:error').length === 2, { what: 'system:error' });
    expect(listener.of('system:error')[1]!.payload['statusCode']).toBe(400);
  });

  test('tells which field is wrong, as over HTTP, and without an acknowledgement as system:error', async () => {
    const listener = await freshListener();
    listener.socket.emit('join:conversation', { conversation_id: 'x' });
    await eventually(() => listener.of('system:error').length === 1, { what: 'system:error' });
    expect(listener.of('system:error')[0]!.payload).toEqual({
      statusCode: 400,
      code: 'VALIDATION_FAILED',
      message: expect.any(String),
      details: expect.arrayContaining([{ field: 'conversation_id', problem: expect.any(String) }]),
    });
  });
});

test('unknown messages are ignored', async () => {
  const listener = await freshListener();
  const { socket } = listener;
  for (const name of [
    'message:new',
    'stream:ready',
    'join',
    'toString',
    '__proto__',
    'constructor',
    'handleConnection',
  ])
    socket.emit(name, { conversation_id: conversationId });
  expect((await ask(listener, 'leave:conversation', { conversation_id: 1 })).error).toBeUndefined();
  expect(withoutPresence(listener).map((h) => h.event)).toEqual(['stream:ready', 'left_conversation']);
});

test('a packet of more than 64 KB ends its socket and no other', async () => {
  const [victim, neighbour] = [await freshListener(), await freshListener()] as const;
  victim.socket.emit('join:conversation', { conversation_id: 'x'.repeat(64 * 1024) });
  await closed(victim);
  expect((await ask(neighbour, 'leave:conversation', { conversation_id: 1 })).error).toBeUndefined();
});

test('packets that are no packets end their socket and no other', async () => {
  const neighbour = await freshListener();
  for (const packet of [
    '2/crm,{"no":"array"}',
    '2/crm,[1',
    '9/crm,[]',
    '51-/crm,["resume",{"_placeholder":true,"num":9}]',
    '51000000-/crm,["x"]',
    '2/crm,["newListener",1]',
  ]) {
    const listener = await freshListener();
    writePacket(listener, packet);
    await eventually(
      async () =>
        listener.socket.disconnected ||
        (await ask(listener, 'leave:conversation', { conversation_id: 1 })).error === undefined,
      { what: `an end or a normal answer after ${packet}` },
    );
  }
  expect((await ask(neighbour, 'leave:conversation', { conversation_id: 1 })).error).toBeUndefined();
});

test('a namespace that does not exist lets nobody in', async () => {
  for (const name of ['/admin', '/crm/', '/CRM']) {
    const socket = knock(system, { token: admin.token }).io.socket(name, { auth: { token: admin.token } });
    const connected = await new Promise<boolean>((result) => {
      socket.once('connect', () => result(true));
      socket.once('connect_error', () => result(false));
      socket.connect();
    });
    expect([name, connected]).toEqual([name, false]);
    socket.io.engine.close();
  }
});

testOfSharedLimits(
  'the 31st message of a user in a minute is refused, over all their sockets, whoever else may go on',
  async () => {
    const caller = await system.signIn('employer');
    const listeners = [await system.listen(caller), await system.listen(caller)] as const;
    const codes: (string | undefined)[] = [];
    for (let i = 0; i < 30; i++) {
      const payload = i % 3 === 0 ? { conversation_id: 'bad' } : { conversation_id: 1 };
      codes.push((await ask(listeners[i % 2]!, 'leave:conversation', payload)).error?.code);
    }
    expect(codes).not.toContain('RATE_LIMITED');

    const refused = await ask(listeners[0], 'leave:conversation', { conversation_id: 1 });
    listeners[1].socket.emit('leave:conversation', { conversation_id: 1 });

    expect(refused.error).toEqual({
      statusCode: 429,
      code: 'RATE_LIMITED',
      message: expect.any(String),
      details: { retry_after: expect.any(Number) },
    });
    await eventually(
      () => listeners[1].of('system:error').some((h) => h.payload['code'] === 'RATE_LIMITED'),
      {
        what: 'system:error',
      },
    );
    const another = await freshListener();
    expect((await ask(another, 'leave:conversation', { conversation_id: 1 })).error).toBeUndefined();
    await admin.patch(`/conversations/${conversationId}/unread`);
    await eventually(() => listeners.every((l) => l.of('conversation:unread').length > 0), {
      what: 'events for those who may not send',
    });
  },
);

test('before the server stops, each socket hears when to come back', async () => {
  const server = await system.startAnother();
  const listener = await server.listen(admin);
  await server.app.close();
  expect(listener.of('system:notification').map((h) => h.payload)).toEqual([
    { kind: 'restarting', reconnect_after_ms: expect.any(Number) },
  ]);
});
