import { createHash, createHmac } from 'node:crypto';
import { createServer, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

/** A shop that embeds the live chat, as any website would: it knows of the server what docs/widget.md says. */
export interface DemoWebsite {
  /** Address of the ApiCeChat server. */
  server: string;
  phone: string;
  /** What the website signs with, to name its signed-in users; null where there is nothing. */
  app: { appId: string; secret: string } | null;
}

const JANE = { user_id: 1001, username: 'jane', account_name: 'Jane Doe' };

/** Resolves with its address. Where the port is taken it uses another one. It ends with the process. */
export async function startDemoWebsite(site: DemoWebsite, port: number): Promise<string> {
  const server = createServer((request, response) => {
    const path = request.url?.split('?', 1)[0];
    if (path === '/style.css') send(response, 'text/css; charset=utf-8', STYLE);
    else if (path === '/') send(response, 'text/html; charset=utf-8', page(site, null));
    else if (path === '/jane' && site.app !== null) {
      tokenFor(site.server, site.app).then(
        (token) => send(response, 'text/html; charset=utf-8', page(site, token)),
        (error: unknown) =>
          send(response, 'text/plain; charset=utf-8', `Cannot sign in: ${String(error)}`, 502),
      );
    } else send(response, 'text/plain; charset=utf-8', 'There is no such page.', 404);
  });
  await listen(server, port).catch(() => listen(server, 0));
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

async function listen(server: Server, port: number): Promise<void> {
  await new Promise<void>((ready, failed) => {
    server.once('error', failed);
    server.listen(port, '127.0.0.1', () => {
      server.off('error', failed);
      ready();
    });
  });
}

/** The website vouches for its user; the secret never leaves its server. */
async function tokenFor(
  server: string,
  { appId, secret }: { appId: string; secret: string },
): Promise<string> {
  const path = '/api/chat/sessions';
  const body = JSON.stringify(JANE);
  const timestamp = String(Date.now());
  const hash = createHash('sha256').update(body).digest('hex');
  const signature = createHmac('sha256', secret).update(`${timestamp}\nPOST\n${path}\n${hash}`).digest('hex');
  const response = await fetch(server + path, {
    method: 'POST',
    headers: {
      'content-type': 'application/json',
      'x-app-id': appId,
      'x-timestamp': timestamp,
      'x-signature': signature,
    },
    body,
  });
  if (!response.ok) throw new Error(`${response.status} ${await response.text()}`);
  return ((await response.json()) as { data: { token: string } }).data.token;
}

function send(response: ServerResponse, type: string, text: string, status = 200): void {
  response.writeHead(status, {
    'content-type': type,
    // All that the widget needs is its server; docs/widget.md says the same.
    'content-security-policy': CONTENT_POLICY,
    'cache-control': 'no-store',
  });
  response.end(text);
}

const CONTENT_POLICY =
  "default-src 'none'; style-src 'self'; script-src http:; connect-src http: ws:; img-src http: blob: data:";

function page({ server, phone, app }: DemoWebsite, token: string | null): string {
  const attributes = [
    ...(app === null ? [] : [`data-app-id="${app.appId}"`]),
    ...(token === null ? [] : [`data-token="${token}"`]),
    'data-color="#0f766e"',
    'data-title="Lamps &amp; Light"',
    'data-greeting="Hello! Ask us anything about lamps."',
  ];
  const link = (href: string, name: string, isHere: boolean): string =>
    `<a href="${href}"${isHere ? ' aria-current="page"' : ''}>${name}</a>`;
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Lamps &amp; Light</title>
<link rel="stylesheet" href="/style.css">
<link rel="icon" href="data:,">
</head>
<body>
<header>
  <strong>Lamps &amp; Light</strong>
  <nav aria-label="Who you are">${link('/', 'A visitor', token === null)}${
    app === null ? '' : link('/jane', 'Signed in as Jane', token !== null)
  }</nav>
</header>
<main>
  <h1>${token === null ? 'Light for every evening' : 'Good evening, Jane'}</h1>
  <p class="lead">This shop is made up. The chat in its corner is real: it talks to <a href="${server}/docs">your server</a>,
    as the <a href="${phone}">customer's phone</a> does.</p>
  <ul>
    <li><span class="lamp moon"></span><h2>Moon</h2><p>A soft ball for the bedside.</p><b>€ 49</b></li>
    <li><span class="lamp reed"></span><h2>Reed</h2><p>Thin, tall, and never in the way.</p><b>€ 129</b></li>
    <li><span class="lamp dune"></span><h2>Dune</h2><p>Warm sand for long tables.</p><b>€ 89</b></li>
  </ul>
  <p>Write something, then answer as an agent with the lines that the demo printed. Stop the server and go on writing:
    nothing is lost.</p>
</main>
<script src="${server}/chat-widget.js" ${attributes.join(' ')} async></script>
</body>
</html>
`;
}

const STYLE = `
:root { color-scheme: light dark; --ground: #faf8f4; --panel: #fff; --ink: #23201b; --soft: #655f55; --line: #e7e1d6; --accent: #0f766e; }
@media (prefers-color-scheme: dark) { :root { --ground: #161512; --panel: #201e1a; --ink: #f0ece3; --soft: #b1a99b; --line: #37332c; --accent: #5ec4b8; } }
* { box-sizing: border-box; }
body { margin: 0; background: var(--ground); color: var(--ink); font: 17px/1.55 system-ui, -apple-system, 'Segoe UI', Roboto, sans-serif; }
header { display: flex; flex-wrap: wrap; gap: 10px 24px; align-items: center; justify-content: space-between; padding: 18px max(24px, calc(50vw - 520px)); background: var(--panel); border-bottom: 1px solid var(--line); }
nav { display: flex; gap: 6px; } nav a { padding: 6px 14px; border-radius: 20px; text-decoration: none; color: var(--soft); border: 1px solid transparent; font-size: 15px; }
nav a[aria-current] { color: var(--ink); border-color: var(--line); background: var(--ground); }
main { max-width: 1088px; margin: 0 auto; padding: 56px 24px 120px; }
h1 { font-size: clamp(32px, 6vw, 54px); line-height: 1.1; margin: 0 0 16px; letter-spacing: -.02em; }
.lead { font-size: 20px; color: var(--soft); max-width: 44ch; margin: 0 0 44px; } a { color: var(--accent); }
ul { list-style: none; margin: 0 0 44px; padding: 0; display: grid; gap: 22px; grid-template-columns: repeat(auto-fit, minmax(230px, 1fr)); }
li { background: var(--panel); border: 1px solid var(--line); border-radius: 20px; padding: 22px; }
h2 { margin: 16px 0 4px; font-size: 20px; } li p { margin: 0 0 10px; color: var(--soft); }
.lamp { display: block; height: 170px; border-radius: 14px; }
.moon { background: radial-gradient(circle at 50% 55%, #fff8e0 0 22%, #ffd97a 34%, #51406b 70%, #33284a); }
.reed { background: linear-gradient(90deg, transparent 48%, #fff3cf 48% 52%, transparent 52%), radial-gradient(ellipse at 50% 0, #ffe3a1, #7c5a3c 60%, #3f2d20); }
.dune { background: radial-gradient(ellipse 80% 46% at 50% 100%, #ffce85, #d98a4e 60%, transparent 62%), linear-gradient(#2c3f52, #7b6a63); }
`;
