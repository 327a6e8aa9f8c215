import { Injectable } from '@nestjs/common';
import { UsersService } from '../users/users.service';
import { ConversationPresenter } from './conversation-presenter';
import { isOpen } from './conversation-status.policy';
import { CONVERSATION_EVENTS, type ConversationEvent } from './conversation.events';
import { ConversationsRepository } from './conversations.repository';
import type { Conversation } from './conversations.types';

/**
 * Conversations that bots get, give away and end by themselves, which no person asked for. Within the open unit of
 * work; the conversations must be locked.
 */
@Injectable()
export class BotHandsService {
  constructor(
    private readonly conversations: ConversationsRepository,
    private readonly presenter: ConversationPresenter,
    private readonly users: UsersService,
  ) {}

  /** A conversation that nobody has becomes the bot's, as unread as it is: no person has looked at it. */
  async take(conversation: Conversation, botId: number): Promise<Conversation> {
    return await this.change(
      conversation,
      { status: 'active', assignedBot: botId, transferNote: null },
      CONVERSATION_EVENTS.ASSIGNED,
    );
  }

  /** Back into the queue, where a person takes it from. */
  async handOff(conversation: Conversation): Promise<Conversation> {
    return await this.change(
      conversation,
      { status: 'queue', assignedUser: null, assignedBot: null, transferNote: null },
      CONVERSATION_EVENTS.ASSIGNED,
    );
  }

  /** To a user for whom {@link lockUser} was asked before the conversation was locked. */
  async handTo(conversation: Conversation, userId: number): Promise<Conversation> {
    return await this.change(
      conversation,
      { status: 'transferred', assignedUser: userId, assignedBot: null, transferNote: null },
      CONVERSATION_EVENTS.ASSIGNED,
    );
  }

  /** As unread as it is: that a bot has answered says nothing about who has read it. */
  async close(conversation: Conversation): Promise<Conversation> {
    return await this.change(conversation, { status: 'closed' }, CONVERSATION_EVENTS.STATUS_CHANGED);
  }

  /** Whether there is such a user, who stays so until the transaction ends. Before conversations are locked. */
  async lockUser(userId: number): Promise<boolean> {
    return await this.users.lockActive(userId);
  }

  /** Takes up to `limit` conversations away from the bot; answers how many. Open ones go back into the queue. */
  async releaseAllOf(botId: number, limit: number): Promise<number> {
    const before = await this.conversations.lockOfBot(botId, limit);
    if (before.length === 0) return 0;
    const after = await this.conversations.save(
      before.map((c) => ({
        ...c,
        status: isOpen(c) ? 'queue' : c.status,
        assignedBot: null,
        transferNote: null,
      })),
    );
    await this.presenter.announce(
      before.map((each, i) => ({ before: each, after: after[i]!, events: [CONVERSATION_EVENTS.ASSIGNED] })),
    );
    return before.length;
  }

  private async change(
    before: Conversation,
    changes: Partial<Conversation>,
    event: ConversationEvent,
  ): Promise<Conversation> {
    const [after] = await this.conversations.save([{ ...before, ...changes }]);
    await this.presenter.announce([{ before, after: after!, events: [event] }]);
    return after!;
  }
}
