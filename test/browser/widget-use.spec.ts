import { readFileSync } from 'node:fs';
import type { Browser, BrowserContext, BrowserContextOptions } from 'playwright-core';
import { describeWithChromium, startChromium, Website } from '../support/browser';
import { eventually } from '../support/eventually';
import { type Caller, TestSystem } from '../support/system';
import { SENDING, WidgetPage } from '../support/widget-page';

const AXE = readFileSync(require.resolve('axe-core/axe.min.js'), 'utf8');
const PHONE: BrowserContextOptions = {
  viewport: { width: 390, height: 780 },
  hasTouch: true,
  isMobile: true,
};

describeWithChromium('the use of the widget')('the use of the widget', () => {
  let system: TestSystem;
  let website: Website;
  let browser: Browser;
  let agent: Caller;
  let context: BrowserContext;

  beforeAll(async () => {
    [system, website, browser] = await Promise.all([TestSystem.start(), Website.start(), startChromium()]);
    agent = await system.signIn('supervisor');
  });
  afterEach(() => context.close());
  afterAll(async () => {
    await browser.close();
    await website.stop();
    await system.stop();
  });

  const visit = async (
    options: BrowserContextOptions = {},
    attributes: Record<string, string> = {},
  ): Promise<WidgetPage> => {
    context = await browser.newContext(options);
    return await WidgetPage.visit(context, website.page({ server: system.url, attributes }));
  };
  const conversationOf = async (text: string): Promise<number> =>
    Number(
      (
        await system.sql<{ id: string }>('select conversation_id as id from message where body = $1', [text])
      )[0]!.id,
    );
  const focused = async ({ page }: WidgetPage): Promise<string> =>
    await page.evaluate<string>(
      `(() => { const a = document.activeElement; const b = a.shadowRoot?.activeElement ?? a;
        return b.getAttribute('aria-label') ?? b.id ?? b.tagName; })()`,
    );
  const violations = async ({ page }: WidgetPage): Promise<string[]> => {
    await page.evaluate(AXE);
    return await page.evaluate<string[]>(
      `axe.run().then(({ violations }) => violations.flatMap(({ id, nodes }) =>
        nodes.map(({ target, failureSummary }) => id + ' ' + JSON.stringify(target) + ' ' + failureSummary)))`,
    );
  };

  test('goes with the keyboard alone', async () => {
    const widget = await visit();
    const { keyboard } = widget.page;
    await widget.page.locator('#elsewhere').focus();
    await keyboard.press('Tab');
    expect(await focused(widget)).toBe('Open chat');
    await keyboard.press('Enter');
    expect(await focused(widget)).toBe('Write a message');
    await keyboard.type('First line');
    await keyboard.press('Shift+Enter');
    await keyboard.type('second line');
    await keyboard.press('Enter');
    await widget.shows('First line\nsecond line');
    await widget.becomes('delivered');
    expect(await focused(widget)).toBe('Write a message');
    await keyboard.press('Shift+Tab');
    expect(await focused(widget)).toBe('Attach a file');
    await keyboard.press('Shift+Tab');
    expect(await focused(widget)).toBe('Conversation');
    await keyboard.press('Escape');
    expect(await widget.panel.isVisible()).toBe(false);
    expect(await focused(widget)).toBe('Open chat');
  });

  test('gives the focus back to where it came from, and opens and closes for the page', async () => {
    const widget = await visit();
    await widget.page.evaluate("ApiCeChat.on('open', () => (document.title = 'open'))");
    await widget.page.evaluate("ApiCeChat.on('close', () => (document.title = 'closed'))");
    await widget.page.locator('#elsewhere').focus();
    await widget.page.evaluate('ApiCeChat.open()');
    expect(await focused(widget)).toBe('Write a message');
    expect(await widget.page.title()).toBe('open');
    await widget.page.keyboard.press('Escape');
    expect(await focused(widget)).toBe('elsewhere');
    expect(await widget.page.title()).toBe('closed');
    await widget.page.evaluate('ApiCeChat.destroy()');
    expect(await widget.page.evaluate("document.querySelector('apice-chat') ?? typeof ApiCeChat")).toBe(
      'undefined',
    );
  });

  test('fills a phone, keeps the focus within, and leaves the page where it was', async () => {
    const widget = await visit(PHONE);
    await widget.open();
    const whole = JSON.stringify({ x: 0, y: 0, width: 390, height: 780 });
    await eventually(async () => JSON.stringify(await widget.panel.boundingBox()) === whole);
    expect(await widget.launcher.isVisible()).toBe(false);
    expect(await widget.panel.getAttribute('aria-modal')).toBe('true');
    const size = await widget.page.evaluate<string>(
      "getComputedStyle(document.querySelector('apice-chat').shadowRoot.querySelector('textarea')).fontSize",
    );
    expect(Number.parseFloat(size)).toBeGreaterThanOrEqual(16); // or iOS zooms in
    const seen = new Set<string>();
    for (let i = 0; i < 8; i++) {
      await widget.page.keyboard.press('Tab');
      seen.add(await focused(widget));
    }
    expect([...seen].toSorted()).toEqual(['Attach a file', 'Close chat', 'Conversation', 'Write a message']);
    expect(await widget.page.evaluate('document.documentElement.style.overflow')).toBe('hidden');
    await widget.inside('header button').click();
    expect(await widget.page.evaluate('document.documentElement.style.overflow')).toBe('');
    expect(await focused(widget)).toBe('Open chat');
  });

  test.each([
    ['light', {}, {}],
    ['dark', { colorScheme: 'dark' }, { color: '#0a7' }],
    ['a phone', PHONE, { color: 'gold', locale: 'pt' }],
  ] as const)('breaks no rule of accessibility: %s', async (name, options, attributes) => {
    const widget = await visit({ reducedMotion: 'reduce', ...options }, attributes);
    expect(await violations(widget)).toEqual([]);
    await widget.open();
    expect(await violations(widget)).toEqual([]);
    const hello = `hello, ${name}`;
    await widget.write(hello, 'see https://example.com/a');
    await widget.becomes('delivered', 'delivered');
    const conversation = await conversationOf(hello);
    await agent.post('/messages', { conversation_id: conversation, body: 'an answer' });
    await widget.shows(hello, 'see https://example.com/a', 'an answer');
    await context.route(SENDING, (route) => route.abort());
    await widget.write('not yet');
    await widget.becomes('delivered', 'delivered', 'sending');
    expect(await violations(widget)).toEqual([]);
    await context.unroute(SENDING);
    await eventually(async () => (await widget.states()).at(-1) === 'delivered');
    await agent.patch(`/conversations/${conversation}`, { status: 'closed' });
    await widget.inside('.ended').waitFor();
    await widget.inside('.stars input').first().check();
    expect(await violations(widget)).toEqual([]);
    expect(widget.problems).toEqual([]);
  });

  test('keeps the newest message in sight, unless somebody reads further up', async () => {
    const widget = await visit();
    await widget.open();
    await widget.write('scroll: hello');
    await widget.becomes('delivered');
    const conversation = await conversationOf('scroll: hello');
    const reply = async (body: string): Promise<void> => {
      await agent.post('/messages', { conversation_id: conversation, body });
      await widget.inside('.theirs .bubble').getByText(body, { exact: true }).waitFor();
    };
    const fromEnd = async (): Promise<number> =>
      await widget
        .inside('.log')
        .evaluate((log: { scrollHeight: number; scrollTop: number; clientHeight: number }) =>
          Math.round(log.scrollHeight - log.scrollTop - log.clientHeight),
        );
    for (let i = 0; i < 12; i++) await reply(`line ${i}`);
    await eventually(async () => (await fromEnd()) <= 1, { what: 'the end to be in sight' });
    await widget.field.fill('a\nlonger\ndraft\nmakes\nthe log smaller');
    await eventually(async () => (await fromEnd()) <= 1, { what: 'the end to stay in sight' });
    await widget.inside('.log').hover();
    await widget.page.mouse.wheel(0, -400);
    await widget.inside('.newest').waitFor();
    const before = await fromEnd();
    await reply('the last line');
    expect(await fromEnd()).toBeGreaterThan(before);
    await widget.inside('.newest').click();
    await eventually(async () => (await fromEnd()) <= 1, { what: 'the end to come back' });
    expect(await widget.inside('.newest').isVisible()).toBe(false);
  });

  test('speaks the language of the page, or the one it is told', async () => {
    const told = await visit({}, { locale: 'pt-BR', title: '<b>Loja</b>' });
    expect(await told.launcher.getAttribute('aria-label')).toBe('Abrir o chat');
    await told.open();
    expect(await told.inside('h2').textContent()).toBe('<b>Loja</b>');
    await context.close();
    const unknown = await visit({ locale: 'es-MX' }, { locale: 'xx' });
    expect(await unknown.launcher.getAttribute('aria-label')).toBe('Open chat'); // the page is in English
  });
});
