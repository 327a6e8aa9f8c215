import { gunzipSync } from 'node:zlib';
import { request } from 'node:http';
import { TestSystem } from '../support/system';

const SIZE_LIMIT = 40_000;

let system: TestSystem;

beforeAll(async () => {
  system = await TestSystem.start();
});

afterAll(() => system.stop());

interface Raw {
  status: number;
  headers: Record<string, string | string[] | undefined>;
  body: Buffer;
}

/** Unlike `fetch`, it leaves the content as it came. */
async function load(headers: Record<string, string> = {}, method = 'GET'): Promise<Raw> {
  return await new Promise((resolve, reject) => {
    const call = request(`${system.url}/chat-widget.js`, { method, headers }, (response) => {
      const chunks: Buffer[] = [];
      response.on('data', (chunk: Buffer) => chunks.push(chunk));
      response.on('end', () =>
        resolve({ status: response.statusCode!, headers: response.headers, body: Buffer.concat(chunks) }),
      );
    });
    call.on('error', reject).end();
  });
}

describe('GET /chat-widget.js', () => {
  it('is a script that other websites may load', async () => {
    const { status, headers, body } = await load();
    expect(status).toBe(200);
    expect(headers).toMatchObject({
      'content-type': 'text/javascript; charset=utf-8',
      'cross-origin-resource-policy': 'cross-origin',
      'x-content-type-options': 'nosniff',
      'cache-control': 'public, max-age=300, stale-while-revalidate=86400',
    });
    expect(headers['vary']).toMatch(/accept-encoding/i);
    expect(headers['content-encoding']).toBeUndefined();
    expect(body.toString()).toContain('ApiCeChat');
  });

  it('has at most 40 kB gzipped, with all that the page loads', async () => {
    const { headers, body } = await load({ 'accept-encoding': 'gzip' });
    expect(headers['content-encoding']).toBe('gzip');
    expect(body.length).toBeLessThanOrEqual(SIZE_LIMIT);
    expect(gunzipSync(body)).toEqual((await load()).body);
    expect((await load({ 'accept-encoding': 'gzip, deflate, br' })).body.length).toBeLessThan(body.length);
  });

  it.each(['identity', '*;q=0', 'gzip;q=0, br;q=0', 'nonsense', ''])(
    'is sent plainly to who accepts "%s"',
    async (accepted) => {
      const { status, headers } = await load({ 'accept-encoding': accepted });
      expect([status, headers['content-encoding']]).toEqual([200, undefined]);
    },
  );

  it('is not sent again to who has it', async () => {
    for (const accepted of ['identity', 'gzip', 'br']) {
      const first = await load({ 'accept-encoding': accepted });
      const again = await load({
        'accept-encoding': accepted,
        'if-none-match': `"old", ${String(first.headers['etag'])}`,
      });
      expect([again.status, again.body.length]).toEqual([304, 0]);
    }
    const plain = await load();
    const zipped = await load({ 'accept-encoding': 'gzip', 'if-none-match': String(plain.headers['etag']) });
    expect(zipped.status).toBe(200);
  });

  it('makes nothing of texts but texts', async () => {
    const script = (await load()).body.toString();
    expect(script).not.toMatch(
      /\b(innerHTML|outerHTML|insertAdjacentHTML|document\.write|eval\(|new Function)/,
    );
  });
});
