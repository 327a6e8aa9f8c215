import { setTimeout as delay } from 'node:timers/promises';
import { askChat, connectedChat, type ConnectedChat, hangUp, hears, says } from '../support/chat-socket';
import { eventually } from '../support/eventually';
import { type Caller, TestSystem } from '../support/system';

let system: TestSystem;
let agent: Caller;

beforeAll(async () => {
  system = await TestSystem.start();
  agent = await system.signIn('employer');
});
afterEach(hangUp);
afterAll(() => system.stop());

const chat = (): Promise<ConnectedChat> => connectedChat(system, agent);

const reads = (caller: Caller, id: number): Promise<unknown> =>
  caller.patch(`/messages/conversation/${id}/mark-as-read`);

describe('reading', () => {
  test.each([
    ['mark_messages_read', 'conversation_id', 'message_ids'],
    ['mark-messages-read', 'conversationId', 'messageIds'],
  ])(
    '%s of a user tells staff, once for each message; of staff it tells the user',
    async (event, key, ids) => {
      const { conversationId, theirs, ours } = await chat();
      const said = [];
      for (const body of ['one', 'two', 'three'])
        said.push(
          (await agent.post<{ id: number }>('/messages', { conversation_id: conversationId, body })).body.id,
        );
      const marked = await askChat(theirs, event, { [key]: conversationId, [ids]: [said[0]] });
      expect(marked).toEqual({ status: 'success', data: { conversation_id: conversationId, marked: 1 } });
      expect(await hears(ours, 'message_read')).toEqual([
        {
          conversation_id: conversationId,
          conversationId,
          message_ids: [said[0]],
          messageIds: [said[0]],
          read_by: 'user',
          readBy: 'user',
          read_at: expect.any(String),
        },
      ]);
      expect(await askChat(theirs, event, { [key]: conversationId })).toMatchObject({ data: { marked: 2 } });
      await hears(ours, 'message_read', 3);
      await hears(ours, 'messages-read', 3);
      const told = ours.of('messages-read').flatMap((one) => one['message_ids']);
      expect(told).toEqual(said);

      const byStaff = await askChat(ours, event, { [key]: conversationId });
      expect(byStaff).toMatchObject({ data: { marked: 1 } });
      await eventually(() => theirs.of('messages-read').some((one) => one['read_by'] === 'admin'));
      const [first] = await system.sql<{ id: string }>(
        `select id from message where conversation_id = $1 and sender_type = 'contact'`,
        [conversationId],
      );
      const reading = theirs.of('message_read').filter((one) => one['read_by'] === 'admin');
      expect(reading).toMatchObject([{ message_ids: [Number(first!.id)], conversation_id: conversationId }]);
    },
  );

  test('staff who read elsewhere tell the user of each message once', async () => {
    const { user, conversationId, theirs } = await chat();
    await reads(agent, conversationId);
    await hears(theirs, 'message_read');
    await says(user, 'second');
    await says(user, 'third');
    await agent.patch(`/conversations/${conversationId}/assign`);
    await hears(theirs, 'message_read', 2);
    await agent.patch(`/conversations/${conversationId}`, { priority: 'high' });
    await reads(agent, conversationId);
    await delay(100);
    const rows = await system.sql<{ id: string }>(
      `select id from message where conversation_id = $1 and sender_type = 'contact' order by id`,
      [conversationId],
    );
    const told = theirs.of('message_read').map((one) => one['message_ids']);
    expect(told).toEqual([[Number(rows[0]!.id)], [Number(rows[1]!.id), Number(rows[2]!.id)]]);
  });
});

test('who closes and reopens a conversation is told to both, in the words of both contracts', async () => {
  const { user, conversationId, theirs, ours } = await chat();
  await agent.patch(`/conversations/${conversationId}/assign`);
  await agent.patch(`/conversations/${conversationId}`, { status: 'closed' });
  const closed = {
    conversation_id: conversationId,
    status: 'closed',
    support_status: 'closed',
    changed_by: 'admin',
  };
  for (const listener of [theirs, ours])
    expect(await hears(listener, 'conversation_status')).toEqual([closed]);
  await agent.patch(`/conversations/${conversationId}`, { status: 'active' });
  const open = { ...closed, status: 'active', support_status: 'open' };
  expect(await hears(theirs, 'conversation_status', 2)).toEqual([closed, open]);
  expect((await user.post(`/api/chat/conversations/${conversationId}/close`)).status).toBeLessThan(300);
  expect((await hears(ours, 'conversation_status', 3))[2]).toEqual({ ...closed, changed_by: 'user' });
});
