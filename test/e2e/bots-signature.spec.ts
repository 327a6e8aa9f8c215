import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { signedHeaders } from '../../src/bots/webhook-exchange';
import { BOT_SECRET } from '../support/bots';

type IsGenuine = (headers: Record<string, string>, body: string, secret: string, now?: number) => boolean;

/** The function that docs/bots.md hands to whoever writes a service, as it stands there. */
function documented(): IsGenuine {
  const text = readFileSync(join(__dirname, '../../docs/bots.md'), 'utf8');
  const [, code] = /```js\n([^`]*?isGenuine[\s\S]*?)\n```/.exec(text)!;
  // oxlint-disable-next-line no-implied-eval -- the documentation's own text is what is tried
  return new Function('require', `${code}\nreturn isGenuine;`)(createRequire(__filename)) as IsGenuine;
}

const BODY = '{"message":{"body":"ü 😀"}}';
const NOW = new Date('2026-11-21T12:00:00Z');

test('the documented check takes what the server signs', () => {
  const headers = signedHeaders(BOT_SECRET, 'bot:1:2', BODY, NOW);
  expect(documented()(headers, BODY, BOT_SECRET, NOW.getTime())).toBe(true);
});

test.each<[string, (headers: Record<string, string>) => [Record<string, string>, string, string, number]]>([
  ['another body', (h) => [h, `${BODY} `, BOT_SECRET, NOW.getTime()]],
  ['another secret', (h) => [h, BODY, `${BOT_SECRET}x`, NOW.getTime()]],
  ['another time', (h) => [{ ...h, 'x-timestamp': '1795262401' }, BODY, BOT_SECRET, NOW.getTime()]],
  ['an old one', (h) => [h, BODY, BOT_SECRET, NOW.getTime() + 301_000]],
  ['no signature', (h) => [{ 'x-timestamp': h['x-timestamp']! }, BODY, BOT_SECRET, NOW.getTime()]],
])('and refuses %s', (_, change) => {
  const given = change(signedHeaders(BOT_SECRET, 'bot:1:2', BODY, NOW));
  expect(documented()(...given)).toBe(false);
});
