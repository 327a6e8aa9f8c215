import type { Browser, BrowserContext, BrowserContextOptions } from 'playwright-core';
import { describeWithChromium, startChromium, Website } from '../support/browser';
import { openChat } from '../support/chat';
import { askChat, enterChat, hangUp, hears } from '../support/chat-socket';
import { eventually } from '../support/eventually';
import { picture } from '../support/files';
import { type Caller, TestSystem } from '../support/system';
import { WidgetPage } from '../support/widget-page';

const HOSTILE = [
  '<img src=x onerror="document.title=\'taken\'">',
  '<script>document.title="taken"</script>',
  'javascript:document.title="taken"',
  '"><svg onload=document.title="taken">',
  "https://example.com/'onmouseover='document.title=1",
];

describeWithChromium('the widget and an agent')('the widget and an agent', () => {
  let system: TestSystem;
  let website: Website;
  let browser: Browser;
  let agent: Caller;
  const contexts: BrowserContext[] = [];

  beforeAll(async () => {
    [system, website, browser] = await Promise.all([
      // More visitors than come from one address in a minute.
      TestSystem.start({ config: { chat: { rateLimitEnabled: false } } }),
      Website.start(),
      startChromium(),
    ]);
    agent = await system.signIn('supervisor');
  });

  afterEach(async () => {
    for (const context of contexts.splice(0)) await context.close();
  });

  afterAll(async () => {
    await browser.close();
    await website.stop();
    await system.stop();
  });

  const someone = async (options: BrowserContextOptions = {}): Promise<BrowserContext> => {
    const context = await browser.newContext(options);
    contexts.push(context);
    return context;
  };
  const visit = async (
    context: BrowserContext,
    attributes: Record<string, string> = {},
  ): Promise<WidgetPage> => {
    const widget = await WidgetPage.visit(context, website.page({ server: system.url, attributes }));
    await widget.open();
    return widget;
  };
  const conversationOf = async (text: string): Promise<number> =>
    await eventually(
      async () => {
        const rows = await system.sql<{ id: string }>(
          'select conversation_id as id from message where body = $1',
          [text],
        );
        return rows.length === 0 ? 0 : Number(rows[0]!.id);
      },
      { what: `"${text}" to arrive` },
    );
  const reply = async (conversation: number, body: string): Promise<void> => {
    const answer = await agent.post('/messages', { conversation_id: conversation, body });
    expect(answer.status).toBe(201);
  };
  const close = async (conversation: number): Promise<void> => {
    const answer = await agent.patch(`/conversations/${conversation}`, { status: 'closed' });
    expect(answer.status).toBe(200);
  };

  test('a visitor writes, an agent reads and answers, and both see how far it has come', async () => {
    const widget = await visit(await someone());
    expect(await system.sql('select 1 from chat_user')).toEqual([]); // nobody has said anything
    await widget.write('Is anybody there?');
    await widget.becomes('delivered');
    const conversation = await conversationOf('Is anybody there?');
    await reply(conversation, 'Yes, hello!');
    await widget.shows('Is anybody there?', 'Yes, hello!');
    await agent.patch(`/conversations/${conversation}/read`);
    await widget.becomes('read');
    const seen = async (): Promise<unknown> =>
      (
        await system.sql<{ s: string }>("select whatsapp_status as s from message where body = 'Yes, hello!'")
      )[0]?.s;
    await eventually(async () => (await seen()) === 'read', { what: 'the answer to be read' });
    expect(widget.problems).toEqual([]);
  });

  test('what comes while the window is closed is counted, announced and delivered but not read', async () => {
    const widget = await visit(await someone());
    await widget.write('I will be back');
    const conversation = await conversationOf('I will be back');
    await widget.becomes('delivered');
    await widget.field.press('Escape');
    await widget.page.evaluate("heard = []; ApiCeChat.on('message', ({ message }) => heard.push(message))");
    await reply(conversation, 'one');
    await reply(conversation, 'two');
    await eventually(async () => (await widget.inside('.badge').textContent()) === '2');
    expect(await widget.launcher.getAttribute('aria-label')).toBe('Open chat, 2 unread messages');
    expect(await widget.page.evaluate('heard')).toEqual(['one', 'two']);
    const stored = async (): Promise<string> =>
      (
        await system.sql<{ s: string }>(
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
    const widget = await visit(await someone());
    await widget.write('Keep this');
    await widget.becomes('delivered');
    await reply(await conversationOf('Keep this'), 'Kept');
    await widget.shows('Keep this', 'Kept');
    await widget.field.fill('half a sent');
    await widget.page.reload();
    await widget.open();
    await widget.shows('Keep this', 'Kept');
    expect(await widget.field.inputValue()).toBe('half a sent');
    await widget.write('and more');
    await widget.shows('Keep this', 'Kept', 'and more');
    expect(await conversationOf('and more')).toBe(await conversationOf('Keep this'));
  });

  test('two tabs are one visitor and show the same', async () => {
    const context = await someone();
    const one = await visit(context);
    const two = await visit(context);
    await Promise.all([one.write('from one'), two.write('from two')]);
    await one.becomes('delivered', 'delivered');
    await two.becomes('delivered', 'delivered');
    expect(await one.bubbles()).toEqual(await two.bubbles());
    const conversation = await conversationOf('from one');
    expect(await conversationOf('from two')).toBe(conversation);
    await reply(conversation, 'to both');
    await eventually(
      async () => (await one.bubbles())[2] === 'to both' && (await two.bubbles())[2] === 'to both',
    );
  });

  test('a signed-in user talks as themselves, on every device, and signs out', async () => {
    const user = await openChat(system, { username: 'jane', account_name: 'Jane' });
    const laptop = await visit(await someone(), { token: user.token });
    await laptop.write('It is me');
    await laptop.becomes('delivered');
    const mobile = await visit(await someone(), { token: user.token });
    await mobile.shows('It is me');
    await mobile.write('Me again');
    await laptop.shows('It is me', 'Me again');
    const users = await system.sql(
      `select u.username from chat_user u join chat_conversation c on c.chat_user_id = u.id where c.conversation_id = $1`,
      [await conversationOf('Me again')],
    );
    expect(users).toEqual([{ username: 'jane' }]);
    await laptop.page.evaluate('ApiCeChat.setToken(null)');
    await laptop.shows();
    const kept = await laptop.page.evaluate('JSON.stringify(localStorage)');
    expect(kept).not.toContain(user.token);
  });

  test('a token that is over is asked for anew, and what was written meanwhile is sent then', async () => {
    const user = await openChat(system, { username: 'rob' });
    const widget = await visit(await someone(), { token: user.token });
    await widget.write('before');
    await widget.becomes('delivered');
    await widget.page.evaluate("ApiCeChat.on('session-over', () => (document.title = 'over'))");
    await user.delete('/api/chat/sessions/current');
    await eventually(async () => (await widget.page.title()) === 'over', { what: 'the page to be told' });
    await widget.banner.waitFor();
    await widget.write('in between');
    await widget.becomes('delivered', 'sending');
    const { token } = await openChat(system, { username: 'rob' });
    await widget.page.evaluate(`ApiCeChat.setToken('${token}')`);
    await widget.becomes('delivered', 'delivered');
    await widget.shows('before', 'in between');
    expect(await widget.banner.isVisible()).toBe(false);
  });

  test('a visitor whose session is over begins anew, and nothing that waits is lost', async () => {
    const widget = await visit(await someone());
    await widget.write('first life');
    await widget.becomes('delivered');
    await system.sql(
      'delete from chat_session where chat_user_id in (select id from chat_user where visitor)',
    );
    await widget.shows();
    await widget.write('second life');
    await widget.shows('second life');
    await widget.becomes('delivered');
    expect(await conversationOf('second life')).not.toBe(await conversationOf('first life'));
  });

  test('somebody who types is seen', async () => {
    const widget = await visit(await someone());
    await widget.write('Please type');
    const conversation = await conversationOf('Please type');
    await widget.becomes('delivered');
    await agent.post(`/api/chat/conversations/${conversation}/typing`, { typing: true });
    await widget.inside('.typing .dots').waitFor();
    await reply(conversation, 'typed');
    await widget.inside('.typing .dots').waitFor({ state: 'detached' });
    const desk = await enterChat(system, agent);
    await askChat(desk, 'join_conversation', { conversation_id: conversation });
    await widget.field.pressSequentially('So do I');
    await hears(desk, 'typing_indicator');
    expect(desk.of('typing_indicator')[0]).toMatchObject({ sender_role: 'user', typing: true });
    hangUp();
  });

  test('what others wrote is shown as text, whatever it is', async () => {
    const widget = await visit(await someone());
    for (const text of HOSTILE) await widget.write(text);
    const conversation = await conversationOf(HOSTILE.at(-1)!);
    for (const text of HOSTILE) await reply(conversation, text);
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
    const widget = await visit(await someone());
    await widget.write('Thanks, that is all');
    await widget.becomes('delivered');
    const conversation = await conversationOf('Thanks, that is all');
    await close(conversation);
    await widget.inside('.ended').waitFor();
    expect(await widget.field.isVisible()).toBe(false);
    await widget.inside('.stars input').nth(3).check();
    await widget.inside('.ended textarea').fill('Quick');
    await widget.inside('.ended form button').click();
    await widget.inside('.ended p').getByText('Thank you').waitFor();
    expect(
      await system.sql('select score, comment from conversation_rating where conversation_id = $1', [
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
    expect(await conversationOf('One more thing')).not.toBe(conversation);
  });

  test('a picture is sent, shown and kept, in its place among the messages', async () => {
    const widget = await visit(await someone());
    await widget.write('Look:');
    const file = { name: 'broken lamp.png', mimeType: 'image/png', buffer: await picture('png') };
    await widget.inside('.composer input').setInputFiles(file);
    await widget.write('Do you see it?');
    await widget.becomes('delivered', 'delivered', 'delivered');
    const loaded = async (): Promise<boolean> =>
      await widget
        .inside('.mine img')
        .evaluate(
          (img: { naturalWidth: number; src: string }) => img.naturalWidth > 0 && img.src.startsWith('http'),
        );
    await eventually(loaded, { what: 'the picture' });
    await widget.page.reload();
    await widget.open();
    await eventually(loaded, { what: 'the picture after a reload' });
    const stored = await system.sql<{ type: string }>(
      'select type from message where conversation_id = $1 order by id',
      [await conversationOf('Look:')],
    );
    expect(stored.map(({ type }) => type)).toEqual(['text', 'image', 'text']);
    expect(widget.problems).toEqual([]);
  });

  test('what waits is of whoever wrote it, and of nobody else who uses the browser', async () => {
    const [jim, kim] = [
      await openChat(system, { username: 'jim' }),
      await openChat(system, { username: 'kim' }),
    ];
    const context = await someone();
    const widget = await visit(context, { token: jim.token });
    await widget.write('jim was here');
    await widget.becomes('delivered');
    await context.route('**/api/chat/messages', (route) => route.abort());
    await widget.write('for the eyes of jim');
    await widget.field.fill('a draft of jim');
    await widget.page.evaluate(`ApiCeChat.setToken('${kim.token}')`);
    await widget.shows();
    expect(await widget.field.inputValue()).toBe('');
    await context.unroute('**/api/chat/messages');
    await widget.write('this is kim');
    await widget.becomes('delivered');
    await widget.page.evaluate(`ApiCeChat.setToken('${jim.token}')`);
    await widget.shows('jim was here', 'for the eyes of jim');
    await widget.becomes('delivered', 'delivered');
    expect(await widget.field.inputValue()).toBe('a draft of jim');
    const said = await kim.get<{ data: { messages: { message: string }[] } }>('/api/chat/messages');
    expect(said.body.data.messages.map(({ message }) => message)).toEqual(['this is kim']);
  });

  test('an answer in another open conversation is offered', async () => {
    const user = await openChat(system);
    const open = async (text: string): Promise<number> => {
      const { body } = await user.post<{ data: { conversation_id: number } }>('/api/chat/conversations', {
        initial_message: text,
      });
      return body.data.conversation_id;
    };
    const older = await open('about lamps');
    await open('about chairs');
    const widget = await visit(await someone(), { token: user.token });
    await widget.shows('about chairs');
    await reply(older, 'lamps are here');
    await widget.inside('.bar').click();
    await widget.shows('about lamps', 'lamps are here');
    expect(await widget.inside('.bar').isVisible()).toBe(false);
  });

  test('what an agent takes back is gone', async () => {
    const widget = await visit(await someone());
    await widget.write('What does it cost?');
    const conversation = await conversationOf('What does it cost?');
    await reply(conversation, 'It costs nothing');
    await widget.shows('What does it cost?', 'It costs nothing');
    const [said] = await system.sql<{ id: string }>("select id from message where body = 'It costs nothing'");
    expect((await agent.delete(`/messages/${said!.id}`)).status).toBe(204);
    await widget.shows('What does it cost?', 'This message was deleted.');
  });

  test('files can be pasted and dropped, also as the very first thing', async () => {
    const widget = await visit(await someone());
    const drop = (type: string, target: string, name: string): string => `{
      const carried = new DataTransfer();
      carried.items.add(new File(['some notes'], '${name}', { type: 'text/plain' }));
      const { shadowRoot } = document.querySelector('apice-chat');
      shadowRoot.querySelector('${target}').dispatchEvent('${type}' === 'paste'
        ? new ClipboardEvent('paste', { clipboardData: carried, bubbles: true, cancelable: true })
        : new DragEvent('${type}', { dataTransfer: carried, bubbles: true, cancelable: true }));
    }`;
    await widget.page.evaluate(drop('paste', '.composer textarea', 'pasted.txt'));
    await widget.becomes('delivered', 'delivered'); // its name opened the conversation
    await widget.page.evaluate(drop('dragover', '.log', 'dropped.txt'));
    await widget.inside('.drop').waitFor();
    await widget.page.evaluate(drop('drop', '.drop', 'dropped.txt'));
    await widget.becomes('delivered', 'delivered', 'delivered');
    expect(await widget.inside('.drop').isVisible()).toBe(false);
    expect((await widget.bubbles()).map((text) => text.replace(/\d+ B$/, ''))).toEqual([
      'pasted.txt',
      'pasted.txt',
      'dropped.txt',
    ]);
    const href = await widget.inside('.mine a').last().getAttribute('href');
    expect(await (await fetch(href!)).text()).toBe('some notes');
  });

  test('what was refused can be tried again, such as on a website that takes no visitors yet', async () => {
    const admin = await system.signIn('admin');
    const { body } = await admin.get<{ data: { id: number }[] }>('/chat-apps');
    const allow = async (visitors: boolean): Promise<void> => {
      expect((await admin.patch(`/chat-apps/${body.data[0]!.id}`, { visitors })).status).toBe(200);
      await eventually(async () => {
        const { status } = await system.call('POST', '/api/chat/visitors', { app_id: 'default' });
        return (status === 201) === visitors;
      });
    };
    await allow(false);
    const widget = await visit(await someone());
    await widget.write('May I?');
    await widget.inside('.problem').getByText('takes no visitors').waitFor();
    await widget.page.reload();
    await widget.open();
    await widget.shows('May I?');
    await allow(true);
    await widget.inside('.problem').getByText('Try again').click();
    await widget.becomes('delivered');
  });

  test('a file that the server will not have says so, and holds up nothing', async () => {
    const widget = await visit(await someone());
    const file = { name: 'tool.exe', mimeType: 'application/octet-stream', buffer: Buffer.from('MZ\0\0') };
    await widget.write('here it comes');
    await widget.inside('.composer input').setInputFiles(file);
    await widget.write('after it');
    await widget.inside('.problem').waitFor();
    await conversationOf('after it');
    await widget.inside('.problem').getByText('Discard').click();
    await widget.shows('here it comes', 'after it');
  });
});
