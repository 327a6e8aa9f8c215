import { Inject, Injectable } from '@nestjs/common';
import type { Logger } from 'pino';
import { ChatConversationsService } from '../app-chat/chat-conversations.service';
import { MicroBatcher } from '../common/micro-batcher';
import { LOGGER } from '../platform/observability/observability.module';
import type { UserSocket } from './chat-socket';

const MOST_TOGETHER = 500;

/** What was sent to one socket and is not known to have arrived. */
interface Unproven {
  /** Since the last ping of the server: */
  sinceThen: Set<number>;
  /** and before it, so that the answer to the ping proves it. */
  before: Set<number>;
  forget: () => void;
}

interface Proven {
  workspaceId: number;
  messageId: number;
}

/**
 * A message is delivered once something shows that the client has it: it acknowledged the event, or answered a ping that
 * was sent after the message. A connection that breaks before proves nothing, and its client is told again.
 */
@Injectable()
export class DeliveryProofs {
  private readonly sockets = new Map<UserSocket, Unproven>();
  private readonly batch = new MicroBatcher<Proven>((proven) => this.keep(proven), MOST_TOGETHER);

  constructor(
    private readonly conversations: ChatConversationsService,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {}

  watch(socket: UserSocket): void {
    const { conn } = socket;
    const unproven: Unproven = { sinceThen: new Set(), before: new Set(), forget: () => undefined };
    const sent = ({ type }: { type: string }): void => {
      if (type !== 'ping' || unproven.sinceThen.size === 0) return;
      for (const id of unproven.sinceThen) unproven.before.add(id);
      unproven.sinceThen.clear();
    };
    const answered = (): void => {
      if (unproven.before.size === 0) return;
      const ids = [...unproven.before];
      unproven.before.clear();
      this.arrived(socket, ids);
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
      if (unproven?.before.delete(messageId) === true || known) this.arrived(socket, [messageId]);
    };
  }

  gone(socket: UserSocket): void {
    this.sockets.get(socket)?.forget();
    this.sockets.delete(socket);
  }

  async drained(): Promise<void> {
    await this.batch.drained();
  }

  private arrived({ data: { actor } }: UserSocket, messageIds: number[]): void {
    const { workspaceId } = actor;
    this.batch.submit(messageIds.map((messageId) => ({ workspaceId, messageId }))).catch((err: unknown) => {
      // They stay sent, and are told again when the user comes back.
      this.logger.warn({ err }, 'messages of the live chat could not be marked as delivered');
    });
  }

  private async keep(proven: Proven[]): Promise<void> {
    const byWorkspace = new Map<number, number[]>();
    for (const { workspaceId, messageId } of proven) {
      const ids = byWorkspace.get(workspaceId);
      if (ids === undefined) byWorkspace.set(workspaceId, [messageId]);
      else ids.push(messageId);
    }
    for (const [workspaceId, ids] of byWorkspace)
      await this.conversations.markDelivered({ workspaceId }, ids);
  }
}
