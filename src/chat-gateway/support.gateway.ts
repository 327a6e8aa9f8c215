import { UseFilters, UseGuards, UsePipes } from '@nestjs/common';
import { ConnectedSocket, MessageBody, SubscribeMessage, WebSocketGateway } from '@nestjs/websockets';
import { CHAT_USER } from '../app-chat/chat-admission.service';
import { answer, type ChatAnswer } from '../app-chat/chat.errors';
import type { ChatMessageView } from '../app-chat/chat.types';
import { AccessFor } from '../platform/http/access';
import { validationPipe } from '../platform/http/validation';
import { refuseFalseClaims } from './chat-claims';
import { SupportErrorFilter } from './chat-error.filters';
import {
  SocketSupportConversationDto,
  SocketSupportMarkReadDto,
  SocketSupportSendDto,
  SocketSupportTypingDto,
} from './chat-gateway.dto';
import type { MarkedView, RoomView, TypingAcceptedView } from './chat-payloads';
import type { ChatSocket } from './chat-socket';
import { ChatTalk } from './chat-talk.service';
import { ChatWsGuard } from './chat-ws.guard';

/** The same namespace in the words of Anume; who connects to it: `ChatGateway`. */
@WebSocketGateway({ namespace: '/' })
@UseGuards(ChatWsGuard)
@UseFilters(SupportErrorFilter)
@UsePipes(validationPipe())
@AccessFor(CHAT_USER, 'employer')
export class SupportGateway {
  constructor(private readonly talk: ChatTalk) {}

  @SubscribeMessage('join-chat')
  async join(
    @ConnectedSocket() socket: ChatSocket,
    @MessageBody() input: SocketSupportConversationDto,
  ): Promise<ChatAnswer<RoomView>> {
    refuseFalseClaims(socket.data.actor, input);
    return answer(await this.talk.join(socket, input.conversationId));
  }

  @SubscribeMessage('leave-chat')
  async leave(
    @ConnectedSocket() socket: ChatSocket,
    @MessageBody() input: SocketSupportConversationDto,
  ): Promise<ChatAnswer<RoomView>> {
    refuseFalseClaims(socket.data.actor, input);
    return answer(await this.talk.leave(socket, input.conversationId));
  }

  @SubscribeMessage('send-chat-message')
  async send(
    @ConnectedSocket() socket: ChatSocket,
    @MessageBody() input: SocketSupportSendDto,
  ): Promise<ChatAnswer<ChatMessageView>> {
    refuseFalseClaims(socket.data.actor, input);
    const said = {
      conversationId: input.conversationId,
      text: input.message ?? '',
      type: input.messageType ?? null,
      fileId: input.fileId ?? null,
      clientMessageId: input.clientMessageId ?? null,
      replyToId: input.replyToId ?? null,
    };
    return answer(await this.talk.say(socket.data.actor, said, 'support-message'));
  }

  @SubscribeMessage('typing-start')
  async startTyping(
    @ConnectedSocket() socket: ChatSocket,
    @MessageBody() input: SocketSupportTypingDto,
  ): Promise<ChatAnswer<TypingAcceptedView>> {
    refuseFalseClaims(socket.data.actor, input);
    return answer(await this.talk.type(socket.data.actor, input.conversationId, true, 'support-typing'));
  }

  @SubscribeMessage('typing-stop')
  async stopTyping(
    @ConnectedSocket() socket: ChatSocket,
    @MessageBody() input: SocketSupportTypingDto,
  ): Promise<ChatAnswer<TypingAcceptedView>> {
    refuseFalseClaims(socket.data.actor, input);
    return answer(await this.talk.type(socket.data.actor, input.conversationId, false, 'support-typing'));
  }

  @SubscribeMessage('mark-messages-read')
  async markRead(
    @ConnectedSocket() socket: ChatSocket,
    @MessageBody() input: SocketSupportMarkReadDto,
  ): Promise<ChatAnswer<MarkedView>> {
    refuseFalseClaims(socket.data.actor, input);
    return answer(
      await this.talk.markRead(socket.data.actor, input.conversationId, input.messageIds ?? undefined),
    );
  }
}
