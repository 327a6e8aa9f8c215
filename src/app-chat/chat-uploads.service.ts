import { Injectable } from '@nestjs/common';
import { AppError } from '../common/app-error';
import { ConversationsService } from '../conversations/conversations.service';
import { OPEN_STATUSES } from '../conversations/conversations.types';
import { ConversationMessages } from '../messages/conversation-messages.service';
import type { MessageDto } from '../messages/messages.types';
import { SendingService } from '../messages/sending.service';
import { UnitOfWork } from '../platform/database/unit-of-work';
import { checked } from '../platform/http/validation';
import type { Upload } from '../uploads/upload.types';
import { UploadsService } from '../uploads/uploads.service';
import { ChatAccess } from './chat-access.service';
import type { ChatCaller } from './chat-actor';
import { type ChatRequest, refuseContradiction } from './chat-admission.service';
import type { ChatConversation } from './chat-conversation.types';
import { ChatLimits } from './chat-limits.service';
import type { ChatMessageView } from './chat-message-view';
import { ChatUploadFields } from './chat-messages.dto';
import { ChatMessagesService } from './chat-messages.service';
import { ChatUsersRepository } from './chat-users.repository';
import { ChatViewsService } from './chat-views.service';

/** Files that users and staff send in the live chat: each is stored together with its message, or not at all. */
@Injectable()
export class ChatUploadsService {
  constructor(
    private readonly work: UnitOfWork,
    private readonly uploads: UploadsService,
    private readonly access: ChatAccess,
    private readonly users: ChatUsersRepository,
    private readonly conversations: ConversationsService,
    private readonly messages: ChatMessagesService,
    private readonly conversationMessages: ConversationMessages,
    private readonly sending: SendingService,
    private readonly views: ChatViewsService,
    private readonly limits: ChatLimits,
  ) {}

  /** Not within a unit of work. */
  async receive(caller: ChatCaller, request: ChatRequest): Promise<ChatMessageView> {
    // Whoever only claims to sign for a user must not use up what the user may send.
    const { confirmBody } = request;
    if (confirmBody === undefined) await this.limits.countOf('upload', caller);
    let conversation: ChatConversation | undefined;
    let said: { message: MessageDto; again: boolean } | undefined;
    const owner = caller.kind === 'staff' ? caller : { workspaceId: caller.workspaceId, userId: null };
    const upload = await this.uploads.storeFromForm(request, owner, async ({ fields, bodyHash }) => {
      await confirmBody?.(bodyHash);
      if (confirmBody !== undefined) await this.limits.countOf('upload', caller);
      const form = checked(ChatUploadFields, fields, '');
      if (caller.kind === 'chat_user')
        refuseContradiction(caller, { userId: form.user_id, username: form.username });
      conversation = await this.work.read(caller, () => this.access.require(caller, form.conversation_id));
      // What was said under this id before is answered again, also where the conversation was closed since.
      if (form.client_message_id === undefined) requireOpen(conversation);
      return {
        only: form.message_type === 'image' ? 'image' : undefined,
        together: async (stored) => {
          said = await this.say(caller, form, stored);
        },
      };
    });
    const { message, again } = said!;
    if (again) await this.uploads.discard(caller, [upload.id]);
    return await this.work.read(caller, async () => {
      const [user] = await this.users.findMany([conversation!.chatUserId]);
      if (user === undefined) throw new AppError('NOT_FOUND', 'Conversation not found'); // deleted meanwhile
      return (await this.views.ofMessages([message], user))[0]!;
    });
  }

  private async say(
    caller: ChatCaller,
    { conversation_id: conversationId, client_message_id: clientMessageId }: ChatUploadFields,
    file: Upload,
  ): Promise<{ message: MessageDto; again: boolean }> {
    if (caller.kind === 'chat_user')
      return await this.messages.say(
        caller,
        { conversationId },
        { text: '', file, clientMessageId: clientMessageId ?? null },
      );
    if (clientMessageId !== undefined) {
      await this.conversations.lockVisible(caller, conversationId);
      const earlier = await this.conversationMessages.findByClientId(conversationId, clientMessageId);
      // Sending compares uploads, of which each try has one of its own.
      if (earlier?.sender_user === caller.userId && showsOnly(earlier, file))
        return { message: earlier, again: true };
    }
    const attachments = [{ upload_id: file.id }];
    const message = await this.sending.send(
      caller,
      conversationId,
      { attachments },
      { clientMessageId: clientMessageId ?? null },
    );
    return { message, again: false };
  }
}

function requireOpen({ status }: ChatConversation): void {
  if (!OPEN_STATUSES.includes(status))
    throw new AppError('CONVERSATION_CLOSED', 'The conversation is closed; open a new one.');
}

function showsOnly({ attachments }: MessageDto, { name, fileSize, mimeType }: Upload): boolean {
  const [shown, ...more] = attachments;
  return more.length === 0 && shown?.name === name && shown.size === fileSize && shown.mime_type === mimeType;
}
