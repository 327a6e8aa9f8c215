import { createServer, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { GraphClient, type UploadOutcome } from './graph-client';

const TOKEN = 'EAAGm0PX4ZCpsBAKtokenThatMustStaySecret12345';
const CONTENT = Buffer.from('\0\r\n--boundary\r\nany bytes \xff', 'latin1');

let server: Server;
let baseUrl: string;
let answer: { status: number; body: string };
let received: { request: IncomingMessage; body: Buffer }[];

beforeAll(async () => {
  server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk)).on('error', () => undefined);
    request.on('end', () => {
      received.push({ request, body: Buffer.concat(chunks) });
      response.writeHead(answer.status).end(answer.body);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  baseUrl = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
beforeEach(() => {
  received = [];
  answer = { status: 200, body: '{"id":"1003383421387256"}' };
});
afterAll(async () => {
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
});

async function* inPieces(bytes: Buffer): AsyncIterable<Uint8Array> {
  for (let i = 0; i < bytes.length; i += 7) yield await Promise.resolve(bytes.subarray(i, i + 7));
}

async function upload(
  content: AsyncIterable<Uint8Array> = inPieces(CONTENT),
  name = 'photo.png',
): Promise<UploadOutcome> {
  const target = { baseUrl, apiVersion: 'v25.0', phoneNumberId: '106540352242922', accessToken: TOKEN };
  const outcome = await new GraphClient({ timeoutMs: 2_000 }).uploadMedia(target, {
    name,
    mimeType: 'image/png',
    size: CONTENT.length,
    content,
  });
  expect(JSON.stringify(outcome)).not.toMatch(/EAAG|StaySecret/);
  return outcome;
}

test('a file goes as one form of a known length, as Meta documents it', async () => {
  expect(await upload()).toEqual({ kind: 'uploaded', mediaId: '1003383421387256' });
  const [{ request, body }] = received as [(typeof received)[0]];
  expect([request.method, request.url]).toEqual(['POST', '/v25.0/106540352242922/media']);
  expect(request.headers).toMatchObject({
    authorization: `Bearer ${TOKEN}`,
    'content-length': String(body.length),
  });
  expect(request.headers).not.toHaveProperty('transfer-encoding');
  const form = await new Response(new Uint8Array(body), {
    headers: { 'content-type': request.headers['content-type']! },
  }).formData();
  expect([form.get('messaging_product'), form.get('type')]).toEqual(['whatsapp', 'image/png']);
  const file = form.get('file') as File;
  expect([file.name, file.type]).toEqual(['photo.png', 'image/png']);
  expect(Buffer.from(await file.arrayBuffer())).toEqual(CONTENT);
});

test.each(['a"; name="type', 'a\r\nX-Evil: 1', 'a\\'])(
  'a file called %j adds nothing to the form',
  async (name) => {
    expect(await upload(inPieces(CONTENT), name)).toMatchObject({ kind: 'uploaded' });
    const head = received[0]!.body.toString('latin1').split('\r\n\r\n')[2]!;
    const lines = head.split('\r\n').slice(1);
    expect(lines).toHaveLength(3);
    expect(head).not.toContain('name="type"; ');
  },
);

test.each<[string, { status: number; body: string }, object]>([
  ['an id that is missing', { status: 200, body: '{}' }, { kind: 'unknown' }],
  ['HTML', { status: 502, body: '<html>' }, { kind: 'unknown' }],
  [
    'an error of Meta’s that quotes the token',
    { status: 400, body: JSON.stringify({ error: { code: 131053, message: `bad ${TOKEN}` } }) },
    { kind: 'refused', error: { class: 'permanent', code: 131053 } },
  ],
  [
    'a dead token',
    { status: 401, body: JSON.stringify({ error: { code: 190 } }) },
    { kind: 'refused', error: { class: 'account' } },
  ],
])('%s as an answer is no upload', async (_, given, outcome) => {
  answer = given;
  expect(await upload()).toMatchObject(outcome);
});

test('a file that is shorter or longer than it was said to be is none', async () => {
  expect(await upload(inPieces(CONTENT.subarray(1)))).toMatchObject({ kind: 'unknown' });
  expect(await upload(inPieces(Buffer.concat([CONTENT, CONTENT])))).toMatchObject({ kind: 'unknown' });
  expect(received).toEqual([]);
});

test('a file that cannot be read to its end is none', async () => {
  async function* broken(): AsyncIterable<Uint8Array> {
    yield await Promise.resolve(CONTENT.subarray(0, 3));
    throw new Error('the disk is gone');
  }
  expect(await upload(broken())).toMatchObject({ kind: 'unknown' });
  expect(received).toEqual([]);
});
