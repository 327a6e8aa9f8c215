import { Injectable } from '@nestjs/common';
import { ChatConversationsService } from '../app-chat/chat-conversations.service';
import type { ChatRole } from '../app-chat/chat.types';
import { ChatUsersService } from '../app-chat/chat-users.service';
import { AuditService } from '../audit/audit.service';
import { ConversationNotesService } from '../conversations/conversation-notes.service';
import { ConversationTagsService } from '../conversations/conversation-tags.service';
import type { ConversationDto } from '../conversations/conversations.types';
import { ConversationMessages } from '../messages/conversation-messages.service';
import { UnitOfWork } from '../platform/database/unit-of-work';
import type { JournalEvent } from '../platform/events/journal-reader';
import type { ChatUserInfo } from './chat-payloads';
import * as rooms from './chat-rooms';
import type { ChatNamespace } from './chat-socket';

/** What staff are told of conversations that they have not joined. */
@Injectable()
export class AdminNews {
  private namespace!: ChatNamespace;

  constructor(
    private readonly work: UnitOfWork,
    private readonly conversations: ChatConversationsService,
    private readonly users: ChatUsersService,
    private readonly messages: ConversationMessages,
    private readonly tags: ConversationTagsService,
    private readonly notes: ConversationNotesService,
    private readonly audit: AuditService,
  ) {}

  open(namespace: ChatNamespace): void {
    this.namespace = namespace;
  }

  /** A user has a new conversation. */
  async opened(event: JournalEvent): Promise<void> {
    const { workspaceId, audience } = event;
    const to = rooms.audienceRooms('new', workspaceId, audience);
    if (!to.some((room) => this.namespace.adapter.rooms.has(room))) return;
    const { id, priority, created_at } = event.payload as unknown as ConversationDto;
    const news = await this.work.read({ workspaceId }, async () => {
      const [conversation] = await this.conversations.byIds([id]);
      if (conversation === undefined) return null; // deleted meanwhile
      const [first] = await this.messages.newer(id, 0, 1);
      const user_info = await this.userOf(conversation.chatUserId);
      if (user_info === null) return null;
      return { user_info, subject: conversation.subject, initial_message: first?.body ?? null };
    });
    if (news === null) return;
    this.namespace.local
      .to(to)
      .emit('admin_new_conversation', { conversation_id: id, ...news, created_at, priority });
  }

  /** A conversation is somebody's now. */
  async assigned(event: JournalEvent): Promise<void> {
    const { workspaceId, createdAt } = event;
    const { id, priority, assigned_user, transfer_note } = event.payload as unknown as ConversationDto;
    if (assigned_user === null) return;
    const to = rooms.admin(workspaceId, assigned_user);
    if (!this.namespace.adapter.rooms.has(to)) return;
    const news = await this.work.read({ workspaceId }, async () => {
      const [conversation] = await this.conversations.byIds([id]);
      const user_info = conversation === undefined ? null : await this.userOf(conversation.chatUserId);
      if (user_info === null) return null;
      const note = (await this.notes.latest([id], 'assignment')).get(id);
      const done = await this.audit.doneAt({ type: 'conversation', id }, createdAt);
      return {
        user_info,
        tags: (await this.tags.namesOf([id])).get(id) ?? [],
        assigned_by: done.find(({ details }) => isHandover(details, assigned_user))?.userName ?? 'system',
        // What was written with an earlier assignment is not about this one.
        notes: note?.created_at === createdAt.toISOString() ? note.body : transfer_note,
      };
    });
    if (news === null) return;
    this.namespace.local
      .to(to)
      .emit('admin_conversation_assigned', { conversation_id: id, priority, ...news });
  }

  async statusChangedBy({ workspaceId, conversationId, createdAt }: JournalEvent): Promise<ChatRole> {
    const done = await this.work.read({ workspaceId }, () =>
      this.audit.doneAt({ type: 'conversation', id: conversationId! }, createdAt),
    );
    return done.some(({ details }) => (details as { by?: unknown }).by === 'customer') ? 'user' : 'admin';
  }

  /** Null where they are deleted meanwhile. */
  private async userOf(chatUserId: number): Promise<ChatUserInfo | null> {
    const [user] = await this.users.byIds([chatUserId]);
    if (user === undefined) return null;
    const { userId, username, accountName, status } = user;
    return { id: userId, username, account_name: accountName, status };
  }
}

/** Whether an entry of the audit tells that a conversation became this user's. */
function isHandover(details: object, userId: number): boolean {
  const { to } = details as { to?: { assigned_user?: unknown } | string };
  return typeof to === 'object' && to.assigned_user === userId;
}
