import type { BrowserContext, Locator, Page } from 'playwright-core';
import { eventually } from './eventually';

/** Where it sends texts to. */
export const SENDING = /\/api\/chat\/(conversations\/\d+\/)?messages$/;

/** A page with the widget, as the person who uses it sees it. */
export class WidgetPage {
  /** What a script of the page threw, or what its policy forbade. */
  readonly problems: string[] = [];

  private constructor(readonly page: Page) {
    page.on('pageerror', (error) => this.problems.push(String(error)));
    page.on('console', (message) => {
      if (/Content Security Policy|Refused to/i.test(message.text())) this.problems.push(message.text());
    });
  }

  static async visit(context: BrowserContext, url: string): Promise<WidgetPage> {
    const visited = new WidgetPage(await context.newPage());
    await visited.page.goto(url);
    await visited.launcher.waitFor();
    return visited;
  }

  get launcher(): Locator {
    return this.inside('.launcher');
  }

  get panel(): Locator {
    return this.inside('.panel');
  }

  get field(): Locator {
    return this.inside('.composer textarea');
  }

  get banner(): Locator {
    return this.inside('.banner');
  }

  inside(selector: string): Locator {
    return this.page.locator(`apice-chat ${selector}`);
  }

  async open(): Promise<void> {
    await this.launcher.click();
    await this.panel.waitFor();
  }

  async write(...texts: string[]): Promise<void> {
    for (const text of texts) {
      await this.field.fill(text);
      await this.field.press('Enter');
    }
  }

  /** What the conversation says, from the top, without the greeting and what is for screen readers only. */
  async bubbles(): Promise<string[]> {
    return await this.inside('.row:not(.greeting) .bubble').evaluateAll((all) =>
      all.map((one) => {
        const copy = one.cloneNode(true);
        for (const hint of copy.querySelectorAll('.spoken')) hint.remove();
        return copy.textContent ?? '';
      }),
    );
  }

  async shows(...texts: string[]): Promise<void> {
    let last: string[] = [];
    await eventually(
      async () => {
        last = await this.bubbles();
        return JSON.stringify(last) === JSON.stringify(texts);
      },
      { what: `the conversation ${JSON.stringify(texts)}` },
    ).catch((error: unknown) => {
      throw new Error(`${String(error)}; it shows ${JSON.stringify(last)}`);
    });
  }

  /** How far the own messages have come, from the top. */
  async states(): Promise<string[]> {
    return await this.inside('.mine .meta').evaluateAll((all) =>
      all.map((one) => one.querySelector('.icon')?.getAttribute('class')?.replace('icon i-', '') ?? ''),
    );
  }

  async becomes(...states: string[]): Promise<void> {
    await eventually(async () => JSON.stringify(await this.states()) === JSON.stringify(states), {
      what: `own messages to be ${states.join(', ')}`,
    });
  }
}
