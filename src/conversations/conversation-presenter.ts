import { Injectable } from '@nestjs/common';
import { ContactsService } from '../contacts/contacts.service';
import { Journal } from '../platform/events/journal';
import { CONVERSATION_EVENTS, type ConversationEvent } from './conversation.events';
import { audienceOf } from './conversation.policy';
import { type Conversation, type ConversationDto, toConversationDto } from './conversations.types';
import type { LastMessages } from './last-messages.port';

/** A change, as those who may see the conversation hear of it. */
export interface ConversationChange {
  before: Conversation;
  after: Conversation;
  events: ConversationEvent[];
}

/** Conversations as they are shown and announced. Within the open unit of work. */
@Injectable()
export class ConversationPresenter {
  private lastMessages: LastMessages = { byIds: () => Promise.resolve(new Map()) };

  constructor(
    private readonly contacts: ContactsService,
    private readonly journal: Journal,
  ) {}

  useLastMessages(source: LastMessages): void {
    this.lastMessages = source;
  }

  /** In the same order; three statements however many they are. */
  async toDtos(conversations: Conversation[]): Promise<ConversationDto[]> {
    if (conversations.length === 0) return [];
    const messageIds = conversations.flatMap((c) => c.lastMessageId ?? []);
    const [contacts, messages] = await Promise.all([
      this.contacts.summaries(conversations.map((c) => c.contactId)),
      messageIds.length === 0 ? new Map<number, object>() : this.lastMessages.byIds(messageIds),
    ]);
    return conversations.map((c) =>
      toConversationDto(c, contacts.get(c.contactId) ?? null, messages.get(c.lastMessageId ?? 0) ?? null),
    );
  }

  async toDto(conversation: Conversation): Promise<ConversationDto> {
    return (await this.toDtos([conversation]))[0]!;
  }

  /**
   * Writes what happened to conversations that are locked; every entry carries the whole new state. Whoever loses one
   * hears of the change of hands, all of which they could see until now, and of nothing else.
   */
  async announce(changes: ConversationChange[]): Promise<ConversationDto[]> {
    const dtos = await this.toDtos(changes.map(({ after }) => after));
    this.journal.append(
      ...changes.flatMap(({ before, after, events }, i) =>
        events.map((type) => ({
          type,
          conversationId: after.id,
          audience: type === CONVERSATION_EVENTS.ASSIGNED ? audienceOf(before, after) : audienceOf(after),
          payload: dtos[i]!,
        })),
      ),
    );
    return dtos;
  }
}
