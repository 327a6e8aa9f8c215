import { Injectable } from '@nestjs/common';
import type { Actor, StaffActor } from '../common/actor';
import { AppError, notFound } from '../common/app-error';
import { type Page, pageOf } from '../common/page';
import { ContactsService } from '../contacts/contacts.service';
import { FOREIGN_KEY_VIOLATION, sqlState } from '../platform/database/database-errors';
import { UnitOfWork } from '../platform/database/unit-of-work';
import { Journal } from '../platform/events/journal';
import { CONVERSATION_EVENTS } from './conversation.events';
import { type Assignment, audienceOf, maySee, visibleOnlyTo } from './conversation.policy';
import type { AssignDto, ConversationQuery } from './conversations.dto';
import { ConversationsRepository, type OpenThread, type Thread } from './conversations.repository';
import {
  type Conversation,
  type ConversationDto,
  OPEN_STATUSES,
  toConversationDto,
} from './conversations.types';
import type { LastMessages } from './last-messages.port';

const threadKey = (t: Thread): string => `${t.contactId} ${t.channel} ${t.integrationId ?? ''}`;

/** The life of a thread: opened, assigned, read. What is said in it belongs to the messages feature. */
@Injectable()
export class ConversationsService {
  private lastMessages: LastMessages = { byIds: () => Promise.resolve(new Map()) };

  constructor(
    private readonly work: UnitOfWork,
    private readonly conversations: ConversationsRepository,
    private readonly contacts: ContactsService,
    private readonly journal: Journal,
  ) {}

  /** Called once, by the feature above that owns messages. */
  useLastMessages(source: LastMessages): void {
    this.lastMessages = source;
  }

  async list(actor: StaffActor, query: ConversationQuery): Promise<Page<ConversationDto>> {
    return await this.work.run(actor, async () => {
      const filter = {
        visibleOnlyTo: visibleOnlyTo(actor),
        status: query.status,
        assignedUser: query.assigned_user,
        unread: query.unread,
      };
      const rows = await this.conversations.list(filter, query.limit, query.offset);
      return pageOf(await this.toDtos(rows), await this.conversations.count(filter), query);
    });
  }

  async get(actor: Actor, id: number): Promise<ConversationDto> {
    return await this.work.run(actor, async () => await this.toDto(await this.requireVisible(actor, id)));
  }

  /** The conversation, if the actor may see it; otherwise `NOT_FOUND`, as for one that does not exist. */
  async requireVisible(actor: Actor, id: number): Promise<Conversation> {
    return await this.work.run(actor, async () => seenBy(actor, await this.conversations.find(id)));
  }

  /** Which of these conversations the actor may see now. */
  async visibleAmong(actor: Actor, ids: number[]): Promise<Set<number>> {
    if (ids.length === 0) return new Set();
    const rows = await this.work.run(actor, () => this.conversations.findMany(ids));
    return new Set(rows.filter((row) => maySee(actor, row)).map((row) => row.id));
  }

  /** The same, locked until the open transaction ends. */
  async lockVisible(actor: Actor, id: number): Promise<Conversation> {
    return seenBy(actor, await this.conversations.lock(id));
  }

  /** The conversation, whoever may see it, locked until the open transaction ends. For work that nobody asked for. */
  async lock(id: number): Promise<Conversation | null> {
    return await this.conversations.lock(id);
  }

  /**
   * The open conversation of each thread, in the same order, made where there is none, locked until the open
   * transaction ends. Safe against any number of transactions doing the same.
   */
  async openFor(threads: Thread[]): Promise<OpenThread[]> {
    let open = await this.locked(threads);
    const missing = [
      ...new Map(threads.filter((t) => !open.has(threadKey(t))).map((t) => [threadKey(t), t])).values(),
    ];
    if (missing.length > 0) {
      const created = await this.conversations.insertOpen(missing);
      open = await this.locked(threads);
      const fresh = await this.toDtos(await this.conversations.findMany(created));
      this.journal.append(
        ...fresh.map((payload) => ({
          type: CONVERSATION_EVENTS.NEW,
          conversationId: payload.id,
          audience: null,
          payload,
        })),
      );
    }
    return threads.map((thread) => open.get(threadKey(thread))!);
  }

  /** A message of ours is the newest one of a conversation that is locked. */
  async setLastMessage(id: number, messageId: number): Promise<Conversation> {
    return await this.conversations.setLastMessage(id, messageId);
  }

  async assign(actor: StaffActor, id: number, input: AssignDto): Promise<ConversationDto> {
    return await this.work.run(actor, async () => {
      const before = await this.lockVisible(actor, id);
      if (!OPEN_STATUSES.includes(before.status)) throw closed();
      const to: Assignment =
        input.assigned_bot === undefined
          ? { assignedUser: input.assigned_user ?? actor.userId, assignedBot: null }
          : { assignedUser: null, assignedBot: input.assigned_bot };
      const handedOn = before.assignedUser !== null && before.assignedUser !== to.assignedUser;
      const after = await this.conversations
        .assign(id, to, handedOn ? 'transferred' : 'active')
        .catch((error: unknown) => {
          if (sqlState(error) !== FOREIGN_KEY_VIOLATION) throw error;
          throw new AppError(
            'VALIDATION_FAILED',
            input.assigned_bot === undefined ? 'There is no such user.' : 'There is no such bot.',
          );
        });
      return await this.announce(
        [CONVERSATION_EVENTS.ASSIGNED, ...(before.unreadCount > 0 ? [CONVERSATION_EVENTS.UNREAD_RESET] : [])],
        before,
        after,
      );
    });
  }

  async unassign(actor: StaffActor, id: number): Promise<ConversationDto> {
    return await this.work.run(actor, async () => {
      const before = await this.lockVisible(actor, id);
      if (!OPEN_STATUSES.includes(before.status)) throw closed();
      return await this.announce(
        [CONVERSATION_EVENTS.ASSIGNED],
        before,
        await this.conversations.unassign(id),
      );
    });
  }

  async setRead(actor: StaffActor, id: number, read: boolean): Promise<ConversationDto> {
    return await this.work.run(actor, async () => {
      const before = await this.lockVisible(actor, id);
      const events = read
        ? [CONVERSATION_EVENTS.READ, ...(before.unreadCount > 0 ? [CONVERSATION_EVENTS.UNREAD_RESET] : [])]
        : [CONVERSATION_EVENTS.UNREAD];
      return await this.announce(events, before, await this.conversations.setRead(id, read));
    });
  }

  /**
   * Writes what happened to a conversation; every entry carries its whole new state. Whoever loses it hears of the
   * change of hands, all of which they could see until now, and of nothing else.
   */
  private async announce(
    types: string[],
    before: Conversation,
    after: Conversation,
  ): Promise<ConversationDto> {
    const payload = await this.toDto(after);
    this.journal.append(
      ...types.map((type) => ({
        type,
        conversationId: after.id,
        audience: type === CONVERSATION_EVENTS.ASSIGNED ? audienceOf(before, after) : audienceOf(after),
        payload,
      })),
    );
    return payload;
  }

  private async locked(threads: Thread[]): Promise<Map<string, OpenThread>> {
    const rows = await this.conversations.lockOpen(threads);
    return new Map(rows.map((row) => [threadKey(row), row]));
  }

  private async toDto(conversation: Conversation): Promise<ConversationDto> {
    return (await this.toDtos([conversation]))[0]!;
  }

  private async toDtos(conversations: Conversation[]): Promise<ConversationDto[]> {
    if (conversations.length === 0) return [];
    const contacts = await this.contacts.summaries(conversations.map((c) => c.contactId));
    const messageIds = conversations.flatMap((c) => (c.lastMessageId === null ? [] : [c.lastMessageId]));
    const messages =
      messageIds.length === 0 ? new Map<number, object>() : await this.lastMessages.byIds(messageIds);
    return conversations.map((c) =>
      toConversationDto(c, contacts.get(c.contactId) ?? null, messages.get(c.lastMessageId ?? 0) ?? null),
    );
  }
}

function seenBy(actor: Actor, conversation: Conversation | null): Conversation {
  if (conversation === null || !maySee(actor, conversation)) throw notFound('conversation');
  return conversation;
}

function closed(): AppError {
  return new AppError(
    'CONVERSATION_CLOSED',
    'The conversation is closed; the next message of the customer opens a new one.',
  );
}
