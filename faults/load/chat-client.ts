import { setTimeout as delay } from 'node:timers/promises';
import { io, type Socket } from 'socket.io-client';
import { type Answer, get } from './http';
import { wireOf } from './listener';

const COME_BACK_MS = 100;
const AGAIN_AFTER_MS = 250;
/** Longest wait for an acknowledgement, in ms: far above what is allowed, so that a hang is seen. */
const ANSWER_LIMIT_MS = 20_000;
const CONNECT_LIMIT_MS = 20_000;
const MARK_AFTER_MS = 200;
const PAGE = 100;
const AT_ONCE = 8;

/** A message, as somebody was told of it. */
export interface SaidMessage {
  id: number;
  conversationId: number;
  /** When it was heard. */
  at: number;
}

/** What one device, or one desk, was told. */
export interface ChatHeard {
  who: string;
  /** Whose conversations it may hear: a user's own; null: those of `joined`. */
  phone: string | null;
  joined: readonly number[];
  /** Of staff who do not see everything. */
  userId: number | null;
  /** When its session was over. */
  endedAt: number | null;
  /** Of each connection, in the order in which it was heard. */
  connections: readonly (readonly SaidMessage[])[];
  /** What it asked for after it had come back. */
  fetched: readonly SaidMessage[];
}

interface View {
  id: number;
  conversation_id: number;
  sender_role?: 'user' | 'admin';
}

interface Reply {
  status: 'success' | 'error';
  data?: { id: number; conversation_id: number };
  message?: string;
  error_code?: string;
}

export interface ChatClientOptions {
  urls: string[];
  token: string;
  who: string;
  /** Of a user of the live chat; null: staff. */
  phone: string | null;
  /** Of staff who do not see everything. */
  userId?: number;
  /** Says that it has read what it is told. */
  reads?: boolean;
  /** Hears what no client should be told: a session called over that is not. */
  wrong: (what: string) => void;
}

/**
 * A socket on the namespace `/`, of a user's device or of staff, that comes back by itself and does what
 * docs/chat-socket.md tells clients to do: it acknowledges what it hears, and fetches what passed while it was away.
 */
export class ChatClient {
  private readonly heardBy: SaidMessage[][] = [];
  private readonly fetched: SaidMessage[] = [];
  private readonly joined = new Set<number>();
  private readonly newest = new Map<number, number>();
  private readonly unread = new Set<number>();
  private socket: Socket | null = null;
  private closed = false;
  private turn = 0;
  private marking: Promise<void> | null = null;
  private endedAt: number | null = null;
  /** When its last connection ended. */
  goneAt: number | null = null;
  /** How often it was let in and had fetched what it missed. */
  entries = 0;

  private constructor(private readonly options: ChatClientOptions) {}

  /** Resolves once it hears everything. */
  static async open(options: ChatClientOptions): Promise<ChatClient> {
    const client = new ChatClient(options);
    await new Promise<void>((entered) => void client.live(entered));
    return client;
  }

  get evidence(): ChatHeard {
    const { who, phone } = this.options;
    return {
      who,
      phone,
      joined: [...this.joined],
      userId: this.options.userId ?? null,
      endedAt: this.endedAt,
      connections: this.heardBy,
      fetched: this.fetched,
    };
  }

  get token(): string {
    return this.options.token;
  }

  get isConnected(): boolean {
    return this.socket?.connected === true;
  }

  close(): void {
    this.closed = true;
    this.socket?.disconnect();
  }

  /** The session is over from now on: it is to hear no more, and does not come back. */
  sessionEnded(): void {
    this.endedAt = performance.now();
    this.closed = true;
  }

  /** Stays connected and leaves unread whatever comes, until `readAgain`. */
  sleep(): void {
    if (this.socket !== null) wireOf(this.socket)?.pause();
  }

  readAgain(): void {
    if (this.socket !== null) wireOf(this.socket)?.resume();
  }

  /** Staff: hears these conversations from now on, also after it has come back. */
  async join(conversationIds: readonly number[]): Promise<void> {
    for (const id of conversationIds) this.joined.add(id);
    await this.catchUp(this.socket!, new Map());
  }

  /** Says something over the socket; the answer as REST would give it. */
  async say(conversationId: number | null, content: string, clientMessageId: string): Promise<Answer> {
    const { socket } = this;
    const answer = (status: number, body = ''): Answer => ({
      status,
      body,
      retryAfter: status === 503 ? '1' : null,
      unreached: false,
    });
    if (socket?.connected !== true) return { ...answer(0), unreached: true };
    try {
      const reply = (await socket.timeout(ANSWER_LIMIT_MS).emitWithAck('send_message', {
        ...(conversationId === null ? {} : { conversation_id: conversationId }),
        content,
        client_message_id: clientMessageId,
      })) as Reply;
      if (reply.status === 'success') return answer(201, JSON.stringify({ data: reply.data }));
      return answer(reply.error_code === 'DATABASE_UNAVAILABLE' ? 503 : 400, JSON.stringify(reply));
    } catch {
      return answer(0);
    }
  }

  private get url(): string {
    return this.options.urls[this.turn % this.options.urls.length]!;
  }

  /** Comes back for as long as it is not closed. */
  private async live(entered: () => void): Promise<void> {
    // Up to here it has everything. What it hears before it has fetched what it missed moves this no further.
    let known = new Map<number, number>();
    while (!this.closed) {
      const socket = await this.knock();
      if (socket !== null) {
        const complete = await this.catchUp(socket, known);
        if (socket.connected) {
          this.entries++;
          entered();
          await new Promise((ended) => socket.once('disconnect', ended));
          this.goneAt = performance.now();
        }
        if (complete) known = new Map(this.newest);
      }
      this.turn++;
      await delay(COME_BACK_MS);
    }
    entered();
  }

  /** Null where it was not let in. */
  private async knock(): Promise<Socket | null> {
    const { token, wrong } = this.options;
    const socket = io(this.url, {
      auth: { token },
      transports: ['websocket'],
      forceNew: true,
      reconnection: false,
      timeout: CONNECT_LIMIT_MS,
    });
    this.socket = socket;
    const heard: SaidMessage[] = [];
    this.heardBy.push(heard);
    socket.on('new_message', (view: View, arrived?: () => void) => {
      heard.push(this.note(view));
      arrived?.();
    });
    socket.on('error', ({ code }: { code: string }) => {
      if (code === 'UNAUTHORIZED' && this.endedAt === null)
        wrong('a live session is called over at an open socket');
    });
    return await new Promise((letIn) => {
      socket.once('connect', () => letIn(socket));
      socket.once('disconnect', () => letIn(null)); // the server died before it had let it in
      socket.once('connect_error', (error: Error & { data?: { code: string } }) => {
        if (error.data?.code === 'UNAUTHORIZED') wrong('a live session is called over at the door');
        socket.disconnect();
        letIn(null);
      });
    });
  }

  /**
   * Joins what staff want to hear, and fetches what is newer than what was known before the connection. False where that
   * ended before.
   */
  private async catchUp(socket: Socket, known: ReadonlyMap<number, number>): Promise<boolean> {
    while (!this.closed && socket.connected) {
      try {
        await (this.options.phone === null ? this.catchUpStaff(socket, known) : this.catchUpUser(known));
        return true;
      } catch {
        await delay(AGAIN_AFTER_MS); // the server or its database is away
      }
    }
    return false;
  }

  private async catchUpUser(known: ReadonlyMap<number, number>): Promise<void> {
    for (let after = Math.max(0, ...known.values()); ;) {
      const page = await this.fetch<{ data: { messages: View[]; has_more: boolean } }>(
        `/api/chat/messages?after_id=${after}&limit=${PAGE}`,
      );
      const { messages, has_more } = page.data;
      for (const view of messages) this.fetched.push(this.note(view));
      if (!has_more) return;
      after = messages.at(-1)!.id;
    }
  }

  private async catchUpStaff(socket: Socket, known: ReadonlyMap<number, number>): Promise<void> {
    await eachOf([...this.joined], async (id) => {
      const reply = (await socket
        .timeout(ANSWER_LIMIT_MS)
        .emitWithAck('join_conversation', { conversation_id: id })) as Reply;
      if (reply.status !== 'success') throw new Error(reply.message);
    });
    await eachOf([...this.joined], async (id) => {
      for (let page = 1, pages = 1; page <= pages; page++) {
        const answer = await this.fetch<{ data: View[]; meta: { pages: number } }>(
          `/messages/conversation/${id}?limit=${PAGE}&page=${page}`,
        );
        ({ pages } = answer.meta);
        for (const view of answer.data)
          if (view.id > (known.get(id) ?? 0)) this.fetched.push(this.note({ ...view, sender_role: 'user' }));
      }
    });
  }

  private async fetch<Body>(path: string): Promise<Body> {
    const answer = await get(this.url + path, { authorization: `Bearer ${this.token}` });
    if (answer.status !== 200) throw new Error(`${path} answers ${answer.status}`);
    return JSON.parse(answer.body) as Body;
  }

  private note({ id, conversation_id: conversationId, sender_role: role }: View): SaidMessage {
    this.newest.set(conversationId, Math.max(id, this.newest.get(conversationId) ?? 0));
    if (this.options.reads && role === 'admin') {
      this.unread.add(conversationId);
      this.marking ??= this.markRead();
    }
    return { id, conversationId, at: performance.now() };
  }

  /** Says that all is read, as often as it takes. */
  private async markRead(): Promise<void> {
    while (this.unread.size > 0 && !this.closed) {
      await delay(MARK_AFTER_MS);
      const { socket } = this;
      if (socket?.connected !== true) continue;
      for (const conversation_id of [...this.unread]) {
        this.unread.delete(conversation_id);
        const marked = await socket
          .timeout(ANSWER_LIMIT_MS)
          .emitWithAck('mark_messages_read', { conversation_id })
          .then(({ status }: Reply) => status === 'success')
          .catch(() => false);
        if (!marked) this.unread.add(conversation_id);
      }
    }
    this.marking = null;
  }
}

/** A few at a time. */
async function eachOf<T>(items: T[], act: (item: T) => Promise<void>): Promise<void> {
  const work = async (): Promise<void> => {
    for (let item = items.shift(); item !== undefined; item = items.shift()) await act(item);
  };
  await Promise.all(Array.from({ length: AT_ONCE }, work));
}
