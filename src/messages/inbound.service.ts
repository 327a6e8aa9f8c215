import { Injectable } from '@nestjs/common';
import { ContactsService } from '../contacts/contacts.service';
import { orOvertaken } from '../contacts/contacts.errors';
import type { KnownIdentity, Sender } from '../contacts/contacts.types';
import { ConversationsService } from '../conversations/conversations.service';
import { Journal } from '../platform/events/journal';
import type { Upload } from '../uploads/upload.types';
import { AttachmentsRepository } from './attachments.repository';
import type { InboundFile } from './attachments.types';
import { InboundRepository, type StoredInbound } from './inbound.repository';
import { MessagesRepository } from './messages.repository';
import { type MessageDto, toMessageDto } from './messages.types';
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
    private readonly inbound: InboundRepository,
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
    const seen = new Set<string>();
    const batch = given.filter(({ externalId }) => !seen.has(externalId) && seen.add(externalId));
    if (batch.length === 0) return false;
    const known = await this.contacts.lookUp(batch.map((m) => m.sender));
    const stored = await this.addToOpen(batch, known);
    const rest = stored.length === batch.length ? [] : without(batch, stored);
    if (rest.length > 0) stored.push(...(await this.addAnywhere(rest, known)));
    if (stored.length === 0) return false;
    const placed = new Map(batch.map((message) => [message.externalId, message]));
    const added = stored.map(({ id, externalId }) => ({ id, message: placed.get(externalId)! }));
    this.linkReplies(added);
    this.revocations.note(
      added.flatMap(({ id, message }) => (message.revokes ? [{ id, of: message.revokes }] : [])),
    );
    const files = added.flatMap(({ id, message }) =>
      (message.files ?? []).map((file, position) => ({ ...file, messageId: id, position })),
    );
    if (files.length > 0) this.attachments.insertPending(files);
    this.inbound.announce(
      stored.map(({ id }) => id),
      files.length > 0,
    );
    this.journal.announce();
    return files.length > 0;
  }

  /**
   * One message, with files that are here already, into a conversation that its channel has chosen and locked. It is the
   * last act of the open unit of work. Null where there is a message of this external id.
   */
  async receiveInto(
    conversationId: number,
    message: Pick<InboundMessage, 'externalId' | 'type' | 'body' | 'payload' | 'sentAt'>,
    { files = [], replyToId = null }: { files?: Upload[]; replyToId?: number | null } = {},
  ): Promise<MessageDto | null> {
    const withFiles = files.length > 0;
    this.journal.announce();
    const stored = await this.inbound.insertOne(conversationId, { ...message, replyToId }, withFiles);
    if (stored === null) return null;
    if (!withFiles) return toMessageDto(stored);
    await this.attachments.attach(stored.id, files);
    this.inbound.announce([stored.id], true);
    const [complete] = await this.messages.findMany([stored.id]);
    return toMessageDto(complete!);
  }

  /**
   * What is usual, in one statement: customers about whom there is nothing to learn go on in their open conversations.
   * A customer's messages are stored here all or none, so that they stay in order.
   */
  private async addToOpen(batch: InboundMessage[], known: KnownIdentity[]): Promise<StoredInbound[]> {
    const contactIds = this.contacts.recognise(
      batch.map((m) => m.sender),
      known,
    );
    if (contactIds === null) return [];
    return await this.inbound.insertIntoOpen(batch.map((m, i) => ({ ...m, contactId: contactIds[i]! })));
  }

  /** Whoever they are from: contacts and conversations are made where there are none. */
  private async addAnywhere(given: InboundMessage[], known: KnownIdentity[]): Promise<StoredInbound[]> {
    const seen = await this.inbound.findStored(given.map((m) => m.externalId));
    // One that comes again later must not open a thread anew.
    const batch = given.filter(({ externalId }) => !seen.has(externalId));
    if (batch.length === 0) return [];
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
    return await this.inbound.insert(
      batch.map((message, i) => ({ ...message, conversationId: conversations[i]!.id })),
    );
  }

  private linkReplies(added: { id: number; message: InboundMessage }[]): void {
    const replies = added.flatMap(({ id, message }) =>
      message.replyToExternalId === null ? [] : [{ id, quotedExternalId: message.replyToExternalId }],
    );
    if (replies.length > 0) this.inbound.linkReplies(replies);
  }
}

function without(batch: InboundMessage[], stored: StoredInbound[]): InboundMessage[] {
  const ids = new Set(stored.map(({ externalId }) => externalId));
  return batch.filter(({ externalId }) => !ids.has(externalId));
}
