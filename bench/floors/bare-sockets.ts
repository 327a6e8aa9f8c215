import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setImmediate as turn } from 'node:timers/promises';
import { Server } from 'socket.io';
import { answerQuestions } from '../questions';

// Socket.IO and nothing else: whoever comes joins one room, and what the parent says is told to that room.

const ROOM = 'everyone';
const http = createServer();
const namespace = new Server(http, { serveClient: false }).of('/crm');
namespace.on('connection', (socket) => {
  void socket.join(ROOM);
  socket.emit('stream:ready', {});
});

answerQuestions({
  /** Tells the room these events, over and over, `times` in all. */
  tell: async ({ events, times }: { events: string[]; times: number }) => {
    const parsed = events.map((event) => JSON.parse(event) as [string, ...unknown[]]);
    for (let n = 0; n < times; n++) {
      namespace.to(ROOM).emit(...parsed[n % parsed.length]!);
      await turn();
    }
  },
});
process.on('SIGTERM', () => process.exit(0));
process.on('disconnect', () => process.exit(1));
http.listen(0, '127.0.0.1', 4_096, () => {
  process.send!({ type: 'ready', url: `http://127.0.0.1:${(http.address() as AddressInfo).port}` });
});
