import { Body, Controller, Get, Headers, Param, Patch, Post, Query } from '@nestjs/common';
import { RouteConfig } from '@nestjs/platform-fastify';
import { invalid } from '../common/app-error';
import { AccessFor } from '../platform/http/access';
import { SIGNED_BODY } from '../platform/http/fastify';
import { idempotencyKey } from '../platform/http/idempotency-key';
import { Unlimited } from '../platform/http/rate-limit.guard';
import type { ChatActor } from './chat-actor';
import { CHAT_USER } from './chat-admission.service';
import { answer, type ChatAnswer } from './chat-error-form';
import { ChatLimits } from './chat-limits.service';
import type { ChatMessageView } from './chat-message-view';
import {
  type ConversationMessagesDto,
  ConversationMessagesQuery,
  type MarkedReadDto,
  MarkMessagesReadDto,
  paginationOf,
  placeOf,
  SayDto,
  toHistoryDto,
  withAbsoluteLinks,
} from './chat-messages.dto';
import { ChatMessagesService } from './chat-messages.service';
import { ChatReadingService } from './chat-reading.service';
import { ChatReadsService } from './chat-reads.service';
import { ChatViewsService } from './chat-views.service';
import { ConversationIdParam } from './conversation-id-param';
import { CurrentChatUser, CurrentOrigin } from './current-chat-user';

/** What is said in one of a user's conversations: the contract of Anume. */
@Controller('api/chat/conversations/:id/messages')
@Unlimited()
export class ChatConversationMessagesController {
  constructor(
    private readonly reading: ChatReadingService,
    private readonly messages: ChatMessagesService,
    private readonly views: ChatViewsService,
    private readonly reads: ChatReadsService,
    private readonly limits: ChatLimits,
  ) {}

  /** By places (`before_id`, `after_id`), or by pages of which the first has the newest messages. */
  @Get()
  @RouteConfig(SIGNED_BODY)
  @AccessFor(CHAT_USER)
  async list(
    @CurrentChatUser() actor: ChatActor,
    @Param('id', ConversationIdParam) id: number,
    @Query() query: ConversationMessagesQuery,
    @CurrentOrigin() origin: string | null,
  ): Promise<ChatAnswer<ConversationMessagesDto>> {
    await this.limits.countOf('read', actor);
    const { page, limit } = query;
    const place = placeOf(query);
    if (page === undefined) return answer(toHistoryDto(await this.reading.history(actor, id, place), origin));
    if (place.before !== undefined || place.after !== undefined)
      throw invalid('page', 'Give a page, or before_id or after_id.');
    const found = await this.reading.page(actor, id, limit, (page - 1) * limit);
    return answer({ ...toHistoryDto(found, origin), pagination: paginationOf({ page, limit }, found.total) });
  }

  /** `Idempotency-Key` is the same as `client_message_id`. */
  @Post()
  @RouteConfig(SIGNED_BODY)
  @AccessFor(CHAT_USER)
  async say(
    @CurrentChatUser() actor: ChatActor,
    @Param('id', ConversationIdParam) id: number,
    @Body() input: SayDto,
    @CurrentOrigin() origin: string | null,
    @Headers('idempotency-key') key?: string,
  ): Promise<ChatAnswer<ChatMessageView>> {
    await this.limits.countOf('support-message', actor);
    const { message } = await this.messages.say(
      actor,
      { conversationId: id },
      {
        text: input.message,
        replyToId: input.reply_to_id ?? null,
        clientMessageId: idempotencyKey(key, input.client_message_id),
      },
    );
    return answer(withAbsoluteLinks(await this.views.ofOwn(actor, message), origin));
  }

  /** All that the user has not read, or those that are named. */
  @Patch('read')
  @RouteConfig(SIGNED_BODY)
  @AccessFor(CHAT_USER)
  async read(
    @CurrentChatUser() actor: ChatActor,
    @Param('id', ConversationIdParam) id: number,
    @Body() input: MarkMessagesReadDto,
  ): Promise<ChatAnswer<MarkedReadDto>> {
    await this.limits.countOf('read', actor);
    const marked = await this.reads.mark(actor, id, input.message_ids);
    return answer({ conversation_id: id, marked_read: marked });
  }
}
