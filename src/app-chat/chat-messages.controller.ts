import { Body, Controller, Get, Headers, Post, Query } from '@nestjs/common';
import { RouteConfig } from '@nestjs/platform-fastify';
import { AccessFor } from '../platform/http/access';
import { SIGNED_BODY } from '../platform/http/fastify';
import { idempotencyKey } from '../platform/http/idempotency-key';
import { Unlimited } from '../platform/http/rate-limit.guard';
import type { ChatActor, ChatCaller } from './chat-actor';
import { CHAT_USER } from './chat-admission.service';
import { answer, type ChatAnswer } from './chat-error-form';
import { ChatLimits } from './chat-limits.service';
import type { ChatMessageView } from './chat-message-view';
import {
  type ChatHistoryDto,
  ChatHistoryQuery,
  type ChatSearchDto,
  ChatSearchQuery,
  HistoryBody,
  paginationOf,
  placeOf,
  SayDto,
  toHistoryDto,
  withAbsoluteLinks,
} from './chat-messages.dto';
import { ChatMessagesService } from './chat-messages.service';
import { ChatReadingService } from './chat-reading.service';
import { ChatSearchService } from './chat-search.service';
import { ChatViewsService } from './chat-views.service';
import { CurrentChatCaller, CurrentChatUser, CurrentOrigin } from './current-chat-user';

/** A user's talk with those who answer, as one conversation: the contract of HomeAssistant IM. */
@Controller('api/chat')
@Unlimited()
export class ChatMessagesController {
  constructor(
    private readonly reading: ChatReadingService,
    private readonly messages: ChatMessagesService,
    private readonly views: ChatViewsService,
    private readonly searches: ChatSearchService,
    private readonly limits: ChatLimits,
  ) {}

  /** The newest conversation that is open, or else the newest. */
  @Get('messages')
  @RouteConfig(SIGNED_BODY)
  @AccessFor(CHAT_USER)
  async history(
    @CurrentChatUser() actor: ChatActor,
    @Query() query: ChatHistoryQuery,
    @Body() _stated: HistoryBody,
    @CurrentOrigin() origin: string | null,
  ): Promise<ChatAnswer<ChatHistoryDto>> {
    await this.limits.countOf('read', actor);
    return answer(toHistoryDto(await this.reading.newest(actor, placeOf(query)), origin));
  }

  /** Into the newest conversation that is open, which is made where there is none. */
  @Post('messages')
  @RouteConfig(SIGNED_BODY)
  @AccessFor(CHAT_USER)
  async say(
    @CurrentChatUser() actor: ChatActor,
    @Body() input: SayDto,
    @CurrentOrigin() origin: string | null,
    @Headers('idempotency-key') key?: string,
  ): Promise<ChatAnswer<ChatMessageView>> {
    await this.limits.countOf('message', actor);
    const message = {
      text: input.message,
      replyToId: input.reply_to_id ?? null,
      clientMessageId: idempotencyKey(key, input.client_message_id),
    };
    const said = await this.messages.say(actor, 'newest', message);
    return answer(withAbsoluteLinks(await this.views.ofOwn(actor, said.message), origin));
  }

  /** In the caller's conversations, or in one of them. */
  @Get('search')
  @RouteConfig(SIGNED_BODY)
  @AccessFor(CHAT_USER, 'employer')
  async search(
    @CurrentChatCaller() caller: ChatCaller,
    @Query() query: ChatSearchQuery,
  ): Promise<ChatAnswer<ChatSearchDto>> {
    await this.limits.countOf('read', caller);
    const found = await this.searches.search(caller, query.q, query.conversation_id);
    return answer({
      results: found.slice(query.offset, query.offset + query.limit),
      pagination: paginationOf(query, found.length),
    });
  }
}
