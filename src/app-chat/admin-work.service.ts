import { Injectable } from '@nestjs/common';
import { AuditService } from '../audit/audit.service';
import type { StaffActor } from '../common/actor';
import { AppError, invalid } from '../common/app-error';
import { ConversationEditsService } from '../conversations/conversation-edits.service';
import { ConversationNotesService } from '../conversations/conversation-notes.service';
import { ConversationTagsService } from '../conversations/conversation-tags.service';
import { ConversationsService } from '../conversations/conversations.service';
import type { Conversation } from '../conversations/conversations.types';
import type { ContentInput } from '../messages/outgoing.types';
import { SendingService } from '../messages/sending.service';
import { UnitOfWork } from '../platform/database/unit-of-work';
import { UploadsService } from '../uploads/uploads.service';
import { UsersService } from '../users/users.service';
import type { AdminMessageDto, AssignConversationDto, UpdateChatConversationDto } from './admin-chat.dto';
import type {
  AdminSentMessage,
  AssignedConversation,
  SupportConversation,
  UpdatedConversation,
} from './admin-conversation.types';
import { AdminConversationsService, priorityOf } from './admin-conversations.service';
import type { SupportStatusDto } from './admin-support.dto';
import { toAdminInfo } from './admin-views.service';
import { ChatAccess } from './chat-access.service';
import { SHOWN_STATUS, SUPPORT_STATUS } from './chat-conversation.types';
import { ChatPeopleRepository } from './chat-people.repository';
import { stepsTo } from './chat-status.policy';
import { ChatUsersRepository } from './chat-users.repository';
import { ChatViewsService } from './chat-views.service';

/** What staff do in the live chat: the core's own work, several things of it in one transaction. All of it is audited. */
@Injectable()
export class AdminWorkService {
  constructor(
    private readonly work: UnitOfWork,
    private readonly access: ChatAccess,
    private readonly reads: AdminConversationsService,
    private readonly conversations: ConversationsService,
    private readonly edits: ConversationEditsService,
    private readonly notes: ConversationNotesService,
    private readonly tags: ConversationTagsService,
    private readonly sending: SendingService,
    private readonly uploads: UploadsService,
    private readonly staff: UsersService,
    private readonly people: ChatPeopleRepository,
    private readonly users: ChatUsersRepository,
    private readonly views: ChatViewsService,
    private readonly audit: AuditService,
  ) {}

  async assign(
    actor: StaffActor,
    id: number,
    { admin_id: admin, notes = null }: AssignConversationDto,
  ): Promise<AssignedConversation> {
    return await this.work.run(actor, async () => {
      await this.access.require(actor, id);
      await this.conversations.assign(actor, id, { assigned_user: admin });
      if (notes !== null)
        await this.notes.add(actor, await this.locked(id), { kind: 'assignment', body: notes });
      const assigned = (await this.people.admins([admin])).get(admin)!;
      return { conversation_id: id, assigned_admin: toAdminInfo(assigned), notes };
    });
  }

  /** All that is named, or nothing. */
  async update(
    actor: StaffActor,
    id: number,
    input: UpdateChatConversationDto,
  ): Promise<UpdatedConversation> {
    return await this.work.run(actor, async () => {
      await this.access.require(actor, id);
      if (input.status !== undefined)
        await this.move(actor, id, input.status === 'active' ? 'open' : input.status);
      await this.edits.update(actor, id, { priority: input.priority });
      if (input.tags !== undefined) await this.tags.set(actor, await this.locked(id), input.tags);
      const resolution = input.resolution_notes ?? null;
      if (resolution !== null)
        await this.notes.add(actor, await this.locked(id), { kind: 'resolution', body: resolution });
      const after = await this.edits.get(actor, id);
      return {
        conversation_id: id,
        status: SHOWN_STATUS[after.status],
        priority: after.priority,
        tags: after.tags,
        resolution_notes: resolution,
        updated_by: actor.username,
        updated_at: after.updated_at,
      };
    });
  }

  /** In the words of the contract that tells waiting conversations from those that somebody has. */
  async updateSupport(
    actor: StaffActor,
    id: number,
    { status, priority }: SupportStatusDto,
  ): Promise<SupportConversation> {
    return await this.work.run(actor, async () => {
      const { status: before } = await this.access.require(actor, id);
      if (SUPPORT_STATUS[before] !== status) await this.moveSupport(actor, id, status);
      await this.edits.update(actor, id, { priority: priority && priorityOf(priority) });
      return await this.reads.support(actor, id);
    });
  }

  /** Once it answers, the message is stored and announced, and the note kept beside it; both or neither. */
  async send(
    actor: StaffActor,
    id: number,
    input: AdminMessageDto,
    clientMessageId: string | null,
  ): Promise<AdminSentMessage> {
    return await this.work.run(actor, async () => {
      const { chatUserId } = await this.access.require(actor, id);
      const before = await this.conversations.lockVisible(actor, id);
      const sent = await this.sending.send(actor, id, await this.contentOf(input), {
        replyToId: input.reply_to_id ?? null,
        clientMessageId,
      });
      const note = input.internal_note ?? null;
      // Ids grow within a conversation that is locked.
      if (before.lastMessageId !== null && sent.id <= before.lastMessageId)
        await this.requireSameNote(sent.id, note);
      else await this.keep(actor, id, sent.id, note);
      const [user] = await this.users.findMany([chatUserId]);
      const [shown] = await this.views.ofMessages([sent], user!);
      return { ...shown!, ...(note === null ? {} : { internal_note: note }) };
    });
  }

  private async keep(actor: StaffActor, id: number, messageId: number, note: string | null): Promise<void> {
    const subject = { type: 'conversation', id };
    this.audit.record({
      actor,
      action: 'conversation.message',
      subject,
      details: { message_id: messageId },
    });
    if (note !== null)
      await this.notes.add(actor, await this.locked(id), { kind: 'note', body: note, messageId });
  }

  /** The same id with another note is a mistake of the client, of which it must hear. */
  private async requireSameNote(messageId: number, note: string | null): Promise<void> {
    if (((await this.notes.ofMessage(messageId))?.body ?? null) !== note)
      throw new AppError('IDEMPOTENCY_KEY_REUSED', 'This client_message_id was used with another note.');
  }

  private async contentOf({ message, message_type: type, file_id }: AdminMessageDto): Promise<ContentInput> {
    const text = message ?? '';
    const uuid = file_id?.replace('upload_', '') ?? null;
    if (type === 'text') {
      if (uuid !== null) throw invalid('file_id', 'A text has no file: message_type is image or file.');
      if (text.trim() === '') throw invalid('message', 'The message is empty.');
      return { type: 'text', body: text };
    }
    if (uuid === null) throw invalid('file_id', `A message of type ${type} needs the file_id of an upload.`);
    const upload = await this.uploads.findByUuid(uuid);
    if (upload === null) throw invalid('file_id', 'There is no such file.');
    if (type === 'image' && upload.kind !== 'image') throw invalid('file_id', 'This file is no image.');
    return { body: text === '' ? null : text, attachments: [{ upload_id: upload.id }] };
  }

  /** Open again, it is whose it was, where they are still there; otherwise it waits. */
  private async move(
    actor: StaffActor,
    id: number,
    to: 'open' | 'closed' | 'archived',
    open?: 'queue',
  ): Promise<void> {
    const before = await this.conversations.lockVisible(actor, id);
    const hasSomebody = open === undefined && (await this.isStillSomebodys(actor, before));
    for (const status of stepsTo(before.status, to, hasSomebody ? 'active' : 'queue'))
      await this.edits.update(actor, id, { status });
  }

  private async moveSupport(actor: StaffActor, id: number, to: SupportStatusDto['status']): Promise<void> {
    if (to === 'closed' || to === 'archived') return await this.move(actor, id, to);
    await this.move(actor, id, 'open', to === 'pending' ? 'queue' : undefined);
    const { status } = await this.locked(id);
    if (SUPPORT_STATUS[status] === to) return;
    if (to === 'open') await this.conversations.assign(actor, id, {});
    else await this.conversations.unassign(actor, id);
  }

  private async isStillSomebodys(
    { workspaceId }: StaffActor,
    { assignedUser, assignedBot }: Conversation,
  ): Promise<boolean> {
    if (assignedUser === null) return assignedBot !== null;
    const user = await this.staff.findById(workspaceId, assignedUser);
    return user !== null && user.deactivatedAt === null;
  }

  /** As it is now. */
  private async locked(id: number): Promise<Conversation> {
    return (await this.conversations.lock(id))!;
  }
}
