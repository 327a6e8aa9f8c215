import { Injectable } from '@nestjs/common';
import { AppError } from '../common/app-error';
import { OPEN_STATUSES } from '../conversations/conversations.types';
import { UnitOfWork } from '../platform/database/unit-of-work';
import { ChatAccess } from './chat-access.service';
import type { ChatCaller } from './chat-actor';
import { ChatLimits } from './chat-limits.service';
import { ChatTypingService } from './chat-typing.service';

/** Lets somebody say over REST that they write. */
@Injectable()
export class ChatTypistsService {
  constructor(
    private readonly work: UnitOfWork,
    private readonly access: ChatAccess,
    private readonly limits: ChatLimits,
    private readonly typing: ChatTypingService,
  ) {}

  async tell(caller: ChatCaller, conversationId: number, typing: boolean): Promise<void> {
    const { status } = await this.work.read(caller, () => this.access.require(caller, conversationId));
    if (!OPEN_STATUSES.includes(status))
      throw new AppError('CONVERSATION_CLOSED', 'The conversation is closed; open a new one.');
    await this.limits.countOf('typing', caller, conversationId);
    this.typing.tell(caller, conversationId, typing);
  }
}
