import { createServer, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { SupabaseStorage } from '../../src/platform/storage/supabase-storage';

const KEY = 'uploads/1/image/2026/11/0123456789abcdef.png';
const TOKEN = 'service-role-key';

let server: Server;
let storage: SupabaseStorage;
let failing: number | null = null;
const objects = new Map<string, { bytes: Buffer; type: string }>();
const asked: string[] = [];
const folder = mkdtempSync(join(tmpdir(), 'apicechat-supabase-'));

/** As much of Supabase's storage API as is used, on a private bucket. */
async function answer(request: IncomingMessage): Promise<[status: number, body: object | Buffer]> {
  const url = new URL(request.url!, 'http://x');
  asked.push(`${request.method} ${url.pathname}`);
  const body = await buffer(request);
  if (failing !== null)
    return [failing, { statusCode: String(failing), error: 'Internal', message: 'broken' }];
  const signed = /^\/storage\/v1\/object\/sign\/attachments\/(.+)$/.exec(url.pathname)?.[1];
  if (signed !== undefined && request.method === 'GET') {
    if (url.searchParams.get('token') !== 'signed') return [400, { statusCode: '400', message: 'no token' }];
    const { bytes } = objects.get(signed)!;
    const [, from, to] = /^bytes=(\d+)-(\d+)$/.exec(request.headers.range ?? '') ?? [];
    return from === undefined ? [200, bytes] : [206, bytes.subarray(Number(from), Number(to) + 1)];
  }
  if (request.headers.authorization !== `Bearer ${TOKEN}`)
    return [400, { statusCode: '403', message: 'no right' }];
  const missing: [number, object] = [
    400,
    { statusCode: '404', error: 'not_found', message: 'Object not found' },
  ];
  if (signed !== undefined)
    return objects.has(signed)
      ? [200, { signedURL: `/object/sign/attachments/${signed}?token=signed` }]
      : missing;
  const info = /^\/storage\/v1\/object\/info\/attachments\/(.+)$/.exec(url.pathname)?.[1];
  if (info !== undefined)
    return objects.has(info) ? [200, { size: objects.get(info)!.bytes.length }] : missing;
  if (url.pathname === '/storage/v1/bucket/attachments')
    return [200, { id: 'attachments', name: 'attachments' }];
  if (url.pathname === '/storage/v1/object/attachments' && request.method === 'DELETE') {
    const { prefixes } = JSON.parse(body.toString()) as { prefixes: string[] };
    return [200, prefixes.filter((key) => objects.delete(key)).map((name) => ({ name }))];
  }
  const stored = /^\/storage\/v1\/object\/attachments\/(.+)$/.exec(url.pathname)?.[1];
  if (stored !== undefined && request.method === 'POST') {
    objects.set(stored, { bytes: body, type: request.headers['content-type']! });
    return [200, { Id: '1', Key: `attachments/${stored}` }];
  }
  return [404, { statusCode: '404', message: `unknown ${request.method} ${url.pathname}` }];
}

beforeAll(async () => {
  server = createServer((request, response) => {
    void answer(request).then(([status, body]) => {
      response.writeHead(status, {
        'content-type': Buffer.isBuffer(body) ? 'image/png' : 'application/json',
      });
      response.end(Buffer.isBuffer(body) ? body : JSON.stringify(body));
    });
  });
  await new Promise<void>((ready) => server.listen(0, '127.0.0.1', ready));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  storage = new SupabaseStorage({ url, key: TOKEN, bucket: 'attachments', public: false });
});
afterAll(() => {
  server.closeAllConnections();
  server.close();
  rmSync(folder, { recursive: true });
});
beforeEach(() => {
  failing = null;
  objects.clear();
});

test('nothing is asked of Supabase before there is a file', () => expect(asked).toEqual([]));

test.each<[string, (bytes: Buffer) => Buffer | { file: string }]>([
  ['bytes', (bytes) => bytes],
  [
    'a file',
    (bytes) => {
      const file = join(folder, 'x');
      writeFileSync(file, bytes);
      return { file };
    },
  ],
])('%s can be stored, measured, read in part and whole, and deleted', async (_, content) => {
  const bytes = Buffer.from(Array.from({ length: 300_000 }, (__, i) => i % 251));
  await storage.put(KEY, content(bytes), { contentType: 'image/png' });
  expect(objects.get(KEY)!.bytes.equals(bytes)).toBe(true);
  expect(objects.get(KEY)!.type).toBe('image/png');
  expect(await storage.size(KEY)).toBe(bytes.length);
  expect((await buffer(await storage.open(KEY))).equals(bytes)).toBe(true);
  expect(await buffer(await storage.open(KEY, { start: 10, end: 19 }))).toEqual(bytes.subarray(10, 20));
  await storage.put(KEY, content(bytes), { contentType: 'image/png' }); // a try whose answer was lost
  await storage.delete([KEY]);
  expect(objects.size).toBe(0);
  await storage.delete([KEY]);
});

test('what is not there is told as missing', async () => {
  expect(await storage.size(KEY)).toBeNull();
  await expect(storage.open(KEY)).rejects.toMatchObject({ code: 'NOT_FOUND' });
});

test('trouble of Supabase is unavailability, whatever was asked', async () => {
  failing = 500;
  const unavailable = { code: 'STORAGE_UNAVAILABLE', status: 503 };
  await expect(storage.put(KEY, Buffer.from('x'), { contentType: 'text/plain' })).rejects.toMatchObject(
    unavailable,
  );
  await expect(storage.open(KEY)).rejects.toMatchObject(unavailable);
  await expect(storage.size(KEY)).rejects.toMatchObject(unavailable);
  await expect(storage.delete([KEY])).rejects.toMatchObject(unavailable);
  expect(await storage.isUp()).toBe(false);
  failing = null;
  expect(await storage.isUp()).toBe(true);
});

test('there is a public address only where the operator wants one', () => {
  expect(storage.publicUrl(KEY)).toBeNull();
  const open = new SupabaseStorage({
    url: 'https://p.supabase.co',
    key: TOKEN,
    bucket: 'attachments',
    public: true,
  });
  expect(open.publicUrl(KEY)).toBe(`https://p.supabase.co/storage/v1/object/public/attachments/${KEY}`);
});
