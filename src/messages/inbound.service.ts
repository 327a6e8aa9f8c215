import { Injectable } from '@nestjs/common';
import { ContactsService } from '../contacts/contacts.service';
import { orOvertaken } from '../contacts/contacts.errors';
import type { Sender } from '../contacts/contacts.types';
import { type AskedSender, askedOf } from '../contacts/known-senders.policy';
import { ConversationsService } from '../conversations/conversations.service';
import type { Statement } from '../platform/database/unit-of-work';
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

/** Messages that come once each, and their senders, who may be known. */
export interface UsualBatch {
  messages: InboundMessage[];
  senders: AskedSender[];
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
   * A batch of which everything may be done in one way to the database and back: see {@link receiveUsual}. Null where it
   * holds what must be looked at first; as a whole, since that may concern the customers of the others as well.
   */
  usual(given: InboundMessage[]): UsualBatch | null {
    const messages = eachOnce(given);
    const senders: AskedSender[] = [];
    for (const { sender, revokes } of messages) {
      const asked = revokes ? null : askedOf(sender);
      if (asked === null) return null;
      senders.push(asked);
    }
    return { messages, senders };
  }

  /**
   * Stores and announces messages of customers who are known, into their open conversations, in their order; answers those
   * that are left for {@link receive}: all of a customer's, or where they were stored before. It is the last act of the
   * open unit of work.
   */
  async receiveUsual({ messages, senders }: UsualBatch): Promise<InboundMessage[]> {
    this.journal.announce();
    const stored = await this.inbound.takeUsual(messages, senders, this.followUps(messages));
    if (stored.length === messages.length) return [];
    const taken = new Set(stored);
    return messages.filter(({ externalId }) => !taken.has(externalId));
  }

  /**
   * Stores and announces a batch of one workspace, in its order. Within the open unit of work: nothing is
   * acknowledged before that has committed. Messages stored before are skipped, and leave no other trace either.
   */
  async receive(given: InboundMessage[]): Promise<void> {
    const batch = eachOnce(given);
    const stored = await this.store(batch);
    if (stored.length === 0) return;
    const placed = new Map(batch.map((message) => [message.externalId, message]));
    this.revocations.note(
      stored.flatMap(({ id, externalId }) => {
        const { revokes } = placed.get(externalId)!;
        return revokes ? [{ id, of: revokes }] : [];
      }),
    );
    this.inbound.send(this.followUps(batch));
    this.journal.announce();
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
    this.inbound.send([this.inbound.announcing([message.externalId], true)]);
    const [complete] = await this.messages.findMany([stored.id]);
    return toMessageDto(complete!);
  }

  /** Whoever they are from: contacts and conversations are made where there are none. */
  private async store(given: InboundMessage[]): Promise<StoredInbound[]> {
    const seen = await this.inbound.findStored(given.map((m) => m.externalId));
    // One that comes again later must not open a thread anew.
    const batch = given.filter(({ externalId }) => !seen.has(externalId));
    if (batch.length === 0) return [];
    const senders = batch.map((m) => m.sender);
    const known = await this.contacts.lookUp(senders);
    const contactIds = await orOvertaken(this.contacts.resolve(senders, known));
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

  /** What is left to be done with messages that this transaction has stored, in this order. */
  private followUps(batch: InboundMessage[]): Statement[] {
    const replies = batch.flatMap(({ externalId, replyToExternalId: quoted }) =>
      quoted === null ? [] : [{ externalId, quoted }],
    );
    const files = batch.flatMap(({ externalId, files: all = [] }) =>
      all.map((file, position) => ({ ...file, externalId, position })),
    );
    return [
      ...(replies.length > 0 ? [this.inbound.linkingReplies(replies)] : []),
      ...(files.length > 0 ? [this.attachments.insertingPending(files)] : []),
      this.inbound.announcing(
        batch.map((m) => m.externalId),
        files.length > 0,
      ),
    ];
  }
}

/** Of messages with the same id the first. */
function eachOnce(messages: InboundMessage[]): InboundMessage[] {
  const seen = new Set<string>();
  return messages.filter(({ externalId }) => !seen.has(externalId) && seen.add(externalId));
}
