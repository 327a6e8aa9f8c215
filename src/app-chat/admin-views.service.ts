import { Injectable } from '@nestjs/common';
import { ConversationTagsService } from '../conversations/conversation-tags.service';
import type { ConversationDto } from '../conversations/conversations.types';
import type { MessageDto } from '../messages/messages.types';
import type {
  AdminConversation,
  AdminInfo,
  AdminLastMessage,
  AdminUserInfo,
  SupportConversation,
} from './admin-conversation.types';
import { AdminConversationsRepository } from './admin-conversations.repository';
import { type ChatConversation, SHOWN_STATUS, SUPPORT_STATUS } from './chat-conversation.types';
import { ChatConversationsRepository } from './chat-conversations.repository';
import { ChatConversationsService } from './chat-conversations.service';
import { type ChatAdmin, ChatPeopleRepository } from './chat-people.repository';
import type { ChatUser } from './chat-user.types';
import { ChatUsersRepository } from './chat-users.repository';

/** What is known of a conversation of the live chat. */
export interface KnownConversation {
  conversation: ConversationDto;
  chat: ChatConversation;
  user: ChatUser;
  admin: ChatAdmin | null;
  tags: string[];
  total: number;
}

/** Conversations as the contracts of the live chat show them to staff. Within the open unit of work. */
@Injectable()
export class AdminViewsService {
  constructor(
    private readonly rows: AdminConversationsRepository,
    private readonly chats: ChatConversationsRepository,
    private readonly own: ChatConversationsService,
    private readonly users: ChatUsersRepository,
    private readonly people: ChatPeopleRepository,
    private readonly tags: ConversationTagsService,
  ) {}

  /** In the same order, without those that were deleted meanwhile; the same few statements however many they are. */
  async known(conversations: ConversationDto[]): Promise<KnownConversation[]> {
    if (conversations.length === 0) return [];
    const ids = conversations.map(({ id }) => id);
    const chats = new Map((await this.chats.findMany(ids)).map((chat) => [chat.id, chat]));
    const [users, admins, tags, totals] = await Promise.all([
      this.users.findMany([...new Set([...chats.values()].map(({ chatUserId }) => chatUserId))]),
      this.people.admins([...new Set(conversations.flatMap((c) => c.assigned_user ?? []))]),
      this.tags.namesOf(ids),
      this.rows.totals(ids),
    ]);
    const userOf = new Map(users.map((user) => [user.id, user]));
    return conversations.flatMap((conversation) => {
      const { id, assigned_user: admin } = conversation;
      const chat = chats.get(id);
      const user = chat && userOf.get(chat.chatUserId);
      if (chat === undefined || user === undefined) return [];
      return {
        conversation,
        chat,
        user,
        admin: admin === null ? null : (admins.get(admin) ?? null),
        tags: tags.get(id) ?? [],
        total: totals.get(id)!,
      };
    });
  }

  async ofAdmin(conversations: ConversationDto[]): Promise<AdminConversation[]> {
    return (await this.known(conversations)).map(toAdminConversation);
  }

  async ofSupport(conversations: ConversationDto[]): Promise<SupportConversation[]> {
    const known = await this.known(conversations);
    const unread = await this.own.unreadByUser(known.map(({ chat }) => chat));
    const closedBy = await this.rows.closedBy(known.map(({ chat }) => chat));
    return known.map((one, i) =>
      toSupportConversation(one, unread[i]!, closedBy.get(one.conversation.id) ?? null),
    );
  }
}

export function toAdminInfo({ id, username, name }: ChatAdmin): AdminInfo {
  return { id, username, account_name: name };
}

export function toUserInfo(user: ChatUser): AdminUserInfo {
  return {
    id: user.userId,
    account_name: user.accountName,
    phone_number: user.phoneNumber,
    status: user.status,
  };
}

/** How the user of a conversation is called, whatever is known of them. */
export function userNameOf({ user, conversation }: KnownConversation): string {
  return user.accountName || user.username || conversation.contact?.name || `User ${user.userId}`;
}

export function lastMessageOf({ last_message: last }: ConversationDto): AdminLastMessage | null {
  if (last === null) return null;
  const { id, body, sender_type, created_at } = last as MessageDto;
  return {
    id,
    content: body ?? '',
    sender_role: sender_type === 'contact' ? 'user' : 'admin',
    timestamp: created_at,
  };
}

export function toAdminConversation(known: KnownConversation): AdminConversation {
  const { conversation } = known;
  return {
    id: conversation.id,
    user_id: known.user.userId,
    user_info: toUserInfo(known.user),
    admin_id: conversation.assigned_user,
    admin_info: known.admin === null ? null : toAdminInfo(known.admin),
    status: SHOWN_STATUS[conversation.status],
    priority: conversation.priority,
    created_at: conversation.created_at,
    last_message_at: conversation.last_message_at,
    unread_count: conversation.unread_count,
    total_messages: known.total,
    last_message: lastMessageOf(conversation),
    tags: known.tags,
  };
}

function toSupportConversation(
  known: KnownConversation,
  userUnread: number,
  closedBy: number | null,
): SupportConversation {
  const { conversation, user } = known;
  const shown = toAdminConversation(known);
  return {
    ...shown,
    username: user.username,
    subject: known.chat.subject,
    status: SUPPORT_STATUS[conversation.status],
    priority: conversation.priority === 'normal' ? 'medium' : conversation.priority,
    last_message_by: shown.last_message?.sender_role ?? null,
    user_unread_count: userUnread,
    admin_unread_count: conversation.unread_count,
    closed_at: known.chat.closedAt?.toISOString() ?? null,
    closed_by: closedBy,
    updated_at: conversation.updated_at,
  };
}
