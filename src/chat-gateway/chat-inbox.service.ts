import { Inject, Injectable } from '@nestjs/common';
import type { Logger } from 'pino';
import { ChatConversationsService } from '../app-chat/chat-conversations.service';
import type { ChatMessageView } from '../app-chat/chat.types';
import { ChatViewsService } from '../app-chat/chat-views.service';
import { toAppError } from '../platform/http/to-app-error';
import { untilRead } from '../platform/http/socket-backlog';
import { Turns } from '../common/turns';
import { UnitOfWork } from '../platform/database/unit-of-work';
import { JournalTail } from '../platform/events/journal-tail';
import { LOGGER } from '../platform/observability/observability.module';
import { DeliveryProofs } from './delivery-proofs.service';
import * as rooms from './chat-rooms';
import { type ChatNamespace, type News, tell, type UserSocket } from './chat-socket';
import { socketErrorOf } from './chat-socket-errors';

/** Messages that one connection is told of which came while nobody was there; the others come with the next one. */
const MOST_MISSED = 1_000;
/** Where all come back at once, others need the database too. */
const READ_AT_ONCE = 4;
/** Told one after another before it is asked whether the client reads them. */
const TOLD_AT_ONCE = 25;

/** Something to be told to a user. */
interface Letter {
  news: News[];
  /** Of a message that is told for the first time. */
  messageId: number | null;
  /** It is counted as delivered where it arrives. */
  fromStaff: boolean;
}

/**
 * What chat users hear. Who connects first hears what staff have said that no client of theirs has; what is told
 * meanwhile is kept for the socket until then, so that nothing is missed, doubled or out of order.
 */
@Injectable()
export class ChatInbox {
  private namespace!: ChatNamespace;
  /** All that was taken from the journal so far is told once this resolves. */
  private told: () => Promise<void> = () => Promise.resolve();
  private readonly catchingUp = new Map<UserSocket, Letter[]>();
  private readonly turns = new Turns(READ_AT_ONCE);

  constructor(
    private readonly work: UnitOfWork,
    private readonly tail: JournalTail,
    private readonly conversations: ChatConversationsService,
    private readonly views: ChatViewsService,
    private readonly proofs: DeliveryProofs,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {}

  open(namespace: ChatNamespace, told: () => Promise<void>): void {
    this.namespace = namespace;
    this.told = told;
  }

  /** Resolves once the socket hears everything. */
  async enter(socket: UserSocket): Promise<void> {
    const meanwhile: Letter[] = [];
    this.catchingUp.set(socket, meanwhile);
    this.proofs.watch(socket);
    try {
      const missed = await this.turns.take(() => this.missedBy(socket));
      // What has passed by since is kept, and nothing that is among the missed comes from now on.
      if (missed.length > 0) {
        await this.tail.refresh();
        await this.told();
      }
      await this.deliverMany(socket, inOrder(missed.map(letterOf), meanwhile.splice(0)));
      while (meanwhile.length > TOLD_AT_ONCE && socket.connected)
        await this.deliverMany(socket, meanwhile.splice(0, TOLD_AT_ONCE));
      for (const letter of meanwhile) this.deliver(socket, letter);
      const { workspaceId, chatUserId } = socket.data.actor;
      if (socket.connected) void socket.join(rooms.chatUser(workspaceId, chatUserId));
    } catch (error) {
      // Left as it is, the socket would stay connected and deaf; its client comes back by itself.
      this.logger.warn({ err: error }, 'a user of the live chat could not be told what they missed');
      socket.emit('error', socketErrorOf(toAppError(error)));
      socket.conn.close();
    } finally {
      this.catchingUp.delete(socket);
    }
  }

  /** Whether anybody would hear it. */
  isHeard(workspaceId: number, chatUserId: number): boolean {
    if (this.namespace.adapter.rooms.has(rooms.chatUser(workspaceId, chatUserId))) return true;
    return this.waiting(workspaceId, chatUserId).length > 0;
  }

  /** A message, for the first time. */
  tellMessage(workspaceId: number, chatUserId: number, view: ChatMessageView): void {
    this.hand(workspaceId, chatUserId, letterOf(view));
  }

  tell(workspaceId: number, chatUserId: number, news: News[]): void {
    this.hand(workspaceId, chatUserId, { news, messageId: null, fromStaff: false });
  }

  private hand(workspaceId: number, chatUserId: number, letter: Letter): void {
    for (const socket of this.waiting(workspaceId, chatUserId)) this.catchingUp.get(socket)!.push(letter);
    const room = rooms.chatUser(workspaceId, chatUserId);
    if (!letter.fromStaff) {
      for (const one of letter.news) tell(this.namespace.local.to(room), one);
      return;
    }
    for (const id of this.namespace.adapter.rooms.get(room) ?? []) {
      const socket = this.namespace.sockets.get(id);
      if (socket !== undefined) this.deliver(socket as UserSocket, letter);
    }
  }

  /** No faster than the client reads. */
  private async deliverMany(socket: UserSocket, letters: Letter[]): Promise<void> {
    for (const [i, letter] of letters.entries()) {
      this.deliver(socket, letter);
      if ((i + 1) % TOLD_AT_ONCE === 0) await untilRead(socket);
    }
  }

  private deliver(socket: UserSocket, { news, messageId, fromStaff }: Letter): void {
    for (const one of news) tell(socket, one, fromStaff ? this.proofs.expect(socket, messageId!) : undefined);
  }

  private waiting(workspaceId: number, chatUserId: number): UserSocket[] {
    if (this.catchingUp.size === 0) return [];
    return [...this.catchingUp.keys()].filter(
      ({ data: { actor } }) => actor.workspaceId === workspaceId && actor.chatUserId === chatUserId,
    );
  }

  private async missedBy({ connected, data: { actor } }: UserSocket): Promise<ChatMessageView[]> {
    if (!connected) return [];
    return await this.work.read(actor, async () =>
      this.views.ofMessages(await this.conversations.undelivered(actor, MOST_MISSED), actor),
    );
  }
}

/** A message under both of its names. */
export function messageNews(view: ChatMessageView): News[] {
  return [
    { event: 'new_message', payload: view },
    { event: 'new-chat-message', payload: view },
  ];
}

function letterOf(view: ChatMessageView): Letter {
  return { news: messageNews(view), messageId: view.id, fromStaff: view.sender_role === 'admin' };
}

/**
 * What was missed, then what was told meanwhile, each once. Of the latter, messages that are older than one that was
 * missed, being the user's own or known to another device, stand among these: nobody is told a conversation backwards.
 */
function inOrder(missed: Letter[], meanwhile: Letter[]): Letter[] {
  const newest = missed.at(-1)?.messageId ?? 0;
  const seen = new Set(missed.map(({ messageId }) => messageId));
  const isEarlier = ({ messageId }: Letter): boolean => messageId !== null && messageId < newest;
  const later = meanwhile.filter((letter) => !isEarlier(letter) && !seen.has(letter.messageId));
  const earlier = meanwhile.filter((letter) => isEarlier(letter) && !seen.has(letter.messageId));
  return [...[...missed, ...earlier].sort((a, b) => a.messageId! - b.messageId!), ...later];
}
