import { Injectable } from '@nestjs/common';
import type { ChatConversation } from '../app-chat/chat-conversation.types';
import { ChatAccess } from '../app-chat/chat-access.service';
import { ChatConversationsService } from '../app-chat/chat-conversations.service';
import { type ChatLimit, ChatLimits } from '../app-chat/chat-limits.service';
import { ChatMessagesService } from '../app-chat/chat-messages.service';
import { ChatReadsService } from '../app-chat/chat-reads.service';
import { ChatTypingService } from '../app-chat/chat-typing.service';
import type { ChatActor, ChatCaller, ChatMessageType, ChatMessageView } from '../app-chat/chat.types';
import { ChatViewsService } from '../app-chat/chat-views.service';
import type { StaffActor } from '../common/actor';
import { AppError, invalid } from '../common/app-error';
import { OPEN_STATUSES } from '../conversations/conversations.types';
import { SendingService } from '../messages/sending.service';
import { UnitOfWork } from '../platform/database/unit-of-work';
import type { Upload } from '../uploads/upload.types';
import { UploadsService } from '../uploads/uploads.service';
import { ChatMembership } from './chat-membership.service';
import { ChatOwners } from './chat-owners.service';
import type { MarkedView, RoomView, TypingAcceptedView } from './chat-payloads';
import { type ChatSocket, isOfStaff } from './chat-socket';

/** Something to be said, in the words of neither contract. */
export interface Said {
  /** Null: the newest open one of the user. */
  conversationId: number | null;
  text: string;
  type: ChatMessageType | null;
  fileId: string | null;
  clientMessageId: string | null;
  replyToId: number | null;
}

/** What users and staff do over the socket; rules and limits are those of REST. */
@Injectable()
export class ChatTalk {
  constructor(
    private readonly work: UnitOfWork,
    private readonly limits: ChatLimits,
    private readonly access: ChatAccess,
    private readonly own: ChatConversationsService,
    private readonly messages: ChatMessagesService,
    private readonly sending: SendingService,
    private readonly uploads: UploadsService,
    private readonly reads: ChatReadsService,
    private readonly views: ChatViewsService,
    private readonly typing: ChatTypingService,
    private readonly owners: ChatOwners,
    private readonly membership: ChatMembership,
  ) {}

  /** @param limit of users; staff have one for all that they do */
  async say(caller: ChatCaller, said: Said, limit: 'message' | 'support-message'): Promise<ChatMessageView> {
    await this.count(caller, limit);
    return await this.work.run(caller, async () => {
      const file = said.fileId === null ? null : await this.fileOf(caller, said.fileId);
      requireFitting(said.type, file);
      return caller.kind === 'chat_user'
        ? await this.sayAsUser(caller, said, file)
        : await this.sayAsStaff(caller, said, file);
    });
  }

  /** Users hear their own conversations without it; theirs it must be all the same. */
  async join(socket: ChatSocket, conversationId: number): Promise<RoomView> {
    const { actor } = socket.data;
    await this.count(actor, 'read');
    if (isOfStaff(socket)) await this.membership.join(socket, conversationId);
    else await this.requireAccess(actor, conversationId);
    return { conversation_id: conversationId };
  }

  async leave(socket: ChatSocket, conversationId: number): Promise<RoomView> {
    await this.count(socket.data.actor, 'read');
    if (isOfStaff(socket)) this.membership.leave(socket, conversationId);
    return { conversation_id: conversationId };
  }

  /** Counted once from beginning to end where the limit is that of HomeAssistant IM, else each time. */
  async type(
    caller: ChatCaller,
    conversationId: number,
    typing: boolean,
    limit: 'typing' | 'support-typing',
  ): Promise<TypingAcceptedView> {
    if (limit === 'support-typing') await this.limits.countOf(limit, caller);
    else if (!typing || this.typing.isTyping(caller, conversationId))
      await this.limits.countOf('read', caller);
    else await this.limits.countOf(limit, caller, conversationId);
    const { status } = await this.requireAccess(caller, conversationId);
    if (!OPEN_STATUSES.includes(status))
      throw new AppError('CONVERSATION_CLOSED', 'The conversation is closed; open a new one.');
    this.typing.tell(caller, conversationId, typing);
    return { conversation_id: conversationId, typing };
  }

  async markRead(caller: ChatCaller, conversationId: number, messageIds?: number[]): Promise<MarkedView> {
    await this.count(caller, 'read');
    const marked = await this.reads.mark(caller, conversationId, messageIds);
    return { conversation_id: conversationId, marked };
  }

  async markDelivered(actor: ChatActor, conversationId: number, messageIds: number[]): Promise<void> {
    await this.count(actor, 'read');
    await this.own.confirmDelivered(actor, conversationId, messageIds);
  }

  private async requireAccess(caller: ChatCaller, conversationId: number): Promise<ChatConversation> {
    return await this.work.read(caller, () => this.access.require(caller, conversationId));
  }

  async count(caller: ChatCaller, what: ChatLimit): Promise<void> {
    await this.limits.countOf(caller.kind === 'staff' ? 'admin' : what, caller);
  }

  private async sayAsUser(actor: ChatActor, said: Said, file: Upload | null): Promise<ChatMessageView> {
    const { conversationId, text, clientMessageId, replyToId } = said;
    const { message } = await this.messages.say(
      actor,
      conversationId === null ? 'newest' : { conversationId },
      { text, file, clientMessageId, replyToId },
    );
    return (await this.views.ofMessages([message], actor))[0]!;
  }

  private async sayAsStaff(actor: StaffActor, said: Said, file: Upload | null): Promise<ChatMessageView> {
    const { conversationId, text, clientMessageId, replyToId } = said;
    if (conversationId === null) throw invalid('conversation_id', 'Invalid conversation ID');
    const owner = await this.owners.require(actor.workspaceId, conversationId);
    const { followed_by: _, ...message } = await this.sending.send(
      actor,
      conversationId,
      { body: text, attachments: file === null ? null : [{ upload_id: file.id }] },
      { clientMessageId, replyToId },
    );
    return (await this.views.ofMessages([message], owner, actor))[0]!;
  }

  /** What users upload becomes a message by that. */
  private async fileOf(caller: ChatCaller, fileId: string): Promise<Upload> {
    const file =
      caller.kind === 'staff' ? await this.uploads.findByUuid(fileId.slice('upload_'.length)) : null;
    if (file === null) throw invalid('file_id', 'There is no such upload of yours that is no message yet.');
    return file;
  }
}

function requireFitting(type: ChatMessageType | null, file: Upload | null): void {
  if (type === null) return;
  const fits = type === 'text' ? file === null : type === 'image' ? file?.kind === 'image' : file !== null;
  if (!fits) throw invalid('message_type', `message_type is ${type}, which is not what is sent.`);
}
