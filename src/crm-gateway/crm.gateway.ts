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
import { clock } from '../common/clock';
import { ConversationsService } from '../conversations/conversations.service';
import { Access } from '../platform/http/access';
import { toAppError } from '../platform/http/to-app-error';
import { validationPipe } from '../platform/http/validation';
import { ChooseStatusDto } from '../presence/presence.dto';
import { PresenceService } from '../presence/presence.service';
import type { PresenceDto, PresenceList } from '../presence/presence.types';
import type { AuthenticatedSocket, CrmNamespace } from './authenticated-socket';
import { CLIENT_EVENTS, SYSTEM_EVENTS } from './crm-events';
import type { JoinedConversation, ResumeAnswer, RoomAnswer, TypingAnswer } from './crm-payloads';
import { CrmStream } from './crm-stream.service';
import { ConversationRoomDto, ResumeDto } from './crm.dto';
import { PresenceNews } from './presence-news';
import * as rooms from './rooms';
import { SessionWatch } from './session-watch';
import { Typing } from './typing.service';
import { WsAuthMiddleware } from './ws-auth.middleware';
import { WsErrorFilter } from './ws-error.filter';
import { WsJwtAuthGuard } from './ws-jwt-auth.guard';
import { CountedAsTyping, WsThrottleGuard } from './ws-throttle.guard';

/** Socket.IO's word for a connection that the server ended. */
const SENT_AWAY = 'server namespace disconnect';

/** Namespace /crm: agents hear what happens in their workspace. */
@WebSocketGateway({ namespace: '/crm' })
@UseGuards(WsJwtAuthGuard, WsThrottleGuard)
@UseFilters(WsErrorFilter)
@UsePipes(validationPipe())
@Access('employer')
export class CrmGateway
  implements
    OnGatewayInit<CrmNamespace>,
    OnGatewayConnection<AuthenticatedSocket>,
    OnGatewayDisconnect<AuthenticatedSocket>,
    OnApplicationBootstrap,
    BeforeApplicationShutdown
{
  private namespace!: CrmNamespace;

  constructor(
    private readonly auth: WsAuthMiddleware,
    private readonly stream: CrmStream,
    private readonly watch: SessionWatch,
    private readonly conversations: ConversationsService,
    private readonly presence: PresenceService,
    private readonly presenceNews: PresenceNews,
    private readonly typing: Typing,
  ) {}

  afterInit(namespace: CrmNamespace): void {
    this.namespace = namespace;
    namespace.use((socket, next) => void this.auth.authenticate(socket, next));
  }

  /** Before the first connection: the port is opened after this. */
  async onApplicationBootstrap(): Promise<void> {
    await this.stream.start(this.namespace);
    this.watch.start(this.namespace);
    this.presenceNews.open(this.namespace);
    this.typing.open(this.namespace);
  }

  async beforeApplicationShutdown(): Promise<void> {
    this.watch.stop();
    // Clients come back by themselves, a little scattered, and find another process or this one restarted.
    for (const socket of this.namespace.sockets.values()) {
      socket.emit(SYSTEM_EVENTS.NOTIFICATION, {
        kind: 'restarting',
        reconnect_after_ms: 500 + Math.floor(Math.random() * 1_500),
      });
    }
    await this.typing.close();
  }

  /** With `auth: { after }` the socket first hears what it missed. */
  async handleConnection(socket: AuthenticatedSocket): Promise<void> {
    this.presence.connected(socket.data.actor, socket.id);
    const after: unknown = socket.handshake.auth['after'];
    if (after === undefined || after === null) {
      this.stream.open(socket);
      return;
    }
    try {
      await this.stream.resume(socket, after);
    } catch (thrown) {
      socket.emit(SYSTEM_EVENTS.ERROR, toAppError(thrown).toBody());
      socket.disconnect(true);
    }
  }

  handleDisconnect(socket: AuthenticatedSocket, reason?: string): void {
    this.typing.socketGone(socket.id);
    this.presence.disconnected(socket.data.actor, socket.id, reason === SENT_AWAY);
  }

  @SubscribeMessage(CLIENT_EVENTS.JOIN_CONVERSATION)
  async joinConversation(
    @ConnectedSocket() socket: AuthenticatedSocket,
    @MessageBody() input: ConversationRoomDto,
  ): Promise<JoinedConversation> {
    const { actor } = socket.data;
    const room = rooms.conversation(actor.workspaceId, input.conversation_id);
    await this.conversations.requireVisible(actor, input.conversation_id);
    await socket.join(room);
    try {
      // Whoever loses it from now on is put out of the room; whoever lost it between look and entry was not.
      await this.conversations.requireVisible(actor, input.conversation_id);
    } catch (error) {
      await socket.leave(room);
      throw error;
    }
    const answer = {
      conversation_id: input.conversation_id,
      timestamp: clock.date().toISOString(),
      typing: this.typing.typersOf(actor, input.conversation_id),
    };
    socket.emit(SYSTEM_EVENTS.JOINED, answer);
    return answer;
  }

  @SubscribeMessage(CLIENT_EVENTS.LEAVE_CONVERSATION)
  async leaveConversation(
    @ConnectedSocket() socket: AuthenticatedSocket,
    @MessageBody() input: ConversationRoomDto,
  ): Promise<RoomAnswer> {
    await socket.leave(rooms.conversation(socket.data.actor.workspaceId, input.conversation_id));
    const answer = { conversation_id: input.conversation_id, timestamp: clock.date().toISOString() };
    socket.emit(SYSTEM_EVENTS.LEFT, answer);
    return answer;
  }

  /** Everything after the cursor, in order, then live again from there. */
  @SubscribeMessage(CLIENT_EVENTS.RESUME)
  async resume(
    @ConnectedSocket() socket: AuthenticatedSocket,
    @MessageBody() input: ResumeDto,
  ): Promise<ResumeAnswer> {
    return await this.stream.resume(socket, input.after);
  }

  /** What the user shall be shown as while connected, on all their devices. */
  @SubscribeMessage(CLIENT_EVENTS.PRESENCE_SET)
  async setPresence(
    @ConnectedSocket() socket: AuthenticatedSocket,
    @MessageBody() input: ChooseStatusDto,
  ): Promise<PresenceDto> {
    return await this.presence.choose(socket.data.actor, input.status);
  }

  @SubscribeMessage(CLIENT_EVENTS.PRESENCE_LIST)
  async listPresence(@ConnectedSocket() socket: AuthenticatedSocket): Promise<PresenceList> {
    return { data: await this.presence.list(socket.data.actor) };
  }

  @SubscribeMessage(CLIENT_EVENTS.TYPING_START)
  @CountedAsTyping()
  async startTyping(
    @ConnectedSocket() socket: AuthenticatedSocket,
    @MessageBody() input: ConversationRoomDto,
  ): Promise<TypingAnswer> {
    const { actor } = socket.data;
    const conversation = await this.conversations.requireVisible(actor, input.conversation_id);
    if (socket.connected) this.typing.start(socket.id, actor, conversation);
    return { conversation_id: conversation.id };
  }

  @SubscribeMessage(CLIENT_EVENTS.TYPING_STOP)
  @CountedAsTyping()
  stopTyping(
    @ConnectedSocket() socket: AuthenticatedSocket,
    @MessageBody() input: ConversationRoomDto,
  ): TypingAnswer {
    this.typing.stop(socket.id, socket.data.actor, input.conversation_id);
    return { conversation_id: input.conversation_id };
  }
}
