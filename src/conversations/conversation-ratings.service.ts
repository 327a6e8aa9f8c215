import { Injectable } from '@nestjs/common';
import { AppError } from '../common/app-error';
import { Journal } from '../platform/events/journal';
import type { RateConversationDto } from './conversation-ratings.dto';
import { ConversationRatingsRepository } from './conversation-ratings.repository';
import {
  type ConversationRated,
  type ConversationRatingDto,
  toRatingDto,
} from './conversation-ratings.types';
import { isOpen } from './conversation-status.policy';
import { CONVERSATION_EVENTS } from './conversation.events';
import { audienceOf } from './conversation.policy';
import type { Conversation } from './conversations.types';

/** What customers think of conversations that are over. Theirs to say: staff only read it. */
@Injectable()
export class ConversationRatingsService {
  constructor(
    private readonly ratings: ConversationRatingsRepository,
    private readonly journal: Journal,
  ) {}

  /**
   * The customer rates a conversation that is closed or archived; again within 24 hours of the first time, the new
   * rating takes the place of the old one. Throws `CONFLICT` otherwise. Within the open unit of work; the conversation
   * must be locked.
   */
  async rate(
    conversation: Conversation,
    { score, comment }: RateConversationDto,
  ): Promise<ConversationRatingDto> {
    if (isOpen(conversation)) throw new AppError('CONFLICT', 'A conversation is rated once it is closed.');
    const rating = await this.ratings.save(conversation.id, conversation.assignedUser, {
      score,
      comment: comment ?? null,
    });
    if (rating === null)
      throw new AppError('CONFLICT', 'The conversation was rated more than 24 hours ago already.');
    const payload: ConversationRated = { conversation_id: conversation.id, rating: toRatingDto(rating) };
    this.journal.append({
      type: CONVERSATION_EVENTS.RATED,
      conversationId: conversation.id,
      audience: audienceOf(conversation),
      payload,
    });
    return payload.rating;
  }

  /** Null where it is not rated. Within the open unit of work. */
  async find(conversationId: number): Promise<ConversationRatingDto | null> {
    const rating = await this.ratings.find(conversationId);
    return rating === null ? null : toRatingDto(rating);
  }
}
