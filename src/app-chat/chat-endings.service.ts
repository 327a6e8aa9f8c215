import { Injectable } from '@nestjs/common';
import { AppError } from '../common/app-error';
import type { RateConversationDto } from '../conversations/conversation-ratings.dto';
import { ConversationRatingsService } from '../conversations/conversation-ratings.service';
import type { ConversationRatingDto } from '../conversations/conversation-ratings.types';
import { ConversationsService } from '../conversations/conversations.service';
import { type Conversation, OPEN_STATUSES } from '../conversations/conversations.types';
import { UnitOfWork } from '../platform/database/unit-of-work';
import type { ChatActor } from './chat-actor';
import { ChatConversationsService } from './chat-conversations.service';

/** How a conversation ends for its user: they close it, and say what they think of it. */
@Injectable()
export class ChatEndingsService {
  constructor(
    private readonly work: UnitOfWork,
    private readonly own: ChatConversationsService,
    private readonly conversations: ConversationsService,
    private readonly ratings: ConversationRatingsService,
  ) {}

  /** One that is closed already stays as it is. */
  async close(actor: ChatActor, id: number): Promise<void> {
    await this.work.run(actor, async () => {
      const conversation = await this.lockOwn(actor, id);
      if (OPEN_STATUSES.includes(conversation.status)) await this.conversations.endByCustomer(conversation);
    });
  }

  async rate(actor: ChatActor, id: number, rating: RateConversationDto): Promise<ConversationRatingDto> {
    return await this.work.run(actor, async () =>
      this.ratings.rate(await this.lockOwn(actor, id), { score: rating.score, comment: rating.comment }),
    );
  }

  private async lockOwn(actor: ChatActor, id: number): Promise<Conversation> {
    await this.own.requireOwn(actor, id);
    const locked = await this.conversations.lock(id);
    if (locked === null) throw new AppError('NOT_FOUND', 'Conversation not found');
    return locked;
  }
}
