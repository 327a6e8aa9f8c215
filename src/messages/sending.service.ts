import { Injectable } from '@nestjs/common';
import { clock } from '../common/clock';
import type { StaffActor } from '../common/actor';
import { AppError, invalid } from '../common/app-error';
import { audienceOf } from '../conversations/conversation.policy';
import { isWindowOpen } from '../conversations/conversation-window.policy';
import { ConversationsService } from '../conversations/conversations.service';
import {
  type Conversation,
  OPEN_STATUSES,
  type Thread,
  toConversationState,
} from '../conversations/conversations.types';
import { FOREIGN_KEY_VIOLATION, sqlState } from '../platform/database/database-errors';
import { UnitOfWork } from '../platform/database/unit-of-work';
import { Journal } from '../platform/events/journal';
import type { Upload } from '../uploads/upload.types';
import { UploadsService } from '../uploads/uploads.service';
import { AttachmentsRepository } from './attachments.repository';
import type { ChannelDriver } from './channel-driver.port';
import { MESSAGE_EVENTS } from './message.events';
import { MessagesRepository } from './messages.repository';
import { type Message, type NewMessagePayload, toMessageDto } from './messages.types';
import { type Draft, draftsOf } from './outgoing-content';
import type {
  BotSend,
  ContentInput,
  OutgoingContent,
  ReactionTarget,
  SentMessageDto,
  StoredContent,
} from './outgoing.types';
import { Outbox } from './outbox.service';
import { storedFormOf } from './readable-body';
import { requestHash } from './request-hash';

/** What goes with a content, whoever sends it. */
export interface SendOptions {
  replyToId?: number | null;
  /** The sender's own id for the request: the same one again gets the same answer. */
  clientMessageId?: string | null;
}

export interface BotMessage extends SendOptions {
  conversationId: number;
  botId: number;
  content: ContentInput;
}

type Speaker = { senderType: 'user'; senderUser: number } | { senderType: 'bot'; senderBot: number };

/** What is allowed outside the window. */
const TEMPLATE = 'template';

/** Everything that is said to customers goes through here: stored and queued for its channel, all or nothing. */
@Injectable()
export class SendingService {
  constructor(
    private readonly work: UnitOfWork,
    private readonly messages: MessagesRepository,
    private readonly conversations: ConversationsService,
    private readonly journal: Journal,
    private readonly outbox: Outbox,
    private readonly uploads: UploadsService,
    private readonly attachments: AttachmentsRepository,
  ) {}

  /**
   * In a conversation that the actor may see; a bot's becomes theirs by it. The answer's state is `pending`.
   */
  async send(
    actor: StaffActor,
    conversationId: number,
    content: ContentInput,
    options: SendOptions = {},
  ): Promise<SentMessageDto> {
    return await this.work.run(actor, async () => {
      const conversation = await this.conversations.lockVisible(actor, conversationId);
      const request = new Request({ senderType: 'user', senderUser: actor.userId }, content, options);
      const earlier = await this.again(conversation.id, request);
      return earlier ?? (await this.say(await this.conversations.takeFromBot(actor, conversation), request));
    });
  }

  /**
   * In the customer's open conversation on a channel, which is made where there is none. One that the actor may not
   * see answers as if it were missing.
   */
  async sendTo(
    actor: StaffActor,
    thread: Thread,
    content: ContentInput,
    options: SendOptions = {},
  ): Promise<SentMessageDto> {
    return await this.work.run(actor, async () => {
      const request = new Request({ senderType: 'user', senderUser: actor.userId }, content, options);
      if (request.clientMessageId !== null) {
        // The conversation of the first time may be closed by now; one at a time, so that none opens another.
        await this.messages.lockClientId(thread.contactId, request.clientMessageId);
        const earlier = await this.messages.findByThreadAndClientId(thread, request.clientMessageId);
        if (earlier !== null) return await this.answerAgain(earlier, request);
      }
      const [open] = await this.conversations.openFor([thread]);
      const conversation = await this.conversations.lockVisible(actor, open!.id);
      return await this.say(await this.conversations.takeFromBot(actor, conversation), request);
    });
  }

  /**
   * In a conversation that is the bot's at this moment and stays so until the open unit of work has ended: nobody
   * who takes it over is spoken over. What is refused leaves no trace; a content that cannot be sent throws.
   */
  async sendAsBot(scope: { workspaceId: number }, message: BotMessage): Promise<BotSend> {
    return await this.work.run(scope, async (): Promise<BotSend> => {
      const conversation = await this.conversations.lock(message.conversationId);
      if (conversation === null) return { kind: 'refused', because: 'not_assigned' };
      const request = new Request({ senderType: 'bot', senderBot: message.botId }, message.content, message);
      const earlier = await this.again(conversation.id, request);
      if (earlier !== null) return { kind: 'sent', message: earlier };
      if (conversation.assignedBot !== message.botId) return { kind: 'refused', because: 'not_assigned' };
      if (isClosed(conversation)) return { kind: 'refused', because: 'closed' };
      if (needsWindow(request.drafts) && !isWindowOpen(conversation, clock.date()))
        return { kind: 'refused', because: 'window_closed' };
      return { kind: 'sent', message: await this.say(conversation, request) };
    });
  }

  /** The answer to the same request before; null where it is the first. The conversation is locked. */
  private async again(conversationId: number, request: Request): Promise<SentMessageDto | null> {
    if (request.clientMessageId === null) return null;
    const earlier = await this.messages.findByClientId(conversationId, request.clientMessageId);
    return earlier === null ? null : await this.answerAgain(earlier, request);
  }

  private async answerAgain(messageId: number, request: Request): Promise<SentMessageDto> {
    const sent = await this.messages.findRequest(messageId);
    if (!sent.hash?.equals(request.hash))
      throw new AppError('IDEMPOTENCY_KEY_REUSED', 'This client_message_id was used for another message.');
    const [message] = await this.messages.findMany([messageId]);
    return { ...toMessageDto(message!), followed_by: sent.followedBy };
  }

  private async say(conversation: Conversation, request: Request): Promise<SentMessageDto> {
    if (isClosed(conversation))
      throw new AppError(
        'CONVERSATION_CLOSED',
        'The conversation is closed; the next message of the customer opens a new one.',
      );
    if (request.replyToId !== null) await this.requireIn(conversation.id, request.replyToId, 'reply_to_id');
    const uploads = await this.uploadsOf(request.drafts);
    const driver = this.driverOf(conversation);
    const contents: OutgoingContent[] = [];
    for (const draft of request.drafts) contents.push(await this.contentOf(conversation, draft, uploads));
    if (needsWindow(request.drafts) && !isWindowOpen(conversation, clock.date()))
      throw windowClosed(conversation);

    const isSent = driver.prepare === undefined;
    const forms: StoredContent[] = [];
    for (const content of contents)
      forms.push((await driver.accept(content, conversation)) ?? storedFormOf(content));
    const stored: Message[] = [];
    const store = async (n: number): Promise<void> => {
      const form = { ...forms[n]!, isSent };
      stored.push(await this.store(conversation, request, contents[n]!, form, stored[0]?.id ?? null));
    };
    const last = contents.length - 1;
    for (let n = 0; n < last; n++) await store(n);
    // On the wire together: the database does one after the other.
    const [, after] = await Promise.all([store(last), this.conversations.setLastMessage(conversation.id)]);
    const shown = uploads.size === 0 ? stored : await this.messages.findMany(stored.map((one) => one.id));
    const dtos = shown.map(toMessageDto).sort((a, b) => a.id - b.id);
    this.journal.append(
      ...dtos.map((dto) => ({
        type: MESSAGE_EVENTS.NEW,
        conversationId: conversation.id,
        audience: audienceOf(after),
        payload: { ...dto, conversation: toConversationState(after) } satisfies NewMessagePayload,
      })),
    );
    if (driver.prepare !== undefined) await this.outbox.enqueue(conversation.id);
    const [first, ...others] = dtos;
    return { ...first!, followed_by: others.map((other) => other.id) };
  }

  private async store(
    conversation: Conversation,
    request: Request,
    content: OutgoingContent,
    form: StoredContent & { isSent: boolean },
    partOf: number | null,
  ): Promise<Message> {
    const first = partOf === null;
    const message = await this.messages.insertOutbound({
      conversationId: conversation.id,
      senderUser: null,
      senderBot: null,
      ...request.speaker,
      type: content.type,
      ...form,
      replyToId: content.type === 'reaction' ? content.payload.message_id : first ? request.replyToId : null,
      clientMessageId: first ? request.clientMessageId : null,
      requestHash: first && request.clientMessageId !== null ? request.hash : null,
      partOf,
    });
    if (content.file !== null) await this.attach(message!.id, content.file);
    return message!;
  }

  private driverOf({ channel }: Conversation): ChannelDriver {
    const driver = this.outbox.driverOf(channel);
    if (driver === null)
      throw new AppError('CHANNEL_NOT_CONNECTED', `Nothing here can send on the channel "${channel}".`);
    return driver;
  }

  private async attach(messageId: number, file: Upload): Promise<void> {
    try {
      await this.attachments.attach(messageId, [file]);
    } catch (error) {
      if (sqlState(error) !== FOREIGN_KEY_VIOLATION) throw error;
      throw noUpload('upload_id');
    }
  }

  private async uploadsOf(drafts: Draft[]): Promise<Map<number, Upload>> {
    const wanted = drafts.flatMap((draft) => draft.upload ?? []);
    const uploads = await this.uploads.find(wanted.map(({ id }) => id));
    const found = new Map(uploads.map((upload) => [upload.id, upload]));
    const missing = wanted.find(({ id }) => !found.has(id));
    if (missing !== undefined) throw noUpload(missing.field);
    return found;
  }

  private async contentOf(
    conversation: Conversation,
    draft: Draft,
    uploads: Map<number, Upload>,
  ): Promise<OutgoingContent> {
    const file = draft.upload === null ? null : uploads.get(draft.upload.id)!;
    return {
      type: draft.type ?? file?.kind ?? 'text',
      text: draft.text,
      payload: draft.payload,
      file,
      target: draft.type === 'reaction' ? await this.targetOf(conversation.id, draft) : null,
    } as OutgoingContent;
  }

  private async targetOf(conversationId: number, draft: Draft): Promise<ReactionTarget> {
    const { message_id: id } = draft.payload as { message_id: number };
    const target = await this.requireIn(conversationId, id, 'payload.message_id');
    return { externalId: target.whatsappMessageId, at: target.createdAt };
  }

  private async requireIn(conversationId: number, messageId: number, field: string): Promise<Message> {
    const [found] = await this.messages.findMany([messageId]);
    if (found?.conversationId !== conversationId)
      throw invalid(field, `${field} is not a message of this conversation.`);
    return found;
  }
}

/** What is asked for, looked at as far as that needs no database. */
class Request {
  readonly drafts: Draft[];
  readonly hash: Buffer;
  readonly replyToId: number | null;
  readonly clientMessageId: string | null;

  constructor(
    readonly speaker: Speaker,
    content: ContentInput,
    options: SendOptions,
  ) {
    this.drafts = draftsOf(content);
    this.replyToId = options.replyToId ?? null;
    this.clientMessageId = options.clientMessageId ?? null;
    if (this.replyToId !== null && this.drafts[0]?.type === 'reaction')
      throw invalid('reply_to_id', 'A reaction names its message in payload.message_id.');
    const { type, body, payload, attachments } = content;
    this.hash = requestHash({
      speaker,
      content: { type: type ?? 'text', body, payload, attachments: attachments ?? [] },
      replyToId: this.replyToId,
    });
  }
}

function noUpload(field: string): AppError {
  return invalid(field, `There is no such upload: ${field}.`);
}

function needsWindow(drafts: Draft[]): boolean {
  return drafts.some((draft) => draft.type !== TEMPLATE);
}

function isClosed(conversation: Conversation): boolean {
  return !OPEN_STATUSES.includes(conversation.status);
}

function windowClosed(conversation: Conversation): AppError {
  return new AppError(
    'WINDOW_CLOSED',
    'The customer has not written for 24 hours, so only a template may be sent now.',
    { window_expires_at: conversation.windowExpiresAt?.toISOString() ?? null, allowed: [TEMPLATE] },
  );
}
