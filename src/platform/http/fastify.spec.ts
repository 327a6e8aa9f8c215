import { once } from 'node:events';
import { type AddressInfo, connect } from 'node:net';
import Fastify, { type FastifyInstance } from 'fastify';
import { createLogger } from '../observability/logger';
import { configureFastify } from './fastify';

let fastify: FastifyInstance;

beforeEach(async () => {
  jest.useFakeTimers({
    doNotFake: ['nextTick', 'setImmediate', 'clearImmediate', 'queueMicrotask', 'setTimeout', 'clearTimeout'],
  });
  fastify = Fastify();
  await configureFastify(fastify, createLogger('silent'));
  fastify.post('/', (request) => request.body);
  await fastify.listen({ host: '127.0.0.1', port: 0 });
});
afterEach(async () => {
  jest.useRealTimers();
  await fastify.close();
});

/** A connection that has sent the beginning of a request, and all that it was answered. */
async function begun(
  body: string,
): Promise<{ send: (more: string) => void; answer: () => string; ended: Promise<unknown> }> {
  const arrived = once(fastify.server, 'request');
  const socket = connect((fastify.server.address() as AddressInfo).port, '127.0.0.1');
  let answer = '';
  socket.on('data', (data: Buffer) => (answer += data.toString()));
  socket.write(
    `POST / HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 7\r\n\r\n${body}`,
  );
  await arrived;
  return { send: (more) => socket.write(more), answer: () => answer, ended: once(socket, 'close') };
}

test('a body that does not come within 30 s is waited for no longer, also where some of it came', async () => {
  const request = await begun('{"a"');
  jest.advanceTimersByTime(29_000);
  await new Promise((next) => setTimeout(next, 20));
  expect(request.answer()).toBe('');

  jest.advanceTimersByTime(3_000);
  await request.ended;
  expect(request.answer()).toMatch(/^HTTP\/1\.1 400 /);
});

test('a connection whose body has come is kept', async () => {
  const request = await begun('{"a"');
  jest.advanceTimersByTime(29_000);
  request.send(':1}');
  while (!request.answer().endsWith('{"a":1}')) await new Promise((next) => setTimeout(next, 5));
  jest.advanceTimersByTime(60_000);
  const heard = request.answer().length;
  await new Promise((next) => setTimeout(next, 20));
  expect(request.answer()).toHaveLength(heard);
});
