import { describeWithChromium } from '../support/browser';
import { openChat } from '../support/chat';
import { eventually } from '../support/eventually';
import { SENDING } from '../support/widget-page';
import { WidgetWorld } from '../support/widget-world';

describeWithChromium('whose chat the widget shows')('whose chat the widget shows', () => {
  let world: WidgetWorld;

  beforeAll(async () => {
    world = await WidgetWorld.start();
  });
  afterEach(() => world.leave());
  afterAll(() => world.stop());

  test('two tabs are one visitor and show the same', async () => {
    const context = await world.someone();
    const one = await world.visit(context);
    const two = await world.visit(context);
    await Promise.all([one.write('from one'), two.write('from two')]);
    await one.becomes('delivered', 'delivered');
    await two.becomes('delivered', 'delivered');
    expect(await one.bubbles()).toEqual(await two.bubbles());
    const conversation = await world.conversationOf('from one');
    expect(await world.conversationOf('from two')).toBe(conversation);
    await world.reply(conversation, 'to both');
    await eventually(
      async () => (await one.bubbles())[2] === 'to both' && (await two.bubbles())[2] === 'to both',
    );
  });

  test('a signed-in user talks as themselves, on every device, and signs out', async () => {
    const user = await openChat(world.system, { username: 'jane', account_name: 'Jane' });
    const laptop = await world.visit(await world.someone(), { token: user.token });
    await laptop.write('It is me');
    await laptop.becomes('delivered');
    const mobile = await world.visit(await world.someone(), { token: user.token });
    await mobile.shows('It is me');
    await mobile.write('Me again');
    await laptop.shows('It is me', 'Me again');
    const users = await world.system.sql(
      `select u.username from chat_user u join chat_conversation c on c.chat_user_id = u.id where c.conversation_id = $1`,
      [await world.conversationOf('Me again')],
    );
    expect(users).toEqual([{ username: 'jane' }]);
    await laptop.page.evaluate('ApiCeChat.setToken(null)');
    await laptop.shows();
    const kept = await laptop.page.evaluate('JSON.stringify(localStorage)');
    expect(kept).not.toContain(user.token);
  });

  test('a token that is over is asked for anew, and what was written meanwhile is sent then', async () => {
    const user = await openChat(world.system, { username: 'rob' });
    const widget = await world.visit(await world.someone(), { token: user.token });
    await widget.write('before');
    await widget.becomes('delivered');
    await widget.page.evaluate("ApiCeChat.on('session-over', () => (document.title = 'over'))");
    await user.delete('/api/chat/sessions/current');
    await eventually(async () => (await widget.page.title()) === 'over', { what: 'the page to be told' });
    await widget.banner.waitFor();
    await widget.write('in between');
    await widget.becomes('delivered', 'sending');
    const { token } = await openChat(world.system, { username: 'rob' });
    await widget.page.evaluate(`ApiCeChat.setToken('${token}')`);
    await widget.becomes('delivered', 'delivered');
    await widget.shows('before', 'in between');
    expect(await widget.banner.isVisible()).toBe(false);
  });

  test('a visitor whose session is over begins anew, and nothing that waits is lost', async () => {
    const widget = await world.visit(await world.someone());
    await widget.write('first life');
    await widget.becomes('delivered');
    await world.system.sql(
      'delete from chat_session where chat_user_id in (select id from chat_user where visitor)',
    );
    await widget.shows();
    await widget.write('second life');
    await widget.shows('second life');
    await widget.becomes('delivered');
    expect(await world.conversationOf('second life')).not.toBe(await world.conversationOf('first life'));
  });

  test('what waits is of whoever wrote it, and of nobody else who uses the browser', async () => {
    const [jim, kim] = [
      await openChat(world.system, { username: 'jim' }),
      await openChat(world.system, { username: 'kim' }),
    ];
    const context = await world.someone();
    const widget = await world.visit(context, { token: jim.token });
    await widget.write('jim was here');
    await widget.becomes('delivered');
    await context.route(SENDING, (route) => route.abort());
    await widget.write('for the eyes of jim');
    await widget.field.fill('a draft of jim');
    await widget.page.evaluate(`ApiCeChat.setToken('${kim.token}')`);
    await widget.shows();
    expect(await widget.field.inputValue()).toBe('');
    await context.unroute(SENDING);
    await widget.write('this is kim');
    await widget.becomes('delivered');
    await widget.page.evaluate(`ApiCeChat.setToken('${jim.token}')`);
    await widget.shows('jim was here', 'for the eyes of jim');
    await widget.becomes('delivered', 'delivered');
    expect(await widget.field.inputValue()).toBe('a draft of jim');
    const said = await kim.get<{ data: { messages: { message: string }[] } }>('/api/chat/messages');
    expect(said.body.data.messages.map(({ message }) => message)).toEqual(['this is kim']);
  });
});
