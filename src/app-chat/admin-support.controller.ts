import { Body, Controller, Get, Headers, Param, Patch, Post, Query } from '@nestjs/common';
import type { StaffActor } from '../common/actor';
import { PageQuery } from '../common/page';
import { Access } from '../platform/http/access';
import { CurrentActor } from '../platform/http/current-actor';
import { idempotencyKey } from '../platform/http/idempotency-key';
import { AdminMessageDto } from './admin-chat.dto';
import type {
  AdminMessages,
  AdminSentMessage,
  SupportConversationList,
  SupportConversationOne,
} from './admin-conversation.types';
import { AdminConversationsService } from './admin-conversations.service';
import { SupportConversationQuery, SupportStatusDto } from './admin-support.dto';
import { AdminWorkService } from './admin-work.service';
import { answer, type ChatAnswer } from './chat-error-form';
import { withAbsoluteLinks } from './chat-messages.dto';
import { ConversationIdParam } from './conversation-id-param';
import { CurrentOrigin } from './current-chat-user';

/** Staff in the live chat, as the contract of Anume has it. */
@Controller('api/chat/admin')
@Access('employer')
export class AdminSupportController {
  constructor(
    private readonly conversations: AdminConversationsService,
    private readonly work: AdminWorkService,
  ) {}

  /** The one with the newest message first. */
  @Get('conversations')
  async list(
    @CurrentActor() actor: StaffActor,
    @Query() query: SupportConversationQuery,
  ): Promise<ChatAnswer<SupportConversationList>> {
    return answer(await this.conversations.supportList(actor, query));
  }

  /** Page 1 ends with the newest message. */
  @Get('conversations/:id/messages')
  async history(
    @CurrentActor() actor: StaffActor,
    @Param('id', ConversationIdParam) id: number,
    @Query() query: PageQuery,
    @CurrentOrigin() origin: string | null,
  ): Promise<ChatAnswer<AdminMessages>> {
    const { messages, ...page } = await this.conversations.history(actor, id, query);
    return answer({ ...page, messages: messages.map((message) => withAbsoluteLinks(message, origin)) });
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

  @Patch('conversations/:id/status')
  async update(
    @CurrentActor() actor: StaffActor,
    @Param('id', ConversationIdParam) id: number,
    @Body() input: SupportStatusDto,
  ): Promise<ChatAnswer<SupportConversationOne>> {
    return answer({ conversation: await this.work.updateSupport(actor, id, input) });
  }
}
