import { setTimeout as delay } from 'node:timers/promises';
import { Inject, Injectable } from '@nestjs/common';
import type { Logger } from 'pino';
import { ChatConversationsService } from '../app-chat/chat-conversations.service';
import { toAppError } from '../platform/http/to-app-error';
import { LOGGER } from '../platform/observability/observability.module';
import type { UserSocket } from './chat-socket';

/** What arrives within this time, in ms, is written together: each writing is a commit of its own. */
const GATHER_MS = 100;
const AGAIN_AFTER_MS = 500;

/** What was sent to one socket and is not known to have arrived. */
interface Unproven {
  /** Since the last ping of the server: */
  sinceThen: Set<number>;
  /** and before it, so that the answer to the ping proves it. */
  before: Set<number>;
  /** The newest acknowledgement that was asked for before it. */
  asked: number;
  forget: () => void;
}

/**
 * A message is delivered once something shows that the client has it: it acknowledged the event, or answered a ping that
 * was sent after the message. A connection that breaks before proves nothing, and its client is told again.
 */
@Injectable()
export class DeliveryProofs {
  private readonly sockets = new Map<UserSocket, Unproven>();
  /** Messages that arrived and are not written down yet, by workspace. */
  private arrived = new Map<number, Set<number>>();
  private keeping: Promise<void> | null = null;
  private stopping = false;

  constructor(
    private readonly conversations: ChatConversationsService,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {}

  watch(socket: UserSocket): void {
    const { conn } = socket;
    const unproven: Unproven = {
      sinceThen: new Set(),
      before: new Set(),
      asked: -1,
      forget: () => undefined,
    };
    const sent = ({ type }: { type: string }): void => {
      if (type !== 'ping') return;
      for (const id of unproven.sinceThen) unproven.before.add(id);
      unproven.sinceThen.clear();
      unproven.asked = [...awaitedOf(socket).keys()].at(-1) ?? -1;
    };
    const answered = (): void => {
      for (const id of awaitedOf(socket).keys()) if (id <= unproven.asked) awaitedOf(socket).delete(id);
      if (unproven.before.size === 0) return;
      const ids = [...unproven.before];
      unproven.before.clear();
      this.note(socket, ids);
    };
    conn.on('packetCreate', sent);
    conn.on('heartbeat', answered);
    unproven.forget = () => {
      conn.off('packetCreate', sent);
      conn.off('heartbeat', answered);
    };
    this.sockets.set(socket, unproven);
  }

  /** The message is about to be sent. Answers what its acknowledgement calls. */
  expect(socket: UserSocket, messageId: number): () => void {
    const unproven = this.sockets.get(socket);
    unproven?.sinceThen.add(messageId);
    return () => {
      const known = unproven?.sinceThen.delete(messageId) === true;
      if (unproven?.before.delete(messageId) === true || known) this.note(socket, [messageId]);
    };
  }

  gone(socket: UserSocket): void {
    this.sockets.get(socket)?.forget();
    this.sockets.delete(socket);
  }

  /** The process is about to end: the database is no longer waited for. */
  stop(): void {
    this.stopping = true;
  }

  /** Resolves once all that is proven so far is written down, or is given up. */
  async drained(): Promise<void> {
    await this.keeping;
  }

  private note({ data: { actor } }: UserSocket, messageIds: Iterable<number>): void {
    this.gather(actor.workspaceId, messageIds);
    this.keeping ??= this.keep();
  }

  private gather(workspaceId: number, messageIds: Iterable<number>): void {
    const known = this.arrived.get(workspaceId) ?? new Set();
    for (const id of messageIds) known.add(id);
    this.arrived.set(workspaceId, known);
  }

  private async keep(): Promise<void> {
    while (this.arrived.size > 0) {
      await delay(GATHER_MS);
      const { arrived } = this;
      this.arrived = new Map();
      for (const [workspaceId, ids] of arrived) {
        try {
          await this.conversations.markDelivered({ workspaceId }, [...ids]);
        } catch (err) {
          this.logger.warn({ err }, 'messages of the live chat could not be marked as delivered');
          // Given up, they stay sent, and are told again when the user comes back.
          if (this.stopping || toAppError(err).code !== 'DATABASE_UNAVAILABLE') continue;
          this.gather(workspaceId, ids);
          await delay(AGAIN_AFTER_MS);
        }
      }
    }
    this.keeping = null;
  }
}

/**
 * The acknowledgements that the socket waits for, by growing numbers. Socket.IO keeps them until the connection ends, and
 * clients owe none: what is proven otherwise is waited for no longer.
 */
function awaitedOf(socket: UserSocket): Map<number, unknown> {
  return socket['acks'] as Map<number, unknown>;
}
