import type { Browser, BrowserContext, BrowserContextOptions } from 'playwright-core';
import { startChromium, Website } from './browser';
import { eventually } from './eventually';
import { type Caller, TestSystem } from './system';
import { WidgetPage } from './widget-page';

/** A server, a website that embeds its widget, a browser, and an agent who answers. */
export class WidgetWorld {
  private readonly contexts: BrowserContext[] = [];

  private constructor(
    readonly system: TestSystem,
    readonly agent: Caller,
    private readonly website: Website,
    private readonly browser: Browser,
  ) {}

  static async start(): Promise<WidgetWorld> {
    const [system, website, browser] = await Promise.all([
      // More visitors than come from one address in a minute.
      TestSystem.start({ config: { chat: { rateLimitEnabled: false } } }),
      Website.start(),
      startChromium(),
    ]);
    return new WidgetWorld(system, await system.signIn('supervisor'), website, browser);
  }

  async stop(): Promise<void> {
    await this.browser.close();
    await this.website.stop();
    await this.system.stop();
  }

  /** Everybody goes home. */
  async leave(): Promise<void> {
    for (const context of this.contexts.splice(0)) await context.close();
  }

  /** Somebody with a browser of their own. */
  async someone(options: BrowserContextOptions = {}): Promise<BrowserContext> {
    const context = await this.browser.newContext(options);
    this.contexts.push(context);
    return context;
  }

  /** Opens the page and the widget's window on it. */
  async visit(context: BrowserContext, attributes: Record<string, string> = {}): Promise<WidgetPage> {
    const { system, website } = this;
    const widget = await WidgetPage.visit(context, website.page({ server: system.url, attributes }));
    await widget.open();
    return widget;
  }

  /** Where this was said. */
  async conversationOf(text: string): Promise<number> {
    return await eventually(
      async () => {
        const rows = await this.system.sql<{ id: string }>(
          'select conversation_id as id from message where body = $1',
          [text],
        );
        return rows.length === 0 ? 0 : Number(rows[0]!.id);
      },
      { what: `"${text}" to arrive` },
    );
  }

  async reply(conversation: number, body: string): Promise<void> {
    const answer = await this.agent.post('/messages', { conversation_id: conversation, body });
    expect(answer.status).toBe(201);
  }

  async close(conversation: number): Promise<void> {
    const answer = await this.agent.patch(`/conversations/${conversation}`, { status: 'closed' });
    expect(answer.status).toBe(200);
  }
}
