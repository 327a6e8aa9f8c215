import { io, type Socket } from 'socket.io-client';
import type { ConversationStatus, WireMessage } from './wire';

/** Before asking again whether the server lets the socket in, in ms. */
const REFUSED_WAIT_MS = 4_000;

/** What the socket tells. */
export interface LiveListener {
  onConnected(): void;
  onDisconnected(): void;
  /** The server let the socket in no more: the session may be over. */
  onRefused(): void;
  onMessage(message: WireMessage): void;
  /** A message says something else now, or was deleted. */
  onUpdate(message: WireMessage): void;
  onTyping(conversationId: number, typing: boolean): void;
  onRead(conversationId: number, ids: number[]): void;
  onStatus(conversationId: number, status: ConversationStatus): void;
}

/** The socket: news as they happen. What it misses is asked for after each connection. */
export class Live {
  /** Whose news these are; null while nobody asked for any. */
  token: string | null = null;
  private socket: Socket | null = null;
  private timer = 0;

  constructor(
    private readonly base: string,
    private readonly listener: LiveListener,
  ) {}

  get isConnected(): boolean {
    return this.socket?.connected === true;
  }

  get isStarted(): boolean {
    return this.socket !== null;
  }

  connect(token: string): void {
    this.disconnect();
    this.token = token;
    const { origin, pathname } = new URL(this.base);
    const socket = io(`${origin}/`, {
      path: `${pathname}socket.io`,
      auth: { token },
      transports: ['websocket', 'polling'],
      tryAllTransports: true,
      forceNew: true,
      reconnectionDelay: 500,
      reconnectionDelayMax: 8_000,
    });
    this.socket = socket;
    this.hear(socket);
  }

  disconnect(): void {
    window.clearTimeout(this.timer);
    this.socket?.off();
    this.socket?.disconnect();
    this.socket = null;
    this.token = null;
  }

  /** Now, rather than when the next try is due. */
  hurry(): void {
    if (this.socket === null || this.socket.connected) return;
    this.socket.disconnect().connect();
  }

  /** What may be lost: nothing of it is repeated. */
  tell(event: 'typing_start' | 'typing_stop', payload: object): void {
    if (this.socket?.connected === true) this.socket.emit(event, payload, () => undefined);
  }

  private hear(socket: Socket): void {
    const refused = (): void => {
      this.listener.onRefused();
      window.clearTimeout(this.timer);
      this.timer = window.setTimeout(() => socket.connect(), REFUSED_WAIT_MS);
    };
    socket.on('connect', () => this.listener.onConnected());
    socket.on('disconnect', () => {
      this.listener.onDisconnected();
      if (!socket.active) refused();
    });
    socket.on('connect_error', () => {
      this.listener.onDisconnected();
      if (!socket.active) refused();
    });
    socket.on('new_message', (message: WireMessage, acknowledge?: unknown) => {
      this.listener.onMessage(message);
      // The server asks whether the message has arrived.
      if (typeof acknowledge === 'function') (acknowledge as () => void)();
    });
    socket.on('message_updated', (message: WireMessage) => this.listener.onUpdate(message));
    socket.on(
      'typing_indicator',
      (about: { conversation_id: number; typing: boolean; sender_role: string }) => {
        if (about.sender_role === 'admin') this.listener.onTyping(about.conversation_id, about.typing);
      },
    );
    socket.on('message_read', (about: { conversation_id: number; message_ids: number[] }) =>
      this.listener.onRead(about.conversation_id, about.message_ids),
    );
    socket.on('conversation_status', (about: { conversation_id: number; status: ConversationStatus }) =>
      this.listener.onStatus(about.conversation_id, about.status),
    );
  }
}
