import { existsSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { delimiter, join } from 'node:path';
import { type Browser, chromium } from 'playwright-core';

const EXECUTABLE = (process.env.PATH ?? '')
  .split(delimiter)
  .map((folder) => join(folder, 'chromium'))
  .find((path) => existsSync(path));

/** `describe` where there is a Chromium; elsewhere it says loudly what was not tested, and fails in CI. */
export function describeWithChromium(what: string): jest.Describe {
  if (EXECUTABLE !== undefined) return describe;
  console.warn(`NOT RUN: chromium is not installed, so ${what} were not tested`);
  test('chromium is installed where everything must be tested', () => {
    expect(process.env.CI).not.toBe('true');
  });
  return describe.skip;
}

export async function startChromium(): Promise<Browser> {
  return await chromium.launch({ executablePath: EXECUTABLE, args: ['--no-sandbox'] });
}

/** Whose page embeds the widget. */
export interface WebsiteOptions {
  /** Where the widget and its server are. */
  server: string;
  /** Attributes of the script tag, without `data-`. */
  attributes?: Record<string, string>;
}

/** A website of its own origin with a strict policy: what embeds the widget in a test. */
export class Website {
  private constructor(
    readonly url: string,
    private readonly server: Server,
  ) {}

  static async start(): Promise<Website> {
    const server = createServer((request, response) => {
      const { searchParams } = new URL(request.url ?? '/', 'http://website');
      const widget = searchParams.get('server');
      response.setHeader('content-type', 'text/html; charset=utf-8');
      if (widget !== null) response.setHeader('content-security-policy', policyFor(widget));
      response.end(
        pageWith(widget, JSON.parse(searchParams.get('attributes') ?? '{}') as Record<string, string>),
      );
    });
    await new Promise<void>((ready) => server.listen(0, '127.0.0.1', ready));
    return new Website(`http://127.0.0.1:${(server.address() as AddressInfo).port}`, server);
  }

  /** The address of a page with the widget. */
  page({ server, attributes = {} }: WebsiteOptions): string {
    const query = new URLSearchParams({ server, attributes: JSON.stringify(attributes) });
    return `${this.url}/?${query.toString()}`;
  }

  async stop(): Promise<void> {
    this.server.closeAllConnections();
    await new Promise((done) => this.server.close(done));
  }
}

/** As docs/widget.md asks of websites, and nothing more. */
function policyFor(server: string): string {
  const socket = server.replace(/^http/, 'ws');
  return [
    "default-src 'none'",
    `script-src ${server}`,
    `connect-src ${server} ${socket}`,
    `img-src ${server} blob:`,
  ].join('; ');
}

function pageWith(server: string | null, attributes: Record<string, string>): string {
  const escaped = (text: string): string => text.replaceAll('&', '&amp;').replaceAll('"', '&quot;');
  const data = Object.entries({ 'app-id': 'default', locale: 'en', ...attributes })
    .map(([name, value]) => ` data-${name}="${escaped(value)}"`)
    .join('');
  const script = server === null ? '' : `<script src="${server}/chat-widget.js"${data} async></script>`;
  return `<!doctype html>
<html lang="en">
<head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1"><title>A shop</title></head>
<body><main><h1>A shop</h1><p>Things to buy.</p><button id="elsewhere">Elsewhere</button></main>${script}</body>
</html>`;
}
