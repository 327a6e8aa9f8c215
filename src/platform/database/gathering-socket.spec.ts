import { once } from 'node:events';
import { createServer, type AddressInfo, type Socket } from 'node:net';
import { GatheringSocket } from './gathering-socket';

test('what is written in one turn goes out together and in order, and the next turn is not held up', async () => {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const accepted = once(server, 'connection') as Promise<[Socket]>;
  const socket = new GatheringSocket();
  const handed = jest.spyOn(socket, '_writev' as 'write');
  socket.connect((server.address() as AddressInfo).port, '127.0.0.1');
  await once(socket, 'connect');
  const [peer] = await accepted;
  let heard = '';
  peer.on('data', (data: Buffer) => (heard += data.toString()));

  for (const text of ['a', 'b', 'c']) socket.write(text);
  await Promise.resolve().then(() => socket.write('d'));
  await new Promise((next) => setImmediate(next));
  socket.write('e');
  socket.write('f');
  socket.end();
  await once(peer, 'close');

  expect(heard).toBe('abcdef');
  expect(handed.mock.calls.map(([chunks]) => (chunks as unknown as unknown[]).length)).toEqual([4, 2]);
  server.close();
});
