import { describeWithChromium } from '../support/browser';
import { openChat } from '../support/chat';
import { askChat, enterChat, hangUp, hears } from '../support/chat-socket';
import { openConversation } from '../support/chat-conversations';
import { eventually } from '../support/eventually';
import { WidgetWorld } from '../support/widget-world';

const HOSTILE = [
  '<img src=x onerror="document.title=\'taken\'">',
  '<script>document.title="taken"</script>',
  'javascript:document.title="taken"',
  '"><svg onload=document.title="taken">',
  "https://example.com/'onmouseover='document.title=1",
];

describeWithChromium('the widget and an agent')('the widget and an agent', () => {
  let world: WidgetWorld;

  beforeAll(async () => {
    world = await WidgetWorld.start();
  });
  afterEach(() => world.leave());
  afterAll(() => world.stop());

  test('a visitor writes, an agent reads and answers, and both see how far it has come', async () => {
    const widget = await world.visit(await world.someone());
    expect(await world.system.sql('select 1 from chat_user')).toEqual([]); // nobody has said anything
    await widget.write('Is anybody there?');
    await widget.becomes('delivered');
    const conversation = await world.conversationOf('Is anybody there?');
    await world.reply(conversation, 'Yes, hello!');
    await widget.shows('Is anybody there?', 'Yes, hello!');
    await world.agent.patch(`/conversations/${conversation}/read`);
    await widget.becomes('read');
    const seen = async (): Promise<unknown> =>
      (
        await world.system.sql<{ s: string }>(
          "select whatsapp_status as s from message where body = 'Yes, hello!'",
        )
      )[0]?.s;
    await eventually(async () => (await seen()) === 'read', { what: 'the answer to be read' });
    expect(widget.problems).toEqual([]);
  });

  test('what comes while the window is closed is counted, announced and delivered but not read', async () => {
    const widget = await world.visit(await world.someone());
    await widget.write('I will be back');
    const conversation = await world.conversationOf('I will be back');
    await widget.becomes('delivered');
    await widget.field.press('Escape');
    await widget.page.evaluate("heard = []; ApiCeChat.on('message', ({ message }) => heard.push(message))");
    await world.reply(conversation, 'one');
    await world.reply(conversation, 'two');
    await eventually(async () => (await widget.inside('.badge').textContent()) === '2');
    expect(await widget.launcher.getAttribute('aria-label')).toBe('Open chat, 2 unread messages');
    expect(await widget.page.evaluate('heard')).toEqual(['one', 'two']);
    const stored = async (): Promise<string> =>
      (
        await world.system.sql<{ s: string }>(
          "select string_agg(whatsapp_status, ' ' order by id) as s from message where conversation_id = $1 and sender_type = 'user'",
          [conversation],
        )
      )[0]!.s;
    await eventually(async () => (await stored()) === 'delivered delivered', { what: 'delivery' });
    await widget.open();
    await eventually(async () => (await stored()) === 'read read', { what: 'reading' });
    expect(await widget.inside('.badge').isVisible()).toBe(false);
  });

  test('a reload keeps the conversation, its state and the draft', async () => {
    const widget = await world.visit(await world.someone());
    await widget.write('Keep this');
    await widget.becomes('delivered');
    await world.reply(await world.conversationOf('Keep this'), 'Kept');
    await widget.shows('Keep this', 'Kept');
    await widget.field.fill('half a sent');
    await widget.page.reload();
    await widget.open();
    await widget.shows('Keep this', 'Kept');
    expect(await widget.field.inputValue()).toBe('half a sent');
    await widget.write('and more');
    await widget.shows('Keep this', 'Kept', 'and more');
    expect(await world.conversationOf('and more')).toBe(await world.conversationOf('Keep this'));
  });

  test('somebody who types is seen', async () => {
    const widget = await world.visit(await world.someone());
    await widget.write('Please type');
    const conversation = await world.conversationOf('Please type');
    await widget.becomes('delivered');
    await world.agent.post(`/api/chat/conversations/${conversation}/typing`, { typing: true });
    await widget.inside('.typing .dots').waitFor();
    await world.reply(conversation, 'typed');
    await widget.inside('.typing .dots').waitFor({ state: 'detached' });
    const desk = await enterChat(world.system, world.agent);
    await askChat(desk, 'join_conversation', { conversation_id: conversation });
    await widget.field.pressSequentially('So do I');
    await hears(desk, 'typing_indicator');
    expect(desk.of('typing_indicator')[0]).toMatchObject({ sender_role: 'user', typing: true });
    hangUp();
  });

  test('what others wrote is shown as text, whatever it is', async () => {
    const widget = await world.visit(await world.someone());
    for (const text of HOSTILE) await widget.write(text);
    const conversation = await world.conversationOf(HOSTILE.at(-1)!);
    for (const text of HOSTILE) await world.reply(conversation, text);
    await eventually(async () => (await widget.bubbles()).length === 2 * HOSTILE.length);
    expect(await widget.bubbles()).toEqual([...HOSTILE, ...HOSTILE]);
    expect(await widget.inside('.bubble img, .bubble script, .bubble svg').count()).toBe(0);
    const links = await widget
      .inside('.bubble a')
      .evaluateAll((all) =>
        all.map((a) => [a.getAttribute('href'), a.getAttribute('rel'), a.getAttribute('target')]),
      );
    const expected = ['https://example.com/', 'noopener noreferrer', '_blank'];
    expect(links).toEqual([expected, expected]);
    expect(await widget.page.title()).toBe('A shop');
  });

  test('a conversation that was closed can be rated once, and a new one begins', async () => {
    const widget = await world.visit(await world.someone());
    await widget.write('Thanks, that is all');
    await widget.becomes('delivered');
    const conversation = await world.conversationOf('Thanks, that is all');
    await world.close(conversation);
    await widget.inside('.ended').waitFor();
    expect(await widget.field.isVisible()).toBe(false);
    await widget.inside('.stars input').nth(3).check();
    await widget.inside('.ended textarea').fill('Quick');
    await widget.inside('.ended form button').click();
    await widget.inside('.ended p').getByText('Thank you').waitFor();
    expect(
      await world.system.sql('select score, comment from conversation_rating where conversation_id = $1', [
        conversation,
      ]),
    ).toEqual([{ score: 4, comment: 'Quick' }]);
    await widget.page.reload();
    await widget.open();
    await widget.shows('Thanks, that is all');
    expect(await widget.inside('.ended form').isVisible()).toBe(false);
    await widget.inside('.ended .main').click();
    await widget.shows();
    await widget.write('One more thing');
    await widget.shows('One more thing');
    expect(await world.conversationOf('One more thing')).not.toBe(conversation);
  });

  test('an answer in another open conversation is offered', async () => {
    const user = await openChat(world.system);
    const open = async (text: string): Promise<number> => {
      const { body } = await user.post<{ data: { conversation_id: number } }>('/api/chat/conversations', {
        initial_message: text,
      });
      return body.data.conversation_id;
    };
    const older = await open('about lamps');
    await open('about chairs');
    const widget = await world.visit(await world.someone(), { token: user.token });
    await widget.shows('about chairs');
    await world.reply(older, 'lamps are here');
    await widget.inside('.bar').click();
    await widget.shows('about lamps', 'lamps are here');
    expect(await widget.inside('.bar').isVisible()).toBe(false);
  });

  test('what is written goes into the conversation that is shown', async () => {
    const user = await openChat(world.system);
    const { conversation_id: lamps } = await openConversation(user, { initial_message: 'lamps' });
    const { conversation_id: chairs } = await openConversation(user, { initial_message: 'chairs' });
    const widget = await world.visit(await world.someone(), { token: user.token });
    await widget.shows('chairs');
    await world.reply(lamps, 'lamps are here');
    await widget.inside('.bar').waitFor();
    await widget.write('red ones');
    await widget.shows('chairs', 'red ones');
    expect(await world.conversationOf('red ones')).toBe(chairs);
    // Said in it while it is being closed, it begins another one.
    await world.close(lamps);
    await widget.page.context().setOffline(true);
    await widget.write('or blue ones');
    await world.close(chairs);
    await widget.page.context().setOffline(false);
    await widget.shows('or blue ones');
    expect([lamps, chairs]).not.toContain(await world.conversationOf('or blue ones'));
  });

  test('what an agent takes back is gone', async () => {
    const widget = await world.visit(await world.someone());
    await widget.write('What does it cost?');
    const conversation = await world.conversationOf('What does it cost?');
    await world.reply(conversation, 'It costs nothing');
    await widget.shows('What does it cost?', 'It costs nothing');
    const [said] = await world.system.sql<{ id: string }>(
      "select id from message where body = 'It costs nothing'",
    );
    expect((await world.agent.delete(`/messages/${said!.id}`)).status).toBe(204);
    await widget.shows('What does it cost?', 'This message was deleted.');
  });

  test('what was refused can be tried again, such as on a website that takes no visitors yet', async () => {
    const admin = await world.system.signIn('admin');
    const { body } = await admin.get<{ data: { id: number }[] }>('/chat-apps');
    const allow = async (visitors: boolean): Promise<void> => {
      expect((await admin.patch(`/chat-apps/${body.data[0]!.id}`, { visitors })).status).toBe(200);
      await eventually(async () => {
        const { status } = await world.system.call('POST', '/api/chat/visitors', { app_id: 'default' });
        return (status === 201) === visitors;
      });
    };
    await allow(false);
    const widget = await world.visit(await world.someone());
    await widget.write('May I?');
    await widget.inside('.problem').getByText('takes no visitors').waitFor();
    await widget.page.reload();
    await widget.open();
    await widget.shows('May I?');
    await allow(true);
    await widget.inside('.problem').getByText('Try again').click();
    await widget.becomes('delivered');
  });
});
