import { io, type Socket } from 'socket.io-client';
import type { Told } from '../oracle/crm-state';

/** As much of an event as is looked at. */
export interface Heard {
  type: string;
  eventId: number;
  conversationId: number;
  messageId: number;
  status: string;
  externalId: string | null;
  /** When it was heard. */
  at: number;
}

interface Payload {
  id: number;
  conversation_id: number;
  whatsapp_status: string;
  whatsapp_message_id: string | null;
}

/** A WebSocket that can leave what comes in the network's buffers. */
export interface Wire {
  pause(): void;
  resume(): void;
}

export function wireOf(socket: Socket): Wire | undefined {
  return (socket.io.engine.transport as unknown as { ws?: Wire }).ws;
}

const HEARD = new Set(['message:new', 'message:status_changed']);
const COME_BACK_MS = 100;
/** As clients of Socket.IO wait by themselves, in ms. */
const CONNECT_LIMIT_MS = 20_000;

/** An agent's socket on /crm that comes back by itself and asks for what it missed, as a good client does. */
export class Listener {
  readonly heard: Heard[] = [];
  /** How often the server said that the absence was too long. */
  resyncs = 0;
  connections = 0;
  /** When its last connection ended. */
  goneAt: number | null = null;
  /** Who was given which conversation, and when it was heard. */
  readonly assignments: { conversationId: number; owner: number | null; at: number }[] = [];
  /** Everything that was told, where it is kept. */
  readonly told: Told[] = [];
  /** The newest entry of the journal that it heard, of whatever kind. */
  newestEntry = 0;
  private socket: Socket | null = null;
  private cursor: string | undefined;
  private closed = false;
  private turn = 0;
  private comingBack: NodeJS.Timeout | undefined;

  private constructor(
    private readonly urls: string[],
    private readonly token: string,
    private readonly keepsAll: boolean,
  ) {}

  /** Resolves once it hears everything from now on. */
  static async open(urls: string[], token: string, { keepsAll = false } = {}): Promise<Listener> {
    const listener = new Listener(urls, token, keepsAll);
    await listener.connect();
    return listener;
  }

  get lastEventId(): number {
    return this.heard.at(-1)?.eventId ?? 0;
  }

  /** Stays connected and leaves unread whatever comes, until `readAgain`. */
  sleep(): void {
    this.wire?.pause();
  }

  readAgain(): void {
    this.wire?.resume();
  }

  /** Away, without telling the server why, until `comeBack`. */
  leave(): void {
    this.closed = true;
    clearTimeout(this.comingBack);
    this.socket?.disconnect();
  }

  async comeBack(): Promise<void> {
    this.closed = false;
    await this.connect();
  }

  /** From now on it does not come back by itself where the server ends it. */
  stay(): void {
    this.closed = true;
  }

  close(): void {
    this.leave();
  }

  private get wire(): Wire | undefined {
    return this.socket === null ? undefined : wireOf(this.socket);
  }

  private async connect(): Promise<void> {
    const url = this.urls[this.turn++ % this.urls.length]!;
    const socket = io(`${url}/crm`, {
      auth: { token: this.token, ...(this.cursor === undefined ? {} : { after: this.cursor }) },
      transports: ['websocket'],
      forceNew: true,
      reconnection: false,
      timeout: CONNECT_LIMIT_MS,
    });
    this.socket = socket;
    socket.onAny((type: string, payload: Payload, meta?: { id: number; cursor: string }) => {
      if (this.socket !== socket) return;
      if (meta !== undefined) {
        this.cursor = meta.cursor;
        this.newestEntry = Math.max(this.newestEntry, meta.id);
      }
      if (type === 'resync_required') this.resyncs++;
      if (type === 'stream:ready' || type === 'resync_required')
        this.cursor = (payload as unknown as { cursor: string }).cursor;
      if (type === 'conversation:assigned') this.assignments.push(assignmentOf(payload));
      if (meta !== undefined && this.keepsAll) this.told.push({ event: type, payload });
      if (meta !== undefined && HEARD.has(type)) this.heard.push(shortened(type, payload, meta.id));
    });
    await new Promise<void>((ready) => {
      socket.once('stream:ready', () => {
        this.connections++;
        ready();
      });
      const lost = (): void => {
        this.goneAt = performance.now();
        socket.disconnect();
        if (this.closed || this.socket !== socket) return ready();
        this.comingBack = setTimeout(() => void this.connect().then(ready), COME_BACK_MS);
        this.socket = null;
      };
      socket.once('connect_error', lost);
      socket.once('disconnect', lost);
    });
  }
}

function assignmentOf(payload: unknown): Listener['assignments'][number] {
  const { id, assigned_user: owner } = payload as { id: number; assigned_user: number | null };
  return { conversationId: id, owner, at: performance.now() };
}

function shortened(type: string, payload: Payload, eventId: number): Heard {
  return {
    type,
    eventId,
    conversationId: payload.conversation_id,
    messageId: payload.id,
    status: payload.whatsapp_status,
    externalId: payload.whatsapp_message_id,
    at: performance.now(),
  };
}
