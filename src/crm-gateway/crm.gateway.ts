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
  type OnGatewayInit,
  SubscribeMessage,
  WebSocketGateway,
} from '@nestjs/websockets';
import { ConversationsService } from '../conversations/conversations.service';
import { Access } from '../platform/http/access';
import { toAppError } from '../platform/http/to-app-error';
import { validationPipe } from '../platform/http/validation';
import type { AuthenticatedSocket, CrmNamespace } from './authenticated-socket';
import { CLIENT_EVENTS, SYSTEM_EVENTS } from './crm-events';
import { CrmStream } from './crm-stream.service';
import { ConversationRoomDto, ResumeDto } from './crm.dto';
import * as rooms from './rooms';
import { SessionWatch } from './session-watch';
import { WsAuthMiddleware } from './ws-auth.middleware';
import { WsErrorFilter } from './ws-error.filter';
import { WsJwtAuthGuard } from './ws-jwt-auth.guard';
import { WsThrottleGuard } from './ws-throttle.guard';

interface RoomAnswer {
  conversation_id: number;
  timestamp: string;
}

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
    OnApplicationBootstrap,
    BeforeApplicationShutdown
{
  private namespace!: CrmNamespace;

  constructor(
    private readonly auth: WsAuthMiddleware,
    private readonly stream: CrmStream,
    private readonly watch: SessionWatch,
    private readonly conversations: ConversationsService,
  ) {}

  afterInit(namespace: CrmNamespace): void {
    this.namespace = namespace;
    namespace.use((socket, next) => void this.auth.authenticate(socket, next));
  }

  /** Before the first connection: the port is opened after this. */
  async onApplicationBootstrap(): Promise<void> {
    await this.stream.start(this.namespace);
    this.watch.start(this.namespace);
  }

  beforeApplicationShutdown(): void {
    this.watch.stop();
    // Clients come back by themselves, a little scattered, and find another process or this one restarted.
    for (const socket of this.namespace.sockets.values()) {
      socket.emit(SYSTEM_EVENTS.NOTIFICATION, {
        kind: 'restarting',
        reconnect_after_ms: 500 + Math.floor(Math.random() * 1_500),
      });
    }
  }

  /** With `auth: { after }` the socket first hears what it missed. */
  async handleConnection(socket: AuthenticatedSocket): Promise<void> {
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

  @SubscribeMessage(CLIENT_EVENTS.JOIN_CONVERSATION)
  async joinConversation(
    @ConnectedSocket() socket: AuthenticatedSocket,
    @MessageBody() input: ConversationRoomDto,
  ): Promise<RoomAnswer> {
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
    const answer = { conversation_id: input.conversation_id, timestamp: new Date().toISOString() };
    socket.emit('joined_conversation', answer);
    return answer;
  }

  @SubscribeMessage(CLIENT_EVENTS.LEAVE_CONVERSATION)
  async leaveConversation(
    @ConnectedSocket() socket: AuthenticatedSocket,
    @MessageBody() input: ConversationRoomDto,
  ): Promise<RoomAnswer> {
    await socket.leave(rooms.conversation(socket.data.actor.workspaceId, input.conversation_id));
    const answer = { conversation_id: input.conversation_id, timestamp: new Date().toISOString() };
    socket.emit('left_conversation', answer);
    return answer;
  }

  /** Everything after the cursor, in order, then live again from there. */
  @SubscribeMessage(CLIENT_EVENTS.RESUME)
  async resume(
    @ConnectedSocket() socket: AuthenticatedSocket,
    @MessageBody() input: ResumeDto,
  ): Promise<{ sent: number | null; cursor: string }> {
    return await this.stream.resume(socket, input.after);
  }
}
