import { Injectable } from '@nestjs/common';
import { ConversationMessages } from '../messages/conversation-messages.service';
import { UnreadService } from '../messages/unread.service';
import { UnitOfWork } from '../platform/database/unit-of-work';
import { ChatAccess } from './chat-access.service';
import type { ChatCaller } from './chat-actor';
import { ChatConversationsService } from './chat-conversations.service';

/** Who has read what: users what staff said, staff what users said. */
@Injectable()
export class ChatReadsService {
  constructor(
    private readonly work: UnitOfWork,
    private readonly own: ChatConversationsService,
    private readonly access: ChatAccess,
    private readonly messages: ConversationMessages,
    private readonly unread: UnreadService,
  ) {}

  /**
   * These messages of the conversation, or all there are. Answers how many were not read before; what is no message
   * of the other side in it is left out. Staff have then read all that the user said up to there.
   */
  async mark(caller: ChatCaller, conversationId: number, messageIds?: number[]): Promise<number> {
    if (caller.kind === 'chat_user')
      return (await this.own.markRead(caller, conversationId, messageIds)).length;
    return await this.work.run(caller, async () => {
      const { unreadCount } = await this.access.require(caller, conversationId);
      if (messageIds === undefined) {
        if (unreadCount > 0) await this.unread.markConversation(caller, conversationId);
        return unreadCount;
      }
      const ids = (await this.messages.byIds(messageIds))
        .filter((m) => m.conversation_id === conversationId && m.sender_type === 'contact')
        .map(({ id }) => id);
      return ids.length === 0 ? 0 : (await this.unread.markMessages(caller, ids)).marked;
    });
  }
}
