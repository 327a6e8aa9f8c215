import { Injectable, type OnModuleInit } from '@nestjs/common';
import type { ContactFollower, ContactStatistics, ContactThreads } from '../contacts/contact-followers.port';
import { ContactFollowers } from '../contacts/contact-followers.service';
import { Journal } from '../platform/events/journal';
import { ContactThreadsRepository } from './contact-threads.repository';
import { withRead } from './conversation-changes';
import { ConversationPresenter } from './conversation-presenter';
import { isOpen } from './conversation-status.policy';
import { CONVERSATION_EVENTS, type ConversationEvent } from './conversation.events';
import { audienceOf } from './conversation.policy';
import { ConversationsRepository } from './conversations.repository';
import type { Conversation } from './conversations.types';

/** What happens to conversations when something happens to their contact. */
@Injectable()
export class ContactThreadsService implements ContactThreads, ContactFollower, OnModuleInit {
  readonly tables = ['conversation'];

  constructor(
    private readonly followers: ContactFollowers,
    private readonly rows: ContactThreadsRepository,
    private readonly conversations: ConversationsRepository,
    private readonly presenter: ConversationPresenter,
    private readonly journal: Journal,
  ) {}

  onModuleInit(): void {
    this.followers.useThreads(this);
    this.followers.register(this);
  }

  async statistics(contactId: number): Promise<ContactStatistics> {
    const figures = await this.rows.figuresOf(contactId);
    return {
      conversations: figures.conversations,
      open_conversations: figures.open,
      first_conversation_at: figures.firstAt?.toISOString() ?? null,
      last_conversation_at: figures.lastAt?.toISOString() ?? null,
      last_message_at: figures.lastMessageAt?.toISOString() ?? null,
    };
  }

  async lastHeardOf(contactIds: number[]): Promise<number | null> {
    return await this.rows.lastHeardOf(contactIds);
  }

  async announce(contactIds: number[]): Promise<void> {
    const events = [CONVERSATION_EVENTS.UPDATED];
    const all = await this.rows.lockAllOf(contactIds);
    await this.presenter.announce(all.map((after) => ({ before: after, after, events })));
  }

  async announceRemoval(contactId: number): Promise<number> {
    const all = await this.rows.lockAllOf([contactId]);
    this.journal.append(
      ...all.map((conversation) => ({
        type: CONVERSATION_EVENTS.DELETED,
        conversationId: conversation.id,
        audience: audienceOf(conversation),
        payload: { id: conversation.id },
      })),
    );
    return all.length;
  }

  /**
   * Where both contacts have an open conversation on the same number of ours, one of them is closed, since there can be
   * only one; those that their channel lets stand side by side go on. No message changes its conversation: in each they stay in their order, and what waits goes out.
   */
  async takeOver(from: number, to: number): Promise<void> {
    const all = await this.rows.lockAllOf([from, to]);
    const events = new Map<number, ConversationEvent[]>();
    for (const [kept, other] of pairsOf(all.filter((one) => isOpen(one) && !one.parallel))) {
      // Nobody looks into closed conversations for what is unread.
      const marked = other.read || !kept.read ? kept : withRead(kept, false);
      await this.conversations.save([marked, { ...other, status: 'closed' }]);
      await this.rows.extendWindow(kept.id, other.windowExpiresAt);
      events.set(other.id, [CONVERSATION_EVENTS.STATUS_CHANGED]);
      if (marked !== kept) events.set(kept.id, [CONVERSATION_EVENTS.UNREAD]);
    }
    await this.rows.moveAll(from, to);
    if (events.size === 0) return;
    const changed = await this.conversations.findMany([...events.keys()].toSorted((a, b) => a - b));
    await this.presenter.announce(
      changed.map((after) => ({ before: after, after, events: events.get(after.id)! })),
    );
  }
}

/** Open conversations on the same number of ours: the one to go on with, and the one to be closed. */
function pairsOf(open: Conversation[]): [kept: Conversation, other: Conversation][] {
  const kept = new Map<string, Conversation>();
  return open.toSorted(comesFirst).flatMap((conversation) => {
    const number = `${conversation.channel} ${conversation.integrationId ?? ''}`;
    const first = kept.get(number);
    if (first !== undefined) return [[first, conversation]];
    kept.set(number, conversation);
    return [];
  });
}

/** Somebody's before a bot's before nobody's; then the livelier one. */
function comesFirst(a: Conversation, b: Conversation): number {
  const hands = (c: Conversation): number => (c.assignedUser !== null ? 2 : c.assignedBot !== null ? 1 : 0);
  const last = (c: Conversation): number => (c.lastMessageAt ?? c.createdAt).getTime();
  return hands(b) - hands(a) || last(b) - last(a) || b.id - a.id;
}
