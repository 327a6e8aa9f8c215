import {
  type BeforeApplicationShutdown,
  type OnApplicationBootstrap,
  UseFilters,
  UseGuards,
  UsePipes,
} from '@nestjs/common';
import {
  ConnectedSocket,
  MessageBody,
  type OnGatewayConnection,
  type OnGatewayDisconnect,
  type OnGatewayInit,
  SubscribeMessage,
  WebSocketGateway,
} from '@nestjs/websockets';
import { CHAT_USER } from '../app-chat/chat-admission.service';
import { answer, type ChatAnswer } from '../app-chat/chat.errors';
import type { ChatMessageView } from '../app-chat/chat.types';
import { ChatTypingService } from '../app-chat/chat-typing.service';
import { Access, AccessFor } from '../platform/http/access';
import { validationPipe } from '../platform/http/validation';
import { AdminNews } from './admin-news.service';
import { refuseFalseClaims } from './chat-claims';
import { ChatDashboard } from './chat-dashboard.service';
import { ChatDoor } from './chat-door.service';
import { ChatErrorFilter } from './chat-error.filters';
import {
  JoinAdminRoomsDto,
  SocketConversationDto,
  SocketDeliveredDto,
  SocketMarkReadDto,
  SocketSendDto,
  SocketTypingDto,
} from './chat-gateway.dto';
import { ChatInbox } from './chat-inbox.service';
import { ChatMembership } from './chat-membership.service';
import type {
  AdminRoomsView,
  DeliveredView,
  MarkedView,
  RoomView,
  TypingAcceptedView,
} from './chat-payloads';
import { ChatSessionWatch } from './chat-session-watch';
import {
  type ChatNamespace,
  type ChatSocket,
  isOfUser,
  type StaffSocket,
  type UserSocket,
} from './chat-socket';
import { ChatStream } from './chat-stream.service';
import { ChatTalk } from './chat-talk.service';
import { ChatWsGuard } from './chat-ws.guard';
import { DeliveryProofs } from './delivery-proofs.service';

/** Namespace `/`: users of the live chat and staff, in the words of HomeAssistant IM. */
@WebSocketGateway({ namespace: '/' })
@UseGuards(ChatWsGuard)
@UseFilters(ChatErrorFilter)
@UsePipes(validationPipe())
@AccessFor(CHAT_USER, 'employer')
export class ChatGateway
  implements
    OnGatewayInit<ChatNamespace>,
    OnGatewayConnection<ChatSocket>,
    OnGatewayDisconnect<ChatSocket>,
    OnApplicationBootstrap,
    BeforeApplicationShutdown
{
  private namespace!: ChatNamespace;

  constructor(
    private readonly door: ChatDoor,
    private readonly membership: ChatMembership,
    private readonly inbox: ChatInbox,
    private readonly stream: ChatStream,
    private readonly news: AdminNews,
    private readonly dashboard: ChatDashboard,
    private readonly proofs: DeliveryProofs,
    private readonly watch: ChatSessionWatch,
    private readonly typing: ChatTypingService,
    private readonly talk: ChatTalk,
  ) {}

  afterInit(namespace: ChatNamespace): void {
    this.namespace = namespace;
    namespace.use((socket, next) => void this.door.letIn(socket, next));
  }

  /** Before the first connection: the port is opened after this. */
  onApplicationBootstrap(): void {
    this.membership.open(this.namespace);
    this.news.open(this.namespace);
    this.dashboard.open(this.namespace);
    this.inbox.open(this.namespace, () => this.stream.told());
    this.stream.start(this.namespace);
    this.typing.observe((typer, typing) => this.stream.typing(typer, typing));
    this.watch.start(this.namespace);
  }

  async beforeApplicationShutdown(): Promise<void> {
    this.watch.stop();
    this.dashboard.stop();
    this.stream.stop();
    await this.stream.told();
    this.proofs.stop();
    await this.proofs.drained();
  }

  /** Users first hear what they missed. */
  async handleConnection(socket: ChatSocket): Promise<void> {
    this.membership.enter(socket);
    if (isOfUser(socket)) await this.inbox.enter(socket);
  }

  handleDisconnect(socket: ChatSocket): void {
    if (isOfUser(socket)) this.proofs.gone(socket);
  }

  @SubscribeMessage('join_admin_rooms')
  @Access('employer')
  async joinAdminRooms(
    @ConnectedSocket() socket: StaffSocket,
    @MessageBody() input: JoinAdminRoomsDto,
  ): Promise<ChatAnswer<AdminRoomsView>> {
    await this.talk.count(socket.data.actor, 'admin');
    this.membership.joinAdminRooms(socket, input.rooms);
    if (input.rooms.includes('admin_dashboard')) await this.dashboard.joined(socket);
    return answer({ rooms: input.rooms });
  }

  @SubscribeMessage('join_conversation')
  async joinConversation(
    @ConnectedSocket() socket: ChatSocket,
    @MessageBody() input: SocketConversationDto,
  ): Promise<ChatAnswer<RoomView>> {
    refuseFalseClaims(socket.data.actor, input);
    return answer(await this.talk.join(socket, input.conversation_id));
  }

  @SubscribeMessage('leave_conversation')
  async leaveConversation(
    @ConnectedSocket() socket: ChatSocket,
    @MessageBody() input: SocketConversationDto,
  ): Promise<ChatAnswer<RoomView>> {
    refuseFalseClaims(socket.data.actor, input);
    return answer(await this.talk.leave(socket, input.conversation_id));
  }

  @SubscribeMessage('send_message')
  async sendMessage(
    @ConnectedSocket() socket: ChatSocket,
    @MessageBody() input: SocketSendDto,
  ): Promise<ChatAnswer<ChatMessageView>> {
    refuseFalseClaims(socket.data.actor, input);
    const said = {
      conversationId: input.conversation_id ?? null,
      text: input.content ?? '',
      type: input.message_type ?? null,
      fileId: input.file_id ?? null,
      clientMessageId: input.client_message_id ?? null,
      replyToId: input.reply_to_id ?? null,
    };
    return answer(await this.talk.say(socket.data.actor, said, 'message'));
  }

  @SubscribeMessage('typing_start')
  async startTyping(
    @ConnectedSocket() socket: ChatSocket,
    @MessageBody() input: SocketTypingDto,
  ): Promise<ChatAnswer<TypingAcceptedView>> {
    refuseFalseClaims(socket.data.actor, input);
    return answer(await this.talk.type(socket.data.actor, input.conversation_id, true, 'typing'));
  }

  @SubscribeMessage('typing_stop')
  async stopTyping(
    @ConnectedSocket() socket: ChatSocket,
    @MessageBody() input: SocketTypingDto,
  ): Promise<ChatAnswer<TypingAcceptedView>> {
    refuseFalseClaims(socket.data.actor, input);
    return answer(await this.talk.type(socket.data.actor, input.conversation_id, false, 'typing'));
  }

  @SubscribeMessage('mark_messages_read')
  async markRead(
    @ConnectedSocket() socket: ChatSocket,
    @MessageBody() input: SocketMarkReadDto,
  ): Promise<ChatAnswer<MarkedView>> {
    refuseFalseClaims(socket.data.actor, input);
    return answer(
      await this.talk.markRead(socket.data.actor, input.conversation_id, input.message_ids ?? undefined),
    );
  }

  @SubscribeMessage('message_delivered')
  @AccessFor(CHAT_USER)
  async markDelivered(
    @ConnectedSocket() socket: UserSocket,
    @MessageBody() input: SocketDeliveredDto,
  ): Promise<ChatAnswer<DeliveredView>> {
    refuseFalseClaims(socket.data.actor, input);
    const { conversation_id, message_ids } = input;
    await this.talk.markDelivered(socket.data.actor, conversation_id, message_ids);
    return answer({ conversation_id, message_ids });
  }
}
