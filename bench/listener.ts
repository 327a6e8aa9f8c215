import { setTimeout as delay } from 'node:timers/promises';
import { io, type Socket } from 'socket.io-client';
import { type Batch, wamidPrefix } from './webhooks';

const LOOK_MS = 10;

/** An agent's socket on /crm that counts how often it hears of each message of a batch. */
export class Listener {
  private readonly prefix: string;
  private readonly times: Uint16Array;
  /** When each message was heard first, by `performance.now()`. */
  readonly heardAt: Float64Array;
  private distinct = 0;

  private constructor(
    private readonly socket: Socket,
    { run, messages }: Batch,
  ) {
    this.prefix = wamidPrefix(run);
    this.times = new Uint16Array(messages);
    this.heardAt = new Float64Array(messages);
    socket.on('message:new', (message: { whatsapp_message_id: string }) =>
      this.count(message.whatsapp_message_id),
    );
  }

  /** Resolves once it would hear everything. */
  static async connect(url: string, token: string, batch: Batch): Promise<Listener> {
    const socket = io(`${url}/crm`, {
      auth: { token },
      transports: ['websocket'],
      forceNew: true,
      reconnection: false,
    });
    const listener = new Listener(socket, batch);
    await new Promise<void>((ready, failed) => {
      socket.once('stream:ready', () => ready());
      socket.once('connect_error', failed);
    });
    return listener;
  }

  /** Resolves once all messages were heard, or after this time. */
  async heardAll(limitMs: number): Promise<void> {
    const end = performance.now() + limitMs;
    while (this.distinct < this.times.length && performance.now() < end) await delay(LOOK_MS);
  }

  /** How many messages were heard exactly once. */
  get heardOnce(): number {
    return this.times.reduce((sum, times) => sum + (times === 1 ? 1 : 0), 0);
  }

  close(): void {
    this.socket.disconnect();
  }

  private count(wamid: string): void {
    if (!wamid.startsWith(this.prefix)) return;
    const message = Number(wamid.slice(this.prefix.length));
    if (this.times[message] === 0) {
      this.distinct++;
      this.heardAt[message] = performance.now();
    }
    this.times[message]!++;
  }
}
