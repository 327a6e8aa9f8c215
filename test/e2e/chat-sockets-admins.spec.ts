import { AnalyticsCounter } from '../../src/analytics/analytics-counter.service';
import { ChatDashboard } from '../../src/chat-gateway/chat-dashboard.service';
import { clientId, openChat } from '../support/chat';
import {
  askChat,
  type ChatListener,
  enterChat,
  hangUp,
  hears,
  newConversation,
  says,
} from '../support/chat-socket';
import { openConversation } from '../support/crm';
import { eventually } from '../support/eventually';
import { latch } from '../support/jobs';
import { type Caller, TestSystem } from '../support/system';

let system: TestSystem;
let agent: Caller;
let supervisor: Caller;

beforeAll(async () => {
  system = await TestSystem.start();
  agent = await system.signIn('employer');
  supervisor = await system.signIn('supervisor');
});
afterEach(() => {
  jest.restoreAllMocks();
  hangUp();
});
afterAll(() => system.stop());

const ROOMS = ['admin_dashboard', 'admin_notifications'];

/** A socket of staff in the admins' rooms. */
async function inRooms(caller: Caller, rooms = ROOMS, server = system): Promise<ChatListener> {
  const listener = await enterChat(server, caller, { auth: { role: 'admin' } });
  expect(await askChat(listener, 'join_admin_rooms', { rooms })).toEqual({
    status: 'success',
    data: { rooms },
  });
  return listener;
}

/** A conversation that an employer who is not asked sees no more. */
async function assignedTo(owner: Caller, text?: string) {
  const made = await newConversation(system, {}, text);
  expect((await owner.patch(`/conversations/${made.conversationId}/assign`)).status).toBe(200);
  return made;
}

test('join_admin_rooms: who joined admin_notifications hears of every user who writes, as far as they may see it', async () => {
  const [employer, overseer] = [await inRooms(agent), await inRooms(supervisor)];
  const unsubscribed = await inRooms(agent, ['admin_dashboard']);
  const mine = await assignedTo(agent);
  const theirs = await assignedTo(supervisor);
  await says(mine.user, 'for the employer');
  await says(theirs.user, 'for the supervisor');
  await hears(overseer, 'new-user-message', 4);
  const contents = ({ of }: ChatListener) => of('new-user-message').map((m) => m['content']);
  expect(contents(overseer)).toEqual([
    'I need help',
    'I need help',
    'for the employer',
    'for the supervisor',
  ]);
  expect(contents(employer)).toEqual(['I need help', 'I need help', 'for the employer']);
  expect(overseer.of('new-user-message')[2]).toMatchObject({
    conversation_id: mine.conversationId,
    sender_role: 'user',
    sender_identifier: mine.user.uuid,
  });
  // Nobody has joined a conversation, so nobody hears more of them.
  for (const listener of [employer, overseer, unsubscribed]) expect(listener.of('new_message')).toEqual([]);
  expect(unsubscribed.of('new-user-message')).toEqual([]);
});

test.each([
  ['no rooms', { rooms: [] }],
  ['a room that is none', { rooms: ['admin_secrets'] }],
  ['the room of a conversation', { rooms: ['w1:conversation_1'] }],
  ['a room twice', { rooms: ['admin_dashboard', 'admin_dashboard'] }],
  ['no list', { rooms: 'admin_dashboard' }],
  ['nothing', {}],
])('join_admin_rooms with %s is refused', async (_, payload) => {
  const listener = await enterChat(system, agent);
  expect(await askChat(listener, 'join_admin_rooms', payload)).toMatchObject({
    status: 'error',
    error_code: 'VALIDATION_FAILED',
  });
});

test('admin_new_conversation: staff hear who opened it and what they say', async () => {
  const listener = await enterChat(system, agent);
  const user = await openChat(system, { user_id: 456, account_name: 'Jane Doe' });
  const { status, body } = await user.post<{ data: { conversation: { id: number } } }>(
    '/api/chat/conversations',
    {
      subject: 'Subscription',
      priority: 'high',
      message: "I'm having trouble with my subscription",
    },
  );
  expect(status).toBe(201);
  expect(await hears(listener, 'admin_new_conversation')).toEqual([
    {
      conversation_id: expect.any(Number),
      user_info: { id: 456, username: null, account_name: 'Jane Doe', status: 2 },
      subject: 'Subscription',
      initial_message: "I'm having trouble with my subscription",
      created_at: expect.any(String),
      priority: 'high',
    },
  ]);
  expect(JSON.stringify(body)).toContain(
    String(listener.of('admin_new_conversation')[0]!['conversation_id']),
  );
});

test('admin_conversation_assigned: only whoever it is given to hears it, with its tags, its note and by whom', async () => {
  const colleague = await system.signIn('employer');
  const listeners = [await enterChat(system, agent), await enterChat(system, colleague)] as const;
  const { user, conversationId } = await newConversation(system, {
    user_id: 123,
    account_name: 'John Smith',
  });
  await agent.put(`/conversations/${conversationId}/tags`, { tags: ['billing', 'urgent'] });
  await agent.patch(`/conversations/${conversationId}`, { priority: 'high' });
  const assigned = await supervisor.put(`/admin/chat/conversations/${conversationId}/assign`, {
    admin_id: agent.user.id,
    notes: 'Customer billing issue - priority handling required',
  });
  expect(assigned.status).toBe(200);
  expect(await hears(listeners[0], 'admin_conversation_assigned')).toEqual([
    {
      conversation_id: conversationId,
      user_info: { id: 123, username: null, account_name: 'John Smith', status: 2 },
      priority: 'high',
      tags: ['billing', 'urgent'],
      assigned_by: supervisor.user.username,
      notes: 'Customer billing issue - priority handling required',
    },
  ]);
  // What was written for the one is not for the next.
  await supervisor.patch(`/conversations/${conversationId}/assign`, { assigned_user: colleague.user.id });
  expect(await hears(listeners[1], 'admin_conversation_assigned')).toMatchObject([{ notes: null }]);
  expect(listeners[0].of('admin_conversation_assigned')).toHaveLength(1);
  const theirs = await enterChat(system, user);
  expect(JSON.stringify(theirs.heard)).not.toContain('billing');
});

test('admin_dashboard_update: the numbers of what one may see, at once and where they change', async () => {
  const [employer, overseer] = [
    await inRooms(agent, ['admin_dashboard']),
    await inRooms(supervisor, ['admin_dashboard']),
  ];
  const before = (await hears(employer, 'admin_dashboard_update'))[0]!;
  expect(before).toEqual({
    total_active: expect.any(Number),
    total_unread: expect.any(Number),
    assigned_to_me: expect.any(Number),
    unassigned: expect.any(Number),
    avg_response_time: before['avg_response_time'],
  });
  const overall = (await hears(overseer, 'admin_dashboard_update'))[0]!;
  const { conversationId } = await newConversation(system);
  await agent.patch(`/conversations/${conversationId}/assign`);
  await assignedTo(supervisor);
  const latest = ({ of }: ChatListener) => of('admin_dashboard_update').at(-1)!;
  const plus = (one: Record<string, unknown>, key: string, more: number) => Number(one[key]) + more;
  await eventually(() => latest(overseer)['total_active'] === plus(overall, 'total_active', 2));
  await eventually(() => latest(employer)['total_active'] === plus(before, 'total_active', 1));
  expect(latest(employer)['assigned_to_me']).toBe(plus(before, 'assigned_to_me', 1));
  expect(latest(overseer)['assigned_to_me']).toBe(plus(overall, 'assigned_to_me', 1));
  await agent.post('/messages', { conversation_id: conversationId, body: 'an answer' });
  // Response times are counted by a consumer of the journal of its own, which may be late.
  await eventually(() => /^\d+\.\d minutes$/.test(String(latest(overseer)['avg_response_time'])), {
    what: 'an average',
  });
  // Never more than one a second.
  const counted = overseer.of('admin_dashboard_update').length;
  await Promise.all(Array.from({ length: 20 }, () => newConversation(system)));
  await eventually(() => Number(latest(overseer)['total_active']) >= plus(overall, 'total_active', 22));
  expect(overseer.of('admin_dashboard_update').length - counted).toBeLessThan(15);
});

test('admin_dashboard_update: an average that is counted after all else was told is told, too', async () => {
  const { conversationId } = await assignedTo(agent);
  const overseer = await inRooms(supervisor, ['admin_dashboard']);
  const counter = system.app.get(AnalyticsCounter, { strict: false });
  const count = counter.handle.bind(counter);
  const hold = latch();
  jest.spyOn(counter, 'handle').mockImplementation(async (...given) => {
    await hold.opened;
    return await count(...given);
  });
  const dashboard = system.app.get(ChatDashboard, { strict: false });
  const told = jest.spyOn(dashboard, 'tellAll' as never);
  const before = overseer.of('admin_dashboard_update').length;
  await system.sql(
    `update message set created_at = created_at - interval '1 hour' where conversation_id = $1`,
    [conversationId],
  );
  await agent.post('/messages', { conversation_id: conversationId, body: 'an answer' });
  await eventually(() => told.mock.results.length > 0, { what: 'a look at the numbers' });
  await Promise.all(told.mock.results.map(({ value }) => value as Promise<void>));
  expect(overseer.of('admin_dashboard_update')).toHaveLength(before);
  hold.open();
  await eventually(() => overseer.of('admin_dashboard_update').length > before, { what: 'the average' });
});

describe('who loses a conversation', () => {
  test('hears nothing of it from then on, and cannot come back; the supervisor stays', async () => {
    const { user, conversationId } = await assignedTo(agent);
    const [loser, overseer] = [await inRooms(agent), await inRooms(supervisor)];
    for (const listener of [loser, overseer])
      await askChat(listener, 'join_conversation', { conversation_id: conversationId });
    await says(user, 'before');
    await hears(loser, 'new_message');
    await supervisor.patch(`/conversations/${conversationId}/assign`);
    await says(user, 'after');
    await hears(overseer, 'new_message', 2);
    const theirs = await enterChat(system, user);
    await askChat(theirs, 'typing_start', { conversation_id: conversationId });
    await hears(overseer, 'typing_indicator');
    expect(await askChat(loser, 'join_conversation', { conversation_id: conversationId })).toMatchObject({
      message: 'Conversation not found',
      error_code: 'NOT_FOUND',
    });
    expect(loser.of('new_message').map((m) => m['content'])).toEqual(['before']);
    expect(loser.of('new-user-message').map((m) => m['content'])).toEqual(['before']);
    expect(loser.of('typing_indicator')).toEqual([]);
  });

  test('by a lost role is out of its room and its notifications within 2 s', async () => {
    const falling = await system.signIn('supervisor');
    const { user, conversationId } = await assignedTo(supervisor);
    const [listener, witness] = [await inRooms(falling), await inRooms(supervisor)];
    for (const one of [listener, witness])
      await askChat(one, 'join_conversation', { conversation_id: conversationId });
    await says(user, 'before');
    await hears(listener, 'new_message');
    await system.sql(
      `update users set role_id = (select id from roles where name = 'employer' and workspace_id = 1) where id = $1`,
      [falling.user.id],
    );
    const began = performance.now();
    let said = 0;
    await eventually(async () => {
      const content = `again ${++said}`;
      await says(user, content);
      await eventually(() => witness.of('new_message').some((m) => m['content'] === content));
      // Its copy would have left in the same step as the witness's: before this answer.
      await askChat(listener, 'leave_conversation', { conversation_id: 999_999 });
      return listener.of('new_message').every((m) => m['content'] !== content);
    });
    expect(performance.now() - began).toBeLessThan(2_500);
    const notified = listener.of('new-user-message').length;
    await says(user, 'after');
    await eventually(() => witness.of('new_message').some((m) => m['content'] === 'after'));
    await askChat(listener, 'leave_conversation', { conversation_id: 999_999 });
    expect(listener.of('new-user-message')).toHaveLength(notified);
  });
});

test('another workspace hears, joins and changes nothing', async () => {
  const { id } = await system.createWorkspace('elsewhere');
  const foreign = await inRooms(await system.signIn('admin', { workspaceId: id }));
  const ours = await inRooms(supervisor);
  const { user, conversationId } = await newConversation(system);
  await hears(ours, 'new-user-message');
  for (const [event, payload] of [
    ['join_conversation', { conversation_id: conversationId }],
    ['join-chat', { conversationId }],
    ['send_message', { conversation_id: conversationId, content: 'x' }],
    ['send-chat-message', { conversationId, message: 'x' }],
    ['typing_start', { conversation_id: conversationId }],
    ['typing-start', { conversationId }],
    ['typing_stop', { conversation_id: conversationId }],
    ['typing-stop', { conversationId }],
    ['mark_messages_read', { conversation_id: conversationId }],
    ['mark-messages-read', { conversationId }],
  ] as const)
    expect([event, await askChat(foreign, event, payload)]).toMatchObject([
      event,
      { error_code: 'NOT_FOUND' },
    ]);
  await says(user, 'among us');
  await hears(ours, 'new-user-message', 2);
  expect(foreign.heard.filter(({ event }) => event !== 'admin_dashboard_update')).toEqual([]);
  expect(foreign.of('admin_dashboard_update')).toMatchObject([{ total_active: 0 }]);
});

test('WhatsApp’s conversations are none of the live chat’s', async () => {
  const listener = await inRooms(supervisor);
  const whatsapp = await openConversation(system);
  expect(await askChat(listener, 'join_conversation', { conversation_id: whatsapp })).toMatchObject({
    error_code: 'NOT_FOUND',
  });
  expect(
    await askChat(listener, 'send_message', {
      conversation_id: whatsapp,
      content: 'x',
      client_message_id: clientId(),
    }),
  ).toMatchObject({ error_code: 'NOT_FOUND' });
  await newConversation(system);
  await hears(listener, 'new-user-message');
  expect(listener.of('new-user-message')).toHaveLength(1);
  expect(listener.of('admin_new_conversation')).toHaveLength(1);
});

test('staff are limited to 100 messages of any kind a minute', async () => {
  const busy = await enterChat(system, await system.signIn('employer'));
  const { conversationId } = await newConversation(system);
  const replies = await Promise.all(
    Array.from({ length: 101 }, () =>
      askChat(busy, 'join_conversation', { conversation_id: conversationId }),
    ),
  );
  expect(replies.filter(({ status }) => status === 'success')).toHaveLength(100);
  expect(replies.at(-1)).toMatchObject({ message: 'Rate limit exceeded', error_code: 'RATE_LIMITED' });
});
