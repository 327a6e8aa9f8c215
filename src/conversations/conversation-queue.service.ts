import { Injectable } from '@nestjs/common';
import { AuditService } from '../audit/audit.service';
import { UsersService } from '../users/users.service';
import { ConversationPresenter } from './conversation-presenter';
import { ConversationQueueRepository } from './conversation-queue.repository';
import { CONVERSATION_EVENTS } from './conversation.events';
import { ConversationsRepository } from './conversations.repository';

/** Who waits in the queue, and giving it to people without anybody asking. Within the open unit of work. */
@Injectable()
export class ConversationQueueService {
  constructor(
    private readonly queue: ConversationQueueRepository,
    private readonly conversations: ConversationsRepository,
    private readonly presenter: ConversationPresenter,
    private readonly audit: AuditService,
    private readonly users: UsersService,
  ) {}

  /** Ids: the most urgent first, of equal ones whoever has waited longest. */
  async waiting(longerThanSeconds: number, limit: number): Promise<number[]> {
    return await this.queue.waiting(longerThanSeconds, limit);
  }

  /** How many open conversations each of these users has; who has none is left out. */
  async openCounts(userIds: number[]): Promise<Map<number, number>> {
    return await this.queue.openCounts(userIds);
  }

  /**
   * Gives waiting conversations to users, as unread as they are: nobody has looked at them. What no longer waits, or
   * whose user has left, stays as it is. Answers who got any.
   *
   * @param places conversation id → user id
   */
  async give(places: ReadonlyMap<number, number>): Promise<Set<number>> {
    const working = new Set<number>();
    // Users before conversations, each in the order of their ids, as everybody locks them.
    for (const userId of new Set([...places.values()].toSorted((a, b) => a - b)))
      if (await this.users.lockActive(userId)) working.add(userId);
    const waiting = await this.queue.lockWaiting(
      [...places].filter(([, userId]) => working.has(userId)).map(([id]) => id),
    );
    if (waiting.length === 0) return new Set();
    const after = await this.conversations.save(
      waiting.map((c) => ({
        ...c,
        status: 'active',
        assignedUser: places.get(c.id)!,
        transferNote: null,
      })),
    );
    await this.presenter.announce(
      after.map((each, i) => ({ before: waiting[i]!, after: each, events: [CONVERSATION_EVENTS.ASSIGNED] })),
    );
    for (const { id, assignedUser } of after)
      this.audit.record({
        actor: null,
        action: 'conversation.assign',
        subject: { type: 'conversation', id },
        details: {
          from: { status: 'queue', assigned_user: null, assigned_bot: null },
          to: { status: 'active', assigned_user: assignedUser, assigned_bot: null },
        },
      });
    return new Set(after.map(({ assignedUser }) => assignedUser!));
  }
}
