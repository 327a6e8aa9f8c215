import { Injectable } from '@nestjs/common';
import { MessageReadsRepository } from './message-reads.repository';
import type { MessageHitDto } from './message-reads.types';
import { MessageSearchRepository } from './message-search.repository';
import { MessagesRepository } from './messages.repository';
import { type MessageDto, toMessageDto } from './messages.types';
import { snippetOf } from './snippet';

/**
 * What has been said in a conversation, for surfaces whose callers are no staff: who may see it is for them to decide
 * beforehand. Within the open unit of work.
 */
@Injectable()
export class ConversationMessages {
  constructor(
    private readonly messages: MessagesRepository,
    private readonly reads: MessageReadsRepository,
    private readonly searches: MessageSearchRepository,
  ) {}

  async byIds(ids: number[]): Promise<MessageDto[]> {
    return ids.length === 0 ? [] : (await this.messages.findMany(ids)).map(toMessageDto);
  }

  /** Below an id, newest first. */
  async older(conversationId: number, before: number, limit: number): Promise<MessageDto[]> {
    return (await this.reads.older(conversationId, before, limit)).map(toMessageDto);
  }

  /** Above an id, oldest first. */
  async newer(conversationId: number, after: number, limit: number): Promise<MessageDto[]> {
    return (await this.reads.newer(conversationId, after, limit)).map(toMessageDto);
  }

  async countOf(conversationId: number): Promise<number> {
    return await this.messages.countOf(conversationId);
  }

  /** By the id that the channel gave it; null where there is none. */
  async findByExternalId(externalId: string): Promise<MessageDto | null> {
    const id = await this.reads.findByExternalId(externalId);
    return id === null ? null : ((await this.byIds([id]))[0] ?? null);
  }

  /** How many of the customer's newest messages of the last so many seconds say just this. */
  async timesSaid(conversationId: number, body: string, newest: number, seconds: number): Promise<number> {
    return await this.reads.timesSaid(conversationId, body, newest, seconds);
  }

  /** What staff said under an id of their client; null where they said nothing under it. */
  async findByClientId(conversationId: number, clientMessageId: string): Promise<MessageDto | null> {
    const id = await this.messages.findByClientId(conversationId, clientMessageId);
    return id === null ? null : ((await this.byIds([id]))[0] ?? null);
  }

  /** What staff and bots said after an id and the customer has not read; by id, at most `limit`. */
  async unreadByContact(conversationId: number, after: number, limit: number): Promise<number[]> {
    return await this.reads.unreadByContact(conversationId, after, limit);
  }

  /** How many of those there are in each conversation. In the same order. */
  async countUnreadByContact(marks: { conversationId: number; upToId: number }[]): Promise<number[]> {
    return marks.length === 0 ? [] : await this.reads.countUnreadByContactAfter(marks);
  }

  /** What was said to customers after a place in each conversation and is no further than sent; by id, at most `limit`. */
  async undelivered(
    marks: { conversationId: number; upToId: number }[],
    limit: number,
  ): Promise<MessageDto[]> {
    return marks.length === 0 ? [] : (await this.reads.undelivered(marks, limit)).map(toMessageDto);
  }

  /** The customer's messages that were read together when the conversation was read up to here; at most the newest `limit`. */
  async readTogether(conversationId: number, upToId: number, limit: number): Promise<number[]> {
    return await this.reads.readTogether(conversationId, upToId, limit);
  }

  /** One of its pages, the newest message first. */
  async page(conversationId: number, limit: number, offset: number): Promise<MessageDto[]> {
    return (await this.messages.history(conversationId, limit, offset)).map(toMessageDto);
  }

  /** Newest first: at most `mostEach` of each conversation, and what is found in the time that a caller may wait. */
  async search(conversationIds: number[], words: string, mostEach: number): Promise<MessageHitDto[]> {
    if (conversationIds.length === 0) return [];
    const found = await this.searches.searchEach(conversationIds, words, mostEach);
    return found.map((message) => ({
      ...toMessageDto(message),
      snippet: snippetOf(message.body ?? '', words),
    }));
  }
}
