import { Injectable } from '@nestjs/common';
import type { StaffActor } from '../common/actor';
import { ConversationMessages } from '../messages/conversation-messages.service';
import { SearchQuery } from '../messages/message-queries.dto';
import type { MessageHitDto } from '../messages/message-reads.types';
import { MessageSearchService } from '../messages/message-search.service';
import { UnitOfWork } from '../platform/database/unit-of-work';
import { ChatAccess } from './chat-access.service';
import type { ChatActor, ChatCaller } from './chat-actor';
import { type ChatRole, toChatMessageView } from './chat-message-view';
import { ChatConversationsRepository } from './chat-conversations.repository';

/** Conversations of a user that one search looks through, the newest first. */
const MOST_CONVERSATIONS = 50;
/** Hits that one search counts and shows. */
const MOST_HITS = 500;

/** A message that was found. */
export interface ChatHit {
  message_id: number;
  conversation_id: number;
  content: string;
  sender_role: ChatRole;
  timestamp: string;
  /** The part of the text around the words; `…` stands for what was left out. As it was written, so escape it. */
  context: string;
}

/** Looks through what was said in the live chat, as far as the caller may see it. */
@Injectable()
export class ChatSearchService {
  constructor(
    private readonly work: UnitOfWork,
    private readonly rows: ChatConversationsRepository,
    private readonly access: ChatAccess,
    private readonly messages: ConversationMessages,
    private readonly searches: MessageSearchService,
  ) {}

  /** Newest first, at most {@link MOST_HITS}. */
  async search(caller: ChatCaller, words: string, conversationId: number | undefined): Promise<ChatHit[]> {
    return await this.work.read(caller, async () => {
      if (conversationId !== undefined) await this.access.require(caller, conversationId);
      const found =
        caller.kind === 'chat_user'
          ? await this.ofUser(caller, words, conversationId)
          : await this.ofStaff(caller, words, conversationId);
      return found.slice(0, MOST_HITS).map(toChatHit);
    });
  }

  private async ofUser(
    actor: ChatActor,
    words: string,
    conversationId: number | undefined,
  ): Promise<MessageHitDto[]> {
    const ids =
      conversationId === undefined
        ? (await this.rows.list(actor.chatUserId, null, MOST_CONVERSATIONS, 0)).map(({ id }) => id)
        : [conversationId];
    return await this.messages.search(ids, words, MOST_HITS);
  }

  /** Among the newest hits on all channels those of the live chat. */
  private async ofStaff(
    actor: StaffActor,
    words: string,
    conversationId: number | undefined,
  ): Promise<MessageHitDto[]> {
    const query = Object.assign(new SearchQuery(), { q: words, limit: MOST_HITS });
    const { data } = await this.searches.search(actor, query, conversationId ?? null);
    if (conversationId !== undefined) return data;
    const ours = await this.rows.findMany([...new Set(data.map((hit) => hit.conversation_id))]);
    const ids = new Set(ours.map(({ id }) => id));
    return data.filter((hit) => ids.has(hit.conversation_id));
  }
}

function toChatHit(hit: MessageHitDto): ChatHit {
  const view = toChatMessageView(hit, { id: null, identifier: '' }, null);
  return {
    message_id: view.id,
    conversation_id: view.conversation_id,
    content: view.content,
    sender_role: view.sender_role,
    timestamp: view.timestamp,
    context: hit.snippet.text,
  };
}
