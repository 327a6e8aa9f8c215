import { Injectable } from '@nestjs/common';
import type { Actor, StaffActor } from '../common/actor';
import { notFound } from '../common/app-error';
import { ConversationsService } from '../conversations/conversations.service';
import type { ConversationDto } from '../conversations/conversations.types';
import { UnitOfWork } from '../platform/database/unit-of-work';
import { MessageReadsRepository } from './message-reads.repository';
import type { ConversationUnreadDto, MarkedAsReadDto, UnreadCountDto } from './message-reads.types';
import { MessagesRepository } from './messages.repository';

/**
 * What is read and what is not. A conversation is read up to a message; the customer's messages after it are the
 * unread ones, and `unread_count` is their number.
 */
@Injectable()
export class UnreadService {
  constructor(
    private readonly work: UnitOfWork,
    private readonly reads: MessageReadsRepository,
    private readonly messages: MessagesRepository,
    private readonly conversations: ConversationsService,
  ) {}

  /** The customer's messages that staff have not read. */
  async ofContact(actor: Actor, conversationId: number): Promise<ConversationUnreadDto> {
    const conversation = await this.conversations.requireVisible(actor, conversationId);
    return { conversation_id: conversationId, unread_count: conversation.unreadCount };
  }

  /** Our messages that the customer has not read. */
  async ofAgents(actor: Actor, conversationId: number): Promise<ConversationUnreadDto> {
    return await this.work.read(actor, async () => {
      await this.conversations.requireVisible(actor, conversationId);
      const count = await this.reads.countUnreadByContact(conversationId);
      return { conversation_id: conversationId, unread_count: count };
    });
  }

  async count(actor: Actor, conversationId?: number): Promise<UnreadCountDto> {
    return await this.work.read(actor, async () => {
      if (conversationId !== undefined) {
        const { unreadCount } = await this.conversations.requireVisible(actor, conversationId);
        return { unread_count: unreadCount, conversations: unreadCount > 0 ? 1 : 0 };
      }
      const { messages, conversations } = await this.conversations.unreadInAll(actor);
      return { unread_count: messages, conversations };
    });
  }

  async markConversation(actor: StaffActor, conversationId: number): Promise<ConversationDto> {
    return await this.conversations.setRead(actor, conversationId, true);
  }

  /**
   * Reads each conversation up to the newest of its messages that are named; messages of ours among them change
   * nothing. All or nothing: an id that is none of a message the actor may see is `NOT_FOUND`.
   */
  async markMessages(actor: StaffActor, messageIds: number[]): Promise<MarkedAsReadDto> {
    return await this.work.run(actor, async () => {
      const wanted = [...new Set(messageIds)];
      const messages = await this.messages.findMany(wanted);
      if (messages.length < wanted.length) throw notFound('message');
      const ids = [...new Set(messages.map((m) => m.conversationId))];
      const before = await this.conversations.lockAllVisible(actor, ids);
      if (before === null) throw notFound('message');

      const places = before.flatMap((conversation) => {
        const upToId = messages
          .filter((m) => m.conversationId === conversation.id && m.senderType === 'contact')
          .reduce((newest, m) => Math.max(newest, m.id), 0);
        return upToId > conversation.readUpToId ? { conversationId: conversation.id, upToId } : [];
      });
      const left = await this.reads.countUnreadAfter(places);
      const marks = places.map((place, i) => ({ ...place, unreadCount: left[i]! }));
      const conversations = await this.conversations.readOn(before, marks);
      const unread = (list: { unread_count: number }[]): number =>
        list.reduce((sum, { unread_count }) => sum + unread_count, 0);
      const changed = before.filter((b) => marks.some((mark) => mark.conversationId === b.id));
      const marked = unread(changed.map((b) => ({ unread_count: b.unreadCount }))) - unread(conversations);
      return { marked, conversations };
    });
  }
}
