import { Body, Controller, Get, Headers, Param, Post, Put, Query } from '@nestjs/common';
import type { StaffActor } from '../common/actor';
import { Access } from '../platform/http/access';
import { CurrentActor } from '../platform/http/current-actor';
import { idempotencyKey } from '../platform/http/idempotency-key';
import { type ActivityList, AdminActivityService } from './admin-activity.service';
import {
  ActivityQuery,
  AdminConversationQuery,
  AdminMessageDto,
  AssignConversationDto,
  DashboardQuery,
  UpdateChatConversationDto,
} from './admin-chat.dto';
import type {
  AdminConversationList,
  AdminConversationOne,
  AdminSentMessage,
  AssignedConversation,
  UpdatedConversation,
} from './admin-conversation.types';
import { AdminConversationsService } from './admin-conversations.service';
import { AdminDashboardService, type Dashboard } from './admin-dashboard.service';
import { AdminWorkService } from './admin-work.service';
import { answer, type ChatAnswer } from './chat-error-form';
import { withAbsoluteLinks } from './chat-messages.dto';
import { ConversationIdParam } from './conversation-id-param';
import { CurrentOrigin } from './current-chat-user';

/** Staff in the live chat, as the contract of HomeAssistant IM has it. */
@Controller('admin/chat')
@Access('employer')
export class AdminChatController {
  constructor(
    private readonly dashboards: AdminDashboardService,
    private readonly conversations: AdminConversationsService,
    private readonly work: AdminWorkService,
    private readonly activities: AdminActivityService,
  ) {}

  @Get('dashboard')
  async dashboard(
    @CurrentActor() actor: StaffActor,
    @Query() query: DashboardQuery,
  ): Promise<ChatAnswer<Dashboard>> {
    return answer(await this.dashboards.dashboard(actor, query.admin_id));
  }

  @Get('conversations')
  async list(
    @CurrentActor() actor: StaffActor,
    @Query() query: AdminConversationQuery,
  ): Promise<ChatAnswer<AdminConversationList>> {
    return answer(await this.conversations.list(actor, query));
  }

  @Get('conversations/:id')
  async get(
    @CurrentActor() actor: StaffActor,
    @Param('id', ConversationIdParam) id: number,
  ): Promise<ChatAnswer<AdminConversationOne>> {
    return answer({ conversation: await this.conversations.get(actor, id) });
  }

  @Put('conversations/:id/assign')
  async assign(
    @CurrentActor() actor: StaffActor,
    @Param('id', ConversationIdParam) id: number,
    @Body() input: AssignConversationDto,
  ): Promise<ChatAnswer<AssignedConversation>> {
    return answer(await this.work.assign(actor, id, input));
  }

  @Put('conversations/:id/status')
  async update(
    @CurrentActor() actor: StaffActor,
    @Param('id', ConversationIdParam) id: number,
    @Body() input: UpdateChatConversationDto,
  ): Promise<ChatAnswer<UpdatedConversation>> {
    return answer(await this.work.update(actor, id, input));
  }

  /** `Idempotency-Key` is the same as `client_message_id`. */
  @Post('conversations/:id/messages')
  async send(
    @CurrentActor() actor: StaffActor,
    @Param('id', ConversationIdParam) id: number,
    @Body() input: AdminMessageDto,
    @CurrentOrigin() origin: string | null,
    @Headers('idempotency-key') key?: string,
  ): Promise<ChatAnswer<AdminSentMessage>> {
    const sent = await this.work.send(actor, id, input, idempotencyKey(key, input.client_message_id));
    return answer(withAbsoluteLinks(sent, origin));
  }

  /** What staff did, whatever it was. */
  @Get('activity')
  @Access('admin')
  async activity(
    @CurrentActor() actor: StaffActor,
    @Query() query: ActivityQuery,
  ): Promise<ChatAnswer<ActivityList>> {
    return answer(await this.activities.list(actor, query));
  }
}
