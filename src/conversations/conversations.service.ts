import { Injectable } from '@nestjs/common';
import { AuditService } from '../audit/audit.service';
import type { Actor, StaffActor } from '../common/actor';
import { AppError, notFound } from '../common/app-error';
import { FOREIGN_KEY_VIOLATION, sqlState } from '../platform/database/database-errors';
import { UnitOfWork } from '../platform/database/unit-of-work';
import { Journal } from '../platform/events/journal';
import { UserChangesService } from '../users/user-changes.service';
import { UsersService } from '../users/users.service';
import { ConversationPresenter } from './conversation-presenter';
import { assignmentOf, isSame, readEvents, withRead } from './conversation-changes';
import { closed, isOpen } from './conversation-status.policy';
import { ConversationTallyRepository, type TallyOfNow } from './conversation-tally.repository';
import { CONVERSATION_EVENTS } from './conversation.events';
import { type Assignment, mayTransfer, maySee, visibleOnlyTo } from './conversation.policy';
import type { AssignDto, TransferDto } from './conversations.dto';
import { ConversationsRepository, type OpenThread } from './conversations.repository';
import type {
  Conversation,
  ConversationDto,
  ConversationPriority,
  ReadMark,
  Thread,
} from './conversations.types';
import type { LastMessages } from './last-messages.port';
import type { ReadListener } from './read-listener.port';

const threadKey = (t: Thread): string => `${t.contactId} ${t.channel} ${t.integrationId ?? ''}`;

/** The life of a thread: opened, whose it is, read. What is said in it belongs to the messages feature. */
@Injectable()
export class ConversationsService {
  private onRead: ReadListener = () => Promise.resolve();

  constructor(
    private readonly work: UnitOfWork,
    private readonly conversations: ConversationsRepository,
    private readonly tallies: ConversationTallyRepository,
    private readonly presenter: ConversationPresenter,
    private readonly journal: Journal,
    private readonly audit: AuditService,
    private readonly users: UsersService,
    userChanges: UserChangesService,
  ) {
    userChanges.useHeldConversations(this);
  }

  /** Called once, by the feature above that owns messages. */
  useLastMessages(source: LastMessages): void {
    this.presenter.useLastMessages(source);
  }

  /** Called once, by the feature above that tells customers. */
  useReadListener(listener: ReadListener): void {
    this.onRead = listener;
  }

  /** The conversation, if the actor may see it; otherwise `NOT_FOUND`, as for one that does not exist. */
  async requireVisible(actor: Actor, id: number): Promise<Conversation> {
    return await this.work.read(actor, async () => seenBy(actor, await this.conversations.find(id)));
  }

  /** Which of these conversations the actor may see now. */
  async visibleAmong(actor: Actor, ids: number[]): Promise<Set<number>> {
    if (ids.length === 0) return new Set();
    const rows = await this.work.read(actor, () => this.conversations.findMany(ids));
    return new Set(rows.filter((row) => maySee(actor, row)).map((row) => row.id));
  }

  /** Unread messages of customers, and in how many conversations, as far as the actor may see them. */
  async unreadInAll(actor: Actor): Promise<{ messages: number; conversations: number }> {
    return await this.work.read(actor, () => this.tallies.unread(visibleOnlyTo(actor)));
  }

  /** How many there are at this moment, as far as the actor may see them. @param of whose are `mine` */
  async tally(actor: Actor, of: number, channel: string | null): Promise<TallyOfNow> {
    return await this.work.read(actor, () => this.tallies.now(of, visibleOnlyTo(actor), channel));
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
      const fresh = await this.presenter.toDtos(await this.conversations.findMany(created));
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

  /**
   * A conversation of its own, on a channel that lets a customer have several. In the queue and announced; within the
   * open unit of work, which holds its row.
   */
  async openParallel(
    contactId: number,
    channel: string,
    priority: ConversationPriority,
  ): Promise<Conversation> {
    const opened = await this.conversations.insertParallel(contactId, channel, priority);
    await this.presenter.announce([{ before: opened, after: opened, events: [CONVERSATION_EVENTS.NEW] }]);
    return opened;
  }

  /** A message of ours has become the newest one of a conversation that is locked. */
  async setLastMessage(id: number): Promise<Conversation> {
    return await this.conversations.setLastMessage(id);
  }

  /** To a user or a bot, or where neither is named to the actor, who thereby has read it. */
  async assign(actor: StaffActor, id: number, input: AssignDto): Promise<ConversationDto> {
    return await this.work.run(actor, async () => {
      const to = assignmentOf(input) ?? { assignedUser: actor.userId, assignedBot: null };
      const before = await this.lockWithAssignee(actor, id, to);
      const handedOn = before.assignedUser !== null && before.assignedUser !== to.assignedUser;
      const after = await this.handTo(before, {
        ...to,
        status: handedOn ? 'transferred' : 'active',
        transferNote: isSame(before, to) ? before.transferNote : null,
        unreadCount: 0,
        read: true,
      });
      this.recordHands(actor, 'conversation.assign', before, after);
      const events =
        before.unreadCount > 0
          ? [CONVERSATION_EVENTS.ASSIGNED, CONVERSATION_EVENTS.UNREAD_RESET]
          : [CONVERSATION_EVENTS.ASSIGNED];
      return (await this.presenter.announce([{ before, after, events }]))[0]!;
    });
  }

  /**
   * Whoever speaks in a bot's conversation takes it over, so that the bot falls silent. Within the open unit of work;
   * the conversation must be locked.
   */
  async takeFromBot(actor: StaffActor, conversation: Conversation): Promise<Conversation> {
    if (conversation.assignedBot === null || !isOpen(conversation)) return conversation;
    await this.assign(actor, conversation.id, {});
    return (await this.conversations.find(conversation.id))!;
  }

  async unassign(actor: StaffActor, id: number): Promise<ConversationDto> {
    return await this.work.run(actor, async () => {
      const before = await this.lockVisible(actor, id);
      if (!isOpen(before)) throw closed();
      return (await this.release(actor, [before]))[0]!;
    });
  }

  /** From whoever has it to somebody else, who finds it as unread as it is, with a note. */
  async transfer(actor: StaffActor, id: number, input: TransferDto): Promise<ConversationDto> {
    return await this.work.run(actor, async () => {
      const to = assignmentOf(input)!;
      const before = await this.lockWithAssignee(actor, id, to);
      if (!mayTransfer(actor, before))
        throw new AppError('FORBIDDEN', 'Only whose conversation it is hands it on, or a supervisor.');
      if (isSame(before, to)) throw new AppError('CONFLICT', 'The conversation is theirs already.');
      const transferNote = input.note ?? null;
      const after = await this.handTo(before, { ...to, status: 'transferred', transferNote });
      this.recordHands(actor, 'conversation.transfer', before, after, { note: transferNote });
      const events = [CONVERSATION_EVENTS.ASSIGNED];
      return (await this.presenter.announce([{ before, after, events }]))[0]!;
    });
  }

  /**
   * Gives all open conversations of a user back into the queue; answers how many. Within the open unit of work, after
   * the user is deactivated in it: nobody can be given one from then on.
   */
  async releaseOf(actor: Actor, userId: number): Promise<number> {
    const open = await this.conversations.lockOpenOf(userId);
    if (open.length > 0) await this.release(actor, open);
    return open.length;
  }

  async setRead(actor: StaffActor, id: number, read: boolean): Promise<ConversationDto> {
    return await this.work.run(actor, async () => {
      const before = await this.lockVisible(actor, id);
      const [after] = await this.conversations.save([withRead(before, read)]);
      if (read) await this.tellRead(after!);
      return (
        await this.presenter.announce([{ before, after: after!, events: readEvents(before, read) }])
      )[0]!;
    });
  }

  /** Staff have read a conversation that is locked. */
  async tellRead(conversation: Conversation): Promise<void> {
    await this.onRead(conversation);
  }

  /** The customer ends their conversation, which is locked and open. Within the open unit of work. */
  async endByCustomer(before: Conversation): Promise<Conversation> {
    if (!isOpen(before)) throw closed();
    const [after] = await this.conversations.save([{ ...before, status: 'closed' }]);
    this.audit.record({
      actor: null,
      action: 'conversation.status',
      subject: { type: 'conversation', id: before.id },
      details: { from: before.status, to: 'closed', by: 'customer' },
    });
    const events = [CONVERSATION_EVENTS.STATUS_CHANGED, CONVERSATION_EVENTS.UPDATED];
    await this.presenter.announce([{ before, after: after!, events }]);
    return after!;
  }

  /** The conversations that the actor may see, locked until the open transaction ends; `null` where one is not there. */
  async lockAllVisible(actor: Actor, ids: number[]): Promise<Conversation[] | null> {
    const rows = await this.conversations.lockMany(ids);
    return rows.length === ids.length && rows.every((row) => maySee(actor, row)) ? rows : null;
  }

  /** Reads on in conversations that are locked, in none of them beyond what is there or back. */
  async readOn(before: Conversation[], marks: ReadMark[]): Promise<ConversationDto[]> {
    const after = await this.conversations.readOn(marks);
    for (const one of after) await this.tellRead(one);
    return await this.presenter.announce(
      after.map((one) => ({
        before: before.find(({ id }) => id === one.id)!,
        after: one,
        events: one.read
          ? [CONVERSATION_EVENTS.READ, CONVERSATION_EVENTS.UNREAD_RESET]
          : [CONVERSATION_EVENTS.UPDATED],
      })),
    );
  }

  /** A message of the customer is deleted from a conversation that is locked. */
  async uncount(conversation: Conversation, messageId: number): Promise<Conversation> {
    if (messageId <= conversation.readUpToId) return conversation;
    return await this.conversations.countOneLess(conversation.id);
  }

  private async release(actor: Actor, before: Conversation[]): Promise<ConversationDto[]> {
    const after = await this.conversations.save(
      before.map((c) => ({
        ...c,
        status: 'queue',
        assignedUser: null,
        assignedBot: null,
        transferNote: null,
      })),
    );
    before.forEach((each, i) => this.recordHands(actor, 'conversation.unassign', each, after[i]!));
    return await this.presenter.announce(
      before.map((each, i) => ({
        before: each,
        after: after[i]!,
        events: [CONVERSATION_EVENTS.ASSIGNED],
      })),
    );
  }

  /** An open conversation, locked, with the certainty that the user it goes to works here. */
  private async lockWithAssignee(actor: StaffActor, id: number, to: Assignment): Promise<Conversation> {
    const [known, conversation] = await Promise.all([
      to.assignedUser === null ? true : this.users.lockActive(to.assignedUser),
      this.lockVisible(actor, id),
    ]);
    if (!isOpen(conversation)) throw closed();
    if (!known) throw new AppError('VALIDATION_FAILED', 'There is no such user.');
    return conversation;
  }

  private async handTo(before: Conversation, changes: Partial<Conversation>): Promise<Conversation> {
    try {
      const [after] = await this.conversations.save([{ ...before, ...changes }]);
      return after!;
    } catch (error) {
      if (sqlState(error) !== FOREIGN_KEY_VIOLATION) throw error;
      throw new AppError('VALIDATION_FAILED', 'There is no such bot.');
    }
  }

  private recordHands(
    actor: Actor,
    action: string,
    before: Conversation,
    after: Conversation,
    more: object = {},
  ): void {
    const hands = (c: Conversation): object => ({
      status: c.status,
      assigned_user: c.assignedUser,
      assigned_bot: c.assignedBot,
    });
    this.audit.record({
      actor,
      action,
      subject: { type: 'conversation', id: after.id },
      details: { from: hands(before), to: hands(after), ...more },
    });
  }

  private async locked(threads: Thread[]): Promise<Map<string, OpenThread>> {
    const rows = await this.conversations.lockOpen(threads);
    return new Map(rows.map((row) => [threadKey(row), row]));
  }
}

function seenBy(actor: Actor, conversation: Conversation | null): Conversation {
  if (conversation === null || !maySee(actor, conversation)) throw notFound('conversation');
  return conversation;
}
