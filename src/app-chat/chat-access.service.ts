import { Injectable } from '@nestjs/common';
import { AppError } from '../common/app-error';
import { ConversationsService } from '../conversations/conversations.service';
import type { ChatCaller } from './chat-actor';
import type { ChatConversation } from './chat-conversation.types';
import { ChatConversationsRepository } from './chat-conversations.repository';
import { ChatConversationsService } from './chat-conversations.service';

/** Which conversations of the live chat somebody may have to do with: users with their own, staff with what they see. */
@Injectable()
export class ChatAccess {
  constructor(
    private readonly rows: ChatConversationsRepository,
    private readonly own: ChatConversationsService,
    private readonly conversations: ConversationsService,
  ) {}

  /** Within the open unit of work. What staff may not see, or is no live chat, answers as one that does not exist. */
  async require(caller: ChatCaller, id: number): Promise<ChatConversation> {
    if (caller.kind === 'chat_user') return await this.own.requireOwn(caller, id);
    const [[found], visible] = await Promise.all([
      this.rows.findMany([id]),
      this.conversations.visibleAmong(caller, [id]),
    ]);
    if (found === undefined || !visible.has(id)) throw new AppError('NOT_FOUND', 'Conversation not found');
    return found;
  }
}
