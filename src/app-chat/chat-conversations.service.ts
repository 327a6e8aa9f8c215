import { Inject, Injectable } from '@nestjs/common';
import { clock } from '../common/clock';
import { AppError, invalid } from '../common/app-error';
import { CONFIG, type Config } from '../config/config';
import {
  type ConversationPriority,
  type ConversationStatus,
  OPEN_STATUSES,
} from '../conversations/conversations.types';
import { ConversationsService } from '../conversations/conversations.service';
import { DeliveriesService } from '../messages/deliveries.service';
import { ConversationMessages } from '../messages/conversation-messages.service';
import type { MessageDto } from '../messages/messages.types';
import { UnitOfWork } from '../platform/database/unit-of-work';
import type { ChatActor } from './chat-actor';
import { APP_CHAT, type ChatConversation, type ChatOwner } from './chat-conversation.types';
import { ChatConversationsRepository } from './chat-conversations.repository';
import { ChatUsersRepository } from './chat-users.repository';

/** Messages that one request may mark as read. */
const MOST_MARKED = 1_000;

export interface NewChatConversation {
  subject?: string | null;
  priority?: ConversationPriority;
}

/** The conversations of chat users, as the users may have to do with them. */
@Injectable()
export class ChatConversationsService {
  constructor(
    @Inject(CONFIG) private readonly config: Config,
    private readonly work: UnitOfWork,
    private readonly rows: ChatConversationsRepository,
    private readonly users: ChatUsersRepository,
    private readonly conversations: ConversationsService,
    private readonly messages: ConversationMessages,
    private readonly deliveries: DeliveriesService,
  ) {}

  /** The user's own, the one with the newest message first. Within the open unit of work. */
  async list(
    actor: ChatActor,
    statuses: readonly ConversationStatus[] | null,
    limit: number,
    offset: number,
  ): Promise<{ conversations: ChatConversation[]; total: number }> {
    const conversations = await this.rows.list(actor.chatUserId, statuses, limit, offset);
    return { conversations, total: await this.rows.count(actor.chatUserId, statuses) };
  }

  /**
   * Within the open unit of work. One that is another user's answers as one that does not exist; only the app's own
   * server, which knows all of its users, is told the difference.
   */
  async requireOwn(actor: ChatActor, id: number): Promise<ChatConversation> {
    const [found] = await this.rows.findMany([id]);
    if (found?.chatUserId === actor.chatUserId) return found;
    const [owner] =
      found === undefined || actor.sessionId !== null ? [] : await this.users.findMany([found.chatUserId]);
    if (owner?.app === actor.app) throw new AppError('FORBIDDEN', 'Access denied to conversation');
    throw new AppError('NOT_FOUND', 'Conversation not found');
  }

  /** The newest open one; null where there is none. Within the open unit of work. */
  async newestOpen(actor: ChatActor): Promise<number | null> {
    return await this.rows.newestOpen(actor.chatUserId);
  }

  /**
   * A new one, beside those that are open. Within the open unit of work, in which the user is locked. Throws
   * `CONFLICT` where as many are open as may be.
   */
  async open(
    actor: ChatActor,
    { subject = null, priority = 'normal' }: NewChatConversation = {},
  ): Promise<number> {
    const most = this.config.chat.maxConversations;
    if ((await this.rows.count(actor.chatUserId, OPEN_STATUSES)) >= most)
      throw new AppError('CONFLICT', `At most ${most} conversations may be open at a time.`);
    // The user is locked, so their contact is theirs until the end: what the session remembers may be a merged one.
    const [{ contactId } = actor] = await this.users.findMany([actor.chatUserId]);
    const { id } = await this.conversations.openParallel(contactId, APP_CHAT, priority);
    await this.rows.insert(id, actor.chatUserId, subject);
    return id;
  }

  /** How many messages of staff and bots the user has not read. In the same order. Within the open unit of work. */
  async unreadByUser(conversations: ChatConversation[]): Promise<number[]> {
    return await this.messages.countUnreadByContact(
      conversations.map((c) => ({ conversationId: c.id, upToId: c.userReadUpTo })),
    );
  }

  /**
   * The user has read these of their conversation's messages, or all there are. Answers those that were not read
   * before; what is no message of staff or bots in it is left out.
   */
  async markRead(actor: ChatActor, conversationId: number, messageIds?: number[]): Promise<number[]> {
    return await this.work.run(actor, async () => {
      const conversation = await this.requireOwn(actor, conversationId);
      const unread = await this.messages.unreadByContact(
        conversationId,
        conversation.userReadUpTo,
        MOST_MARKED,
      );
      const wanted = messageIds === undefined ? null : new Set(messageIds);
      const read = wanted === null ? unread : unread.filter((id) => wanted.has(id));
      await this.report(read, 'read');
      const firstLeft = unread.find((id) => wanted !== null && !wanted.has(id));
      const upTo = firstLeft === undefined ? unread.at(-1) : firstLeft - 1;
      if (upTo !== undefined) await this.rows.readUpTo(conversationId, upTo);
      return read;
    });
  }

  /** Whoever asks: who may see them is for the caller to know. Within the open unit of work. */
  async byIds(ids: number[]): Promise<ChatConversation[]> {
    return await this.rows.findMany(ids);
  }

  /** Whose these conversations are; those that are none of the live chat are left out. Within the open unit of work. */
  async ownersOf(ids: number[]): Promise<ChatOwner[]> {
    return ids.length === 0 ? [] : await this.rows.owners(ids);
  }

  /** What staff and bots said that no client of the user has, as far as is known. By id. Within the open unit of work. */
  async undelivered(actor: ChatActor, limit: number): Promise<MessageDto[]> {
    return await this.messages.undelivered(await this.rows.readMarks(actor.chatUserId), limit);
  }

  /** The client says that it has these; those that are not messages of the user's own conversation are refused. */
  async confirmDelivered(actor: ChatActor, conversationId: number, messageIds: number[]): Promise<void> {
    await this.work.run(actor, async () => {
      await this.requireOwn(actor, conversationId);
      const messages = await this.messages.byIds(messageIds);
      const own = messages.filter((message) => message.conversation_id === conversationId);
      if (own.length < new Set(messageIds).size)
        throw invalid('message_ids', 'message_ids names what is no message of this conversation.');
      await this.markDelivered(
        actor,
        own.flatMap((message) => (message.sender_type === 'contact' ? [] : message.id)),
      );
    });
  }

  /** The user's client has these messages. Within a unit of work, or in one of its own. */
  async markDelivered(scope: { workspaceId: number }, messageIds: number[]): Promise<void> {
    if (messageIds.length > 0) await this.work.run(scope, () => this.report(messageIds, 'delivered'));
  }

  private async report(messageIds: number[], status: 'delivered' | 'read'): Promise<void> {
    const at = clock.date();
    await this.deliveries.apply(
      messageIds.map((messageId) => ({ messageId, externalId: null, report: { status, at } })),
    );
  }
}
