import {
  askChat,
  connectedChat,
  type ConnectedChat,
  enterChat,
  hangUp,
  hears,
  newConversation,
} from '../support/chat-socket';
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

describe('typing', () => {
  const STARTS = [
    ['typing_start', 'typing_stop', 'conversation_id'],
    ['typing-start', 'typing-stop', 'conversationId'],
  ] as const;

  test.each(STARTS)(
    '%s and %s of a user reach staff who joined, of staff the user',
    async (start, stop, key) => {
      const { user, conversationId, theirs, ours } = await chat();
      const colleague = await enterChat(system, await system.signIn('employer'));
      await askChat(colleague, 'join-chat', { conversationId });
      const both = { conversation_id: conversationId, conversationId };
      const byUser = {
        ...both,
        sender_role: 'user',
        userType: 'user',
        sender_identifier: user.uuid,
        userId: user.userId,
      };
      const byAgent = {
        ...both,
        sender_role: 'admin',
        userType: 'admin',
        sender_identifier: agent.user.username,
        userId: agent.user.id,
      };
      for (const [from, to, who] of [
        [theirs, ours, byUser],
        [ours, theirs, byAgent],
      ] as const) {
        expect(await askChat(from, start, { [key]: conversationId })).toEqual({
          status: 'success',
          data: { conversation_id: conversationId, typing: true },
        });
        await hears(to, 'typing_indicator');
        await askChat(from, start, { [key]: conversationId });
        await askChat(from, stop, { [key]: conversationId });
        const told = [
          { ...who, typing: true, isTyping: true },
          { ...who, typing: false, isTyping: false },
        ];
        expect(await hears(to, 'typing_indicator', 2)).toEqual(told);
        expect(await hears(to, 'user-typing', 2)).toEqual(told);
      }
      expect(ours.of('typing_indicator')).toHaveLength(2); // of the user: nobody hears that they type themselves
      expect(await hears(colleague, 'typing_indicator', 4)).toHaveLength(4);
    },
  );

  test('who falls silent has stopped after 5 s', async () => {
    const { conversationId, theirs, ours } = await chat();
    await askChat(theirs, 'typing_start', { conversation_id: conversationId });
    await hears(ours, 'typing_indicator');
    const began = performance.now();
    expect((await hears(ours, 'typing_indicator', 2))[1]).toMatchObject({ typing: false });
    expect(performance.now() - began).toBeGreaterThan(4_500);
    expect(performance.now() - began).toBeLessThan(7_000);
  });

  test('over REST and on /crm it reaches the user as well', async () => {
    const { conversationId, theirs } = await chat();
    expect((await agent.post(`/messages/conversation/${conversationId}/typing`)).body).toMatchObject({
      accepted: true,
    });
    expect((await hears(theirs, 'typing_indicator'))[0]).toMatchObject({
      sender_identifier: agent.user.username,
      typing: true,
    });
    const other = await chat();
    const desk = await system.listen(agent);
    desk.socket.emit('typing:start', { conversation_id: other.conversationId });
    expect((await hears(other.theirs, 'typing_indicator'))[0]).toMatchObject({
      conversation_id: other.conversationId,
      sender_role: 'admin',
      typing: true,
    });
    desk.socket.emit('typing:stop', { conversation_id: other.conversationId });
    expect((await hears(other.theirs, 'typing_indicator', 2))[1]).toMatchObject({ typing: false });
  });

  test('10 indicators a minute and conversation in the words of HomeAssistant IM: going on and stopping are none', async () => {
    const { conversationId, theirs, ours } = await chat();
    const say = (event: string) => askChat(theirs, event, { conversation_id: conversationId });
    for (let i = 1; i <= 10; i++) {
      expect((await say('typing_start')).status).toBe('success');
      await hears(ours, 'typing_indicator', 2 * i - 1);
      if (i === 1) expect((await say('typing_start')).status).toBe('success');
      expect((await say('typing_stop')).status).toBe('success');
      await hears(ours, 'typing_indicator', 2 * i);
    }
    expect(await say('typing_start')).toMatchObject({ error_code: 'RATE_LIMITED' });
  });

  test('20 in 10 s in those of Anume', async () => {
    const { conversationId, theirs } = await chat();
    const replies = [];
    for (let i = 0; i < 21; i++) replies.push(await askChat(theirs, 'typing-start', { conversationId }));
    expect(replies.slice(0, 20).every(({ status }) => status === 'success')).toBe(true);
    expect(replies[20]).toMatchObject({ error_code: 'RATE_LIMITED' });
  });

  test('in other people’s conversations is refused, and nobody hears it', async () => {
    const { conversationId, theirs, ours } = await chat();
    const stranger = await enterChat(system, (await newConversation(system)).user);
    for (const [event, key] of [
      ['typing_start', 'conversation_id'],
      ['typing-start', 'conversationId'],
    ] as const)
      expect(await askChat(stranger, event, { [key]: conversationId })).toMatchObject({
        error_code: 'NOT_FOUND',
      });
    await askChat(theirs, 'typing_start', { conversation_id: conversationId });
    expect(await hears(ours, 'typing_indicator')).toHaveLength(1);
    expect(stranger.heard).toEqual([]);
  });
});
