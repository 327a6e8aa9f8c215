import type { Browser, BrowserContext, Route } from 'playwright-core';
import { describeWithChromium, startChromium, Website } from '../support/browser';
import { openChat } from '../support/chat';
import { Door } from '../support/door';
import { eventually } from '../support/eventually';
import { type Caller, TestSystem } from '../support/system';
import { SENDING, WidgetPage } from '../support/widget-page';

describeWithChromium('the widget without its server')('the widget without its server', () => {
  let system: TestSystem;
  let door: Door;
  let website: Website;
  let browser: Browser;
  let agent: Caller;
  let context: BrowserContext;

  beforeAll(async () => {
    [system, website, browser, door] = await Promise.all([
      TestSystem.start(),
      Website.start(),
      startChromium(),
      Door.open(),
    ]);
    door.leadTo(system.url);
    agent = await system.signIn('supervisor');
  });

  beforeEach(async () => {
    context = await browser.newContext();
  });
  afterEach(() => context.close());

  afterAll(async () => {
    await browser.close();
    await website.stop();
    door.stop();
    await system.stop();
  });

  const visit = async (attributes: Record<string, string> = {}): Promise<WidgetPage> => {
    const widget = await WidgetPage.visit(context, website.page({ server: door.url, attributes }));
    await widget.open();
    return widget;
  };
  /** With a conversation in which something was said already. */
  const begin = async (
    text: string,
    attributes: Record<string, string> = {},
  ): Promise<{ widget: WidgetPage; conversation: number }> => {
    const widget = await visit(attributes);
    await widget.write(text);
    await widget.becomes('delivered');
    const [row] = await system.sql<{ id: string }>(
      'select conversation_id as id from message where body = $1',
      [text],
    );
    return { widget, conversation: Number(row!.id) };
  };
  const stored = async (conversation: number): Promise<string[]> => {
    const rows = await system.sql<{ body: string }>(
      'select body from message where conversation_id = $1 order by id',
      [conversation],
    );
    return rows.map(({ body }) => body);
  };
  const reply = async (conversation: number, body: string): Promise<void> => {
    const answer = await agent.post('/messages', { conversation_id: conversation, body });
    expect(answer.status).toBe(201);
  };

  test('what is written offline is shown as waiting and goes out once, in its order', async () => {
    const { widget, conversation } = await begin('offline: hello');
    await context.setOffline(true);
    await widget.write('one', 'two', 'three');
    await widget.becomes('delivered', 'sending', 'sending', 'sending');
    await widget.banner.getByText('You are offline').waitFor();
    await context.setOffline(false);
    await widget.becomes('delivered', 'delivered', 'delivered', 'delivered');
    expect(await stored(conversation)).toEqual(['offline: hello', 'one', 'two', 'three']);
    await eventually(async () => !(await widget.banner.isVisible()), { what: 'the banner to go' });
  });

  test('what waits outlives the page, also for the very first words of a visitor', async () => {
    await context.route('**/api/chat/**', (route) => route.abort());
    const widget = await visit();
    await widget.write('first words', 'second words');
    await widget.page.reload();
    await widget.open();
    await widget.shows('first words', 'second words');
    await widget.becomes('sending', 'sending');
    await context.unroute('**/api/chat/**');
    await widget.page.close(); // and a later visit
    const later = await visit();
    await later.becomes('delivered', 'delivered');
    const rows = await system.sql<{ body: string }>(
      "select body from message where body like '%words' order by id",
    );
    expect(rows.map(({ body }) => body)).toEqual(['first words', 'second words']);
  });

  test('a message whose acknowledgement was lost is not said twice', async () => {
    // Without a socket, which would tell as well that the server has it.
    await context.route('**/socket.io/**', (route) => route.abort());
    await context.routeWebSocket(/socket\.io/, (socket) => void socket.close());
    const { widget, conversation } = await begin('lost: hello');
    let lost = 0;
    await context.route(SENDING, async (route: Route) => {
      if (lost++ >= 2) return await route.continue();
      await route.fetch(); // the server has it
      await route.abort();
    });
    await widget.write('only once', 'after it');
    await widget.becomes('delivered', 'delivered', 'delivered');
    expect(lost).toBeGreaterThanOrEqual(2);
    expect(await stored(conversation)).toEqual(['lost: hello', 'only once', 'after it']);
    await widget.shows('lost: hello', 'only once', 'after it');
  });

  test('a server that has too much to do is asked again when it says', async () => {
    const { widget, conversation } = await begin('busy: hello');
    const asked: number[] = [];
    await context.route(SENDING, async (route: Route) => {
      asked.push(Date.now());
      if (asked.length > 1) return await route.continue();
      const headers = {
        'retry-after': '2',
        'access-control-allow-origin': '*',
        'access-control-expose-headers': '*',
      };
      await route.fulfill({ status: 429, headers, json: { status: 'error', error_code: 'RATE_LIMITED' } });
    });
    await widget.write('patience');
    await eventually(() => asked.length === 1);
    await widget.write('please'); // does not ask any sooner
    await widget.becomes('delivered', 'delivered', 'delivered');
    expect(asked[1]! - asked[0]!).toBeGreaterThanOrEqual(1_990);
    expect(await stored(conversation)).toEqual(['busy: hello', 'patience', 'please']);
  });

  test('two tabs with the same waiting messages send each once', async () => {
    const { widget, conversation } = await begin('tabs: hello');
    const other = await visit();
    await other.shows('tabs: hello');
    await context.setOffline(true);
    await widget.write('a', 'b');
    await other.write('c');
    await other.becomes('delivered', 'sending', 'sending', 'sending');
    await context.setOffline(false);
    await other.becomes('delivered', 'delivered', 'delivered', 'delivered');
    await widget.shows('tabs: hello', 'a', 'b', 'c');
    expect(await stored(conversation)).toEqual(['tabs: hello', 'a', 'b', 'c']);
  });

  test('a server that was started anew finds it again, with all that was said meanwhile on both sides', async () => {
    const { token } = await openChat(system);
    const { widget, conversation } = await begin('restart: hello', { token });
    // To another device, the server delivers: so it does not by itself bring this one what it missed.
    const elsewhere = await browser.newContext();
    const page = website.page({ server: system.url, attributes: { token } });
    const other = await WidgetPage.visit(elsewhere, page);
    door.stop();
    await widget.banner.getByText('Reconnecting').waitFor();
    await widget.write('still here?');
    const answers = Array.from({ length: 60 }, (_, i) => `answer ${i}`); // more than one page
    for (const answer of answers) await reply(conversation, answer);
    await eventually(async () => (await other.inside('.badge').textContent()) === '60');
    await elsewhere.close();
    const another = await system.startAnother();
    door.leadTo(another.url);
    await door.reopen();
    await eventually(async () => (await widget.states())[1] === 'delivered', { timeoutMs: 20_000 });
    expect(await stored(conversation)).toEqual(['restart: hello', ...answers, 'still here?']);
    await widget.shows('restart: hello', ...answers, 'still here?');
    await reply(conversation, 'live again');
    await eventually(async () => (await widget.bubbles()).at(-1) === 'live again');
    door.leadTo(system.url);
  });

  test('where sockets do not get through, answers are asked for', async () => {
    await context.clock.install();
    await context.route('**/socket.io/**', (route) => route.abort());
    await context.routeWebSocket(/socket\.io/, (socket) => void socket.close());
    const { widget, conversation } = await begin('blocked: hello');
    await reply(conversation, 'heard all the same');
    await widget.page.clock.fastForward(16_000);
    await widget.shows('blocked: hello', 'heard all the same');
  });

  test('earlier messages are there for whoever asks', async () => {
    const { widget, conversation } = await begin('long: hello');
    const answers = Array.from({ length: 55 }, (_, i) => `line ${i}`);
    for (const answer of answers) await reply(conversation, answer);
    await eventually(async () => (await widget.bubbles()).length === 56);
    await widget.page.reload();
    await widget.open();
    await eventually(async () => (await widget.bubbles()).length === 50);
    await widget.inside('.earlier').click();
    await widget.shows('long: hello', ...answers);
    expect(await widget.inside('.earlier').isVisible()).toBe(false);
  });
});
