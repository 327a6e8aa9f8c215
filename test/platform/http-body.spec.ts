import { connect } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import type { FastifyInstance } from 'fastify';
import { BYTES_BODY, configureFastify, fastifyAdapter, FORM_BODY } from '../../src/platform/http/fastify';
import { createLogger } from '../../src/platform/observability/logger';
import { testConfig } from '../support/system';

const TIMEOUT_MS = 400;
const HEAD = 'Host: x\r\nContent-Type: application/json\r\n';

let fastify: FastifyInstance;
let port: number;

/** The server's Fastify as it is, with a limit that a test can wait for. */
beforeAll(async () => {
  fastify = fastifyAdapter(testConfig('postgres://127.0.0.1:1/x', 'http://127.0.0.1:1', {})).getInstance();
  await configureFastify(fastify, createLogger('silent'), TIMEOUT_MS);
  fastify.post('/json', () => ({ done: true }));
  fastify.post('/bytes', { config: BYTES_BODY }, () => ({ done: true }));
  fastify.post('/slow', async () => {
    await delay(3 * TIMEOUT_MS);
    return { done: true };
  });
  fastify.route({
    method: 'POST',
    url: '/form',
    config: FORM_BODY,
    handler: async (request) => {
      for await (const part of request.parts()) if (part.type === 'file') await part.toBuffer();
      return { done: true };
    },
  });
  const address = await fastify.listen({ port: 0, host: '127.0.0.1' });
  port = Number(new URL(address).port);
});
afterAll(() => fastify.close());

/** What comes back until the server closes, or for `untilMs`; the parts are sent with `pauseMs` in between. */
async function send(
  parts: string[],
  { pauseMs = 0, untilMs = 8 * TIMEOUT_MS } = {},
): Promise<{ text: string; ms: number; closed: boolean }> {
  const socket = connect(port, '127.0.0.1');
  const began = performance.now();
  let text = '';
  let closed = false;
  socket.on('data', (chunk) => (text += chunk.toString()));
  socket.on('error', () => undefined);
  const end = new Promise<void>((resolve) => socket.on('close', () => resolve()));
  for (const part of parts) {
    if (!socket.writable) break;
    socket.write(part);
    await delay(pauseMs);
  }
  await Promise.race([end.then(() => (closed = true)), delay(untilMs, undefined, { ref: false })]);
  socket.destroy();
  return { text, ms: performance.now() - began, closed };
}

const answers = (text: string): string[] => text.match(/HTTP\/1\.1 \d+/g) ?? [];

describe.each(['/json', '/bytes', '/nowhere'])('a body for %s', (path) => {
  const start = `POST ${path} HTTP/1.1\r\n${HEAD}`;

  test.each([
    ['that never comes', [`${start}Content-Length: 10\r\n\r\n`], 0],
    ['that stops halfway', [`${start}Content-Length: 10\r\n\r\n{"a"`], 0],
    ['that trickles', [`${start}Content-Length: 100\r\n\r\n`, ...Array<string>(40).fill(' ')], 50],
    ['of chunks without an end', [`${start}Transfer-Encoding: chunked\r\n\r\n`, '2\r\n{}\r\n'], 10],
  ])('%s ends the connection when its time is over, in the common form', async (_, parts, pauseMs) => {
    const { text, ms, closed } = await send(parts, { pauseMs });
    expect([closed, answers(text)]).toEqual([true, ['HTTP/1.1 400']]);
    expect(JSON.parse(text.split('\r\n\r\n')[1]!)).toEqual({
      statusCode: 400,
      code: 'VALIDATION_FAILED',
      message: 'This is not a valid HTTP request, or it came too slowly.',
      requestId: expect.any(String),
    });
    expect(ms).toBeGreaterThanOrEqual(TIMEOUT_MS - 20);
  });
});

test('one that is there in time is answered, however long the handler takes', async () => {
  const { text } = await send([
    `POST /slow HTTP/1.1\r\n${HEAD}Connection: close\r\nContent-Length: 2\r\n\r\n`,
    '{}',
  ]);
  expect(answers(text)).toEqual(['HTTP/1.1 200']);
});

test('a second request on the connection has a time of its own', async () => {
  const request = `POST /json HTTP/1.1\r\n${HEAD}Content-Length: 2\r\n\r\n{}`;
  const { text, closed } = await send([request, request, request], {
    pauseMs: TIMEOUT_MS - 100,
    untilMs: 100,
  });
  expect([closed, answers(text)]).toEqual([false, Array(3).fill('HTTP/1.1 200')]);
});

test('one that is refused for its size is answered once, whatever still comes', async () => {
  const { text } = await send(
    [
      `POST /json HTTP/1.1\r\n${HEAD}Content-Length: 9000000\r\n\r\n`,
      ...Array<string>(20).fill('x'.repeat(1_000)),
    ],
    { pauseMs: 50, untilMs: TIMEOUT_MS },
  );
  expect(answers(text)).toEqual(['HTTP/1.1 413']);
});

test('a form with files may take longer', async () => {
  const part = '--b\r\nContent-Disposition: form-data; name="file"; filename="a"\r\n\r\n';
  const end = 'x\r\n--b--\r\n';
  const { text } = await send(
    [
      `POST /form HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Type: multipart/form-data; boundary=b\r\nContent-Length: ${part.length + end.length}\r\n\r\n${part}`,
      end,
    ],
    { pauseMs: 2 * TIMEOUT_MS },
  );
  expect(answers(text)).toEqual(['HTTP/1.1 200']);
});
