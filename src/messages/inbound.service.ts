import { Injectable } from '@nestjs/common';
import { ContactsService } from '../contacts/contacts.service';
import { orOvertaken } from '../contacts/contacts.errors';
import type { Sender } from '../contacts/contacts.types';
import { audienceOf } from '../conversations/conversation.policy';
import { ConversationsService } from '../conversations/conversations.service';
import { Journal } from '../platform/events/journal';
import { AttachmentsRepository } from './attachments.repository';
import type { InboundFile } from './attachments.types';
import { MessagesRepository } from './messages.repository';
import { RevocationsService } from './revocations.service';

/** What a customer said, as a channel hands it over. */
export interface InboundMessage {
  sender: Sender;
  channel: string;
  integrationId: number | null;
  /** The provider's id; the same one is stored once, however often it comes. */
  externalId: string;
  type: string;
  /** Readable for people, whatever the type. */
  body: string | null;
  /** The typed content, where the body does not say it all. */
  payload: object | null;
  replyToExternalId: string | null;
  /** The provider's id of an earlier message of the same customer, which they have deleted. */
  revokes?: string | null;
  /** By the provider's clock. */
  sentAt: Date;
  /** Files that are still at the provider's. */
  files?: InboundFile[];
}

/** Takes in what customers say, a whole batch at a time. */
@Injectable()
export class InboundService {
  constructor(
    private readonly contacts: ContactsService,
    private readonly conversations: ConversationsService,
    private readonly messages: MessagesRepository,
    private readonly attachments: AttachmentsRepository,
    private readonly revocations: RevocationsService,
    private readonly journal: Journal,
  ) {}

  /**
   * Stores and announces a batch of one workspace, in its order. Within the open unit of work: nothing is
   * acknowledged before that has committed. Messages stored before are skipped, and leave no other trace either.
   * Answers whether there are files to fetch.
   */
  async receive(given: InboundMessage[]): Promise<boolean> {
    if (given.length === 0) return false;
    // Neither needs the other's answer, so both are asked at once.
    const [batch, known] = await Promise.all([
      this.unknownOf(given),
      this.contacts.lookUp(given.map((m) => m.sender)),
    ]);
    if (batch.length === 0) return false;
    const contactIds = await orOvertaken(
      this.contacts.resolve(
        batch.map((m) => m.sender),
        known,
      ),
    );
    const conversations = await orOvertaken(
      this.conversations.openFor(
        batch.map((m, i) => ({
          contactId: contactIds[i]!,
          channel: m.channel,
          integrationId: m.integrationId,
        })),
      ),
    );
    const stored = await this.messages.insertInbound(
      batch.map((message, i) => ({ ...message, conversationId: conversations[i]!.id })),
    );
    if (stored.length === 0) return false;
    const placed = new Map(batch.map((message, i) => [message.externalId, i]));
    const added = stored.map(({ id, externalId }) => ({ id, message: batch[placed.get(externalId)!]! }));
    this.linkReplies(added);
    this.revocations.note(
      added.flatMap(({ id, message }) => (message.revokes ? [{ id, of: message.revokes }] : [])),
    );
    const files = added.flatMap(({ id, message }) =>
      (message.files ?? []).map((file, position) => ({ ...file, messageId: id, position })),
    );
    if (files.length > 0) this.attachments.insertPending(files);
    this.messages.announceInbound(
      stored.map(({ id, externalId }) => ({
        id,
        audience: audienceOf(conversations[placed.get(externalId)!]!),
      })),
      files.length > 0,
    );
    this.journal.announce();
    return files.length > 0;
  }

  /** Each message once, and none that is stored: one that comes again later must not open a thread anew. */
  private async unknownOf(batch: InboundMessage[]): Promise<InboundMessage[]> {
    const seen = await this.messages.findStored(batch.map((m) => m.externalId));
    return batch.filter(({ externalId }) => !seen.has(externalId) && seen.add(externalId));
  }

  private linkReplies(added: { id: number; message: InboundMessage }[]): void {
    const replies = added.flatMap(({ id, message }) =>
      message.replyToExternalId === null ? [] : [{ id, quotedExternalId: message.replyToExternalId }],
    );
    if (replies.length > 0) this.messages.linkReplies(replies);
  }
}
