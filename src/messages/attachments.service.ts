import { Injectable } from '@nestjs/common';
import { notFound } from '../common/app-error';
import { audienceOf } from '../conversations/conversation.policy';
import { UnitOfWork } from '../platform/database/unit-of-work';
import { Journal } from '../platform/events/journal';
import type { Upload } from '../uploads/upload.types';
import { UploadsService } from '../uploads/uploads.service';
import { AttachmentsRepository } from './attachments.repository';
import type { PendingFile } from './attachments.types';
import { MESSAGE_EVENTS } from './message.events';
import { MessagesRepository } from './messages.repository';
import { toMessageDto } from './messages.types';

/** Files of customers on their way from a provider to the message that shows them. */
@Injectable()
export class AttachmentsService {
  constructor(
    private readonly work: UnitOfWork,
    private readonly rows: AttachmentsRepository,
    private readonly messages: MessagesRepository,
    private readonly journal: Journal,
    private readonly uploads: UploadsService,
  ) {}

  /** What a channel has to fetch now. */
  async due(workspaceId: number, channel: string, limit: number): Promise<PendingFile[]> {
    return await this.work.run({ workspaceId }, () => this.rows.due(channel, limit));
  }

  async nextDue(workspaceId: number, channel: string): Promise<Date | null> {
    return await this.work.run({ workspaceId }, () => this.rows.nextDue(channel));
  }

  /** Within the open unit of work that stored the upload; throws where nobody waits for it any more. */
  async arrived(file: PendingFile, upload: Upload): Promise<void> {
    // The conversation is locked before the attachment changes, as everywhere.
    const before = await this.messages.findWithAssignee(file.messageId);
    if (before === null || !(await this.rows.setReady(file.id, upload))) throw notFound('pending attachment');
    await this.announce(file.messageId);
  }

  /** It will never come. */
  async failed(workspaceId: number, file: PendingFile, reason: string): Promise<void> {
    await this.work.run({ workspaceId }, async () => {
      const before = await this.messages.findWithAssignee(file.messageId);
      if (before !== null && (await this.rows.setFailed(file.id, reason)))
        await this.announce(file.messageId);
    });
  }

  async postpone(workspaceId: number, file: PendingFile, until: Date): Promise<void> {
    await this.work.run({ workspaceId }, () => this.rows.postpone(file.id, until));
  }

  /** Within the open unit of work that deletes the message. Files that no other message shows end with it. */
  async removeOf(messageId: number): Promise<void> {
    await this.uploads.discard(this.work.current, await this.rows.removeOf(messageId));
  }

  /** Within an open unit of work. Whether anything waited for this number of ours. */
  async hasten(integrationId: number): Promise<boolean> {
    return await this.rows.hasten(integrationId);
  }

  private async announce(messageId: number): Promise<void> {
    const message = await this.messages.findWithAssignee(messageId);
    if (message === null) return;
    this.journal.append({
      type: MESSAGE_EVENTS.UPDATED,
      conversationId: message.conversationId,
      audience: audienceOf(message),
      payload: toMessageDto(message),
    });
  }
}
