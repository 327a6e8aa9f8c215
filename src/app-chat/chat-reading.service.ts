import { Injectable } from '@nestjs/common';
import { visibleOnlyTo } from '../conversations/conversation.policy';
import type { ConversationStatus } from '../conversations/conversations.types';
import { ConversationMessages } from '../messages/conversation-messages.service';
import type { MessageDto } from '../messages/messages.types';
import { UnitOfWork } from '../platform/database/unit-of-work';
import { ChatAccess } from './chat-access.service';
import type { ChatActor, ChatCaller } from './chat-actor';
import type { ChatConversation } from './chat-conversation.types';
import { type ChatConversationView, type ChatWords, toChatConversationView } from './chat-conversation-view';
import { ChatConversationsRepository } from './chat-conversations.repository';
import { ChatConversationsService } from './chat-conversations.service';
import type { ChatMessageView } from './chat-message-view';
import { ChatUsersRepository } from './chat-users.repository';
import { ChatViewsService } from './chat-views.service';

/** Where in a conversation to read: below an id, above one, or from the newest message down. */
export interface ReadPlace {
  before?: number | undefined;
  after?: number | undefined;
  limit: number;
}

/** A part of a conversation, oldest first. */
export interface ChatHistory {
  conversationId: number | null;
  messages: ChatMessageView[];
  /** Whether there is more in the direction in which it was read. */
  hasMore: boolean;
}

export interface ConversationsWanted {
  statuses: readonly ConversationStatus[] | null;
  /** For staff: only this user's. */
  userId: number | undefined;
  words: ChatWords;
  limit: number;
  offset: number;
}

/** What users and staff read through the live chat's surfaces. */
@Injectable()
export class ChatReadingService {
  constructor(
    private readonly work: UnitOfWork,
    private readonly rows: ChatConversationsRepository,
    private readonly users: ChatUsersRepository,
    private readonly own: ChatConversationsService,
    private readonly access: ChatAccess,
    private readonly messages: ConversationMessages,
    private readonly views: ChatViewsService,
  ) {}

  /** Of a user their own, of staff those that they may see; the one with the newest message first. */
  async conversations(
    caller: ChatCaller,
    wanted: ConversationsWanted,
  ): Promise<{ conversations: ChatConversationView[]; total: number }> {
    return await this.work.read(caller, async () => {
      const { conversations, total } = await this.list(caller, wanted);
      return { conversations: await this.viewsOf(caller, conversations, wanted.words), total };
    });
  }

  async conversation(caller: ChatCaller, id: number, words: ChatWords): Promise<ChatConversationView> {
    return await this.work.read(caller, async () => {
      const conversation = await this.access.require(caller, id);
      return (await this.viewsOf(caller, [conversation], words))[0]!;
    });
  }

  /** Of the conversation that the user writes into who names none: the newest open one, else the newest. */
  async newest(actor: ChatActor, place: ReadPlace): Promise<ChatHistory> {
    return await this.fetched(actor, async () => {
      const id = (await this.own.newestOpen(actor)) ?? (await this.rows.newest(actor.chatUserId));
      if (id === null) return { conversationId: null, messages: [], hasMore: false };
      return await this.part(actor, id, place);
    });
  }

  async history(actor: ChatActor, conversationId: number, place: ReadPlace): Promise<ChatHistory> {
    return await this.fetched(actor, async () => {
      await this.own.requireOwn(actor, conversationId);
      return await this.part(actor, conversationId, place);
    });
  }

  /** Page 1 holds the newest messages. */
  async page(
    actor: ChatActor,
    conversationId: number,
    limit: number,
    offset: number,
  ): Promise<ChatHistory & { total: number }> {
    return await this.fetched(actor, async () => {
      await this.own.requireOwn(actor, conversationId);
      const total = await this.messages.countOf(conversationId);
      const found = (await this.messages.page(conversationId, limit, offset)).toReversed();
      const messages = await this.views.ofMessages(found, actor);
      return { conversationId, messages, hasMore: total > offset + limit, total };
    });
  }

  /** What the user's client fetches has arrived there. */
  private async fetched<T extends ChatHistory>(actor: ChatActor, read: () => Promise<T>): Promise<T> {
    const history = await this.work.read(actor, read);
    const arrived = history.messages.filter(
      (m) => m.sender_role === 'admin' && m.message_type !== 'system' && m.status === 'sent',
    );
    if (arrived.length === 0) return history;
    await this.own.markDelivered(
      actor,
      arrived.map(({ id }) => id),
    );
    return await this.work.read(actor, read);
  }

  private async part(
    actor: ChatActor,
    conversationId: number,
    { before, after, limit }: ReadPlace,
  ): Promise<ChatHistory> {
    const found =
      after === undefined
        ? await this.messages.older(conversationId, before ?? Number.MAX_SAFE_INTEGER, limit + 1)
        : await this.messages.newer(conversationId, after, limit + 1);
    const shown = found.slice(0, limit);
    const messages = after === undefined ? shown.toReversed() : shown;
    return {
      conversationId,
      messages: await this.views.ofMessages(messages, actor),
      hasMore: found.length > limit,
    };
  }

  private async list(
    caller: ChatCaller,
    { statuses, userId, limit, offset }: ConversationsWanted,
  ): Promise<{ conversations: ChatConversation[]; total: number }> {
    if (caller.kind === 'chat_user') return await this.own.list(caller, statuses, limit, offset);
    const only = visibleOnlyTo(caller);
    const conversations = await this.rows.listVisible(only, { userId, statuses }, limit, offset);
    return { conversations, total: await this.rows.countVisible(only, { userId, statuses }) };
  }

  private async viewsOf(
    caller: ChatCaller,
    conversations: ChatConversation[],
    words: ChatWords,
  ): Promise<ChatConversationView[]> {
    const [unread, last, users] = await Promise.all([
      this.own.unreadByUser(conversations),
      this.messages.byIds(conversations.flatMap((c) => c.lastMessageId ?? [])),
      caller.kind === 'chat_user'
        ? []
        : this.users.findMany([...new Set(conversations.map((c) => c.chatUserId))]),
    ]);
    const lastById = new Map<number, MessageDto>(last.map((message) => [message.id, message]));
    const userById = new Map(users.map((user) => [user.id, user]));
    return conversations.flatMap((conversation, i) => {
      const user = caller.kind === 'chat_user' ? caller : userById.get(conversation.chatUserId);
      if (user === undefined) return []; // deleted in this moment, with all that they said
      return toChatConversationView(conversation, {
        user,
        lastMessage: lastById.get(conversation.lastMessageId ?? 0),
        unreadByUser: unread[i]!,
        asked: caller.kind === 'chat_user' ? 'user' : 'admin',
        words,
      });
    });
  }
}
