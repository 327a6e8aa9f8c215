import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Server } from 'socket.io';
import { floorPool } from './floor-store';

// The least that a chat over Socket.IO can be: what is said is durable before it is acknowledged and told to the room of
// its conversation. Everybody joins by themselves. DATABASE_URL in the environment.

interface Said {
  conversation_id: number;
  content: string;
}

const pool = floorPool(process.env['DATABASE_URL']!);
const http = createServer();
const server = new Server(http, { serveClient: false });
const roomOf = (conversation: number): string => `conversation_${conversation}`;

async function store({ conversation_id, content }: Said): Promise<string> {
  const { rows } = await pool.query<{ id: string }>({
    name: 'say',
    text: `with said as (insert into messages (conversation_id, body, sent_at) values ($1, $2, now()) returning id),
        last as (update conversations set last_message_at = now(), last_message = left($2, 100), unread = unread + 1
                 where id = $1 returning id)
      select said.id from said, last`,
    values: [conversation_id, content],
  });
  return rows[0]!.id;
}

server.on('connection', (socket) => {
  socket.on('join_conversation', async ({ conversation_id }: Said, done: (answer: object) => void) => {
    await socket.join(roomOf(conversation_id));
    done({ status: 'success' });
  });
  socket.on('send_message', async (said: Said, done: (answer: object) => void) => {
    const id = await store(said);
    done({ status: 'success', data: { id } });
    server.to(roomOf(said.conversation_id)).emit('new_message', { ...said, id });
  });
});
process.on('SIGTERM', () => process.exit(0));
process.on('disconnect', () => process.exit(1));
http.listen(0, '127.0.0.1', 4_096, () => {
  process.send!({ type: 'ready', url: `http://127.0.0.1:${(http.address() as AddressInfo).port}` });
});
