import { setTimeout as delay } from 'node:timers/promises';
import { io, type Socket } from 'socket.io-client';

const OPENED_TOGETHER = 50;
const LOOK_MS = 10;
const PREFIX = 'counted ';
/** No divisor of how many there are: so that one agent does not speak often in a row, which is limited. */
const STRIDE = 53;

/** A conversation, and how its two sides connect. */
export interface ChatPlace {
  conversationId: number;
  userToken: string;
  staffToken: string;
}

interface Reply {
  status: string;
}

/** Users of the live chat with a socket each, and staff who have joined their conversations. */
export class ChatSockets {
  private readonly users: Socket[] = [];
  private readonly staff = new Map<string, Socket>();
  /** When the other side first heard each counted message, by `performance.now()`. */
  heardAt = new Float64Array(0);
  /** How often it heard each. */
  private times = new Uint16Array(0);

  private constructor(
    private readonly url: string,
    private readonly places: ChatPlace[],
  ) {}

  static async open(url: string, places: ChatPlace[]): Promise<ChatSockets> {
    const all = new ChatSockets(url, places);
    for (let from = 0; from < places.length; from += OPENED_TOGETHER)
      await Promise.all(
        places.slice(from, from + OPENED_TOGETHER).map((place, n) => all.enter(place, from + n)),
      );
    return all;
  }

  /** At a steady rate, from users and from staff in turn. Answers when each was to be sent, and what went wrong. */
  async talk(messages: number, perSecond: number): Promise<{ wanted: Float64Array; faults: string[] }> {
    this.heardAt = new Float64Array(messages);
    this.times = new Uint16Array(messages);
    const wanted = new Float64Array(messages);
    const answers: Promise<Reply>[] = [];
    const started = performance.now();
    for (let next = 0; next < messages;) {
      const due = Math.min(Math.floor(((performance.now() - started) * perSecond) / 1000) + 1, messages);
      for (; next < due; next++) {
        wanted[next] = performance.now();
        answers.push(this.say(next));
      }
      await delay(1);
    }
    const replies = await Promise.all(answers);
    const refused = replies.filter(({ status }) => status !== 'success').length;
    return { wanted, faults: refused === 0 ? [] : [`${refused} messages were refused`] };
  }

  /** Resolves once all were heard, or after this time. Answers how many were heard exactly once. */
  async heardOnce(limitMs: number): Promise<number> {
    const end = performance.now() + limitMs;
    while (this.times.some((times) => times === 0) && performance.now() < end) await delay(LOOK_MS);
    return this.times.filter((times) => times === 1).length;
  }

  close(): void {
    for (const socket of [...this.users, ...this.staff.values()]) socket.disconnect();
  }

  private async say(n: number): Promise<Reply> {
    const at = (Math.floor(n / 2) * STRIDE) % this.places.length;
    const { conversationId, staffToken } = this.places[at]!;
    const socket = n % 2 === 0 ? this.users[at]! : this.staff.get(staffToken)!;
    return (await socket.emitWithAck('send_message', {
      conversation_id: conversationId,
      content: `${PREFIX}${n}`,
    })) as Reply;
  }

  private async enter({ conversationId, userToken, staffToken }: ChatPlace, n: number): Promise<void> {
    const user = this.connect(userToken, 1);
    this.users[n] = user;
    if (!this.staff.has(staffToken)) this.staff.set(staffToken, this.connect(staffToken, 0));
    const staff = this.staff.get(staffToken)!;
    await Promise.all([isOpen(user), isOpen(staff)]);
    for (const socket of [user, staff]) {
      const joined = (await socket.emitWithAck('join_conversation', {
        conversation_id: conversationId,
      })) as Reply;
      if (joined.status !== 'success') throw new Error(`cannot join: ${JSON.stringify(joined)}`);
    }
  }

  /** @param hears 0: what users say, 1: what staff say */
  private connect(token: string, hears: number): Socket {
    const socket = io(this.url, {
      auth: { token },
      transports: ['websocket'],
      forceNew: true,
      reconnection: false,
    });
    socket.on('new_message', ({ content }: { content: string }) => {
      if (!content.startsWith(PREFIX)) return;
      const message = Number(content.slice(PREFIX.length));
      if (message % 2 !== hears) return;
      if (this.times[message] === 0) this.heardAt[message] = performance.now();
      this.times[message]!++;
    });
    return socket;
  }
}

async function isOpen(socket: Socket): Promise<void> {
  if (socket.connected) return;
  await new Promise<void>((ready, failed) => {
    socket.once('connect', () => ready());
    socket.once('connect_error', failed);
  });
}
