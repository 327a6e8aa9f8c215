import { Body, Controller, Get, Headers, HttpCode, Param, Post, Put, Query } from '@nestjs/common';
import { RouteConfig } from '@nestjs/platform-fastify';
import { invalid } from '../common/app-error';
import type { ConversationRatingDto } from '../conversations/conversation-ratings.types';
import { AccessFor } from '../platform/http/access';
import { SIGNED_BODY } from '../platform/http/fastify';
import { idempotencyKey } from '../platform/http/idempotency-key';
import { Unlimited } from '../platform/http/rate-limit.guard';
import type { ChatActor, ChatCaller } from './chat-actor';
import { CHAT_USER } from './chat-admission.service';
import { SUPPORT_PRIORITIES } from './chat-conversation-view';
import {
  type ChatConfirmation,
  type ChatConversationDto,
  type ChatConversationsDto,
  ChatConversationsQuery,
  OpenConversationDto,
  type OpenedConversationDto,
  RateChatDto,
  statusesOf,
  wordsOf,
} from './chat-conversations.dto';
import { ChatEndingsService } from './chat-endings.service';
import { answer, type ChatAnswer } from './chat-error-form';
import { ChatLimits } from './chat-limits.service';
import {
  ChatTypingDto,
  type MarkedReadDto,
  MarkReadDto,
  paginationOf,
  StatedUserDto,
  withAbsoluteLinks,
} from './chat-messages.dto';
import { ChatMessagesService } from './chat-messages.service';
import { ChatReadingService } from './chat-reading.service';
import { ChatReadsService } from './chat-reads.service';
import { ChatTypistsService } from './chat-typists.service';
import { ChatViewsService } from './chat-views.service';
import { ConversationIdParam } from './conversation-id-param';
import { CurrentChatCaller, CurrentChatUser, CurrentOrigin } from './current-chat-user';

/** Conversations of the live chat, in the words of whichever contract the caller speaks. */
@Controller('api/chat/conversations')
@Unlimited()
export class ChatConversationsController {
  constructor(
    private readonly reading: ChatReadingService,
    private readonly messages: ChatMessagesService,
    private readonly views: ChatViewsService,
    private readonly reads: ChatReadsService,
    private readonly typists: ChatTypistsService,
    private readonly endings: ChatEndingsService,
    private readonly limits: ChatLimits,
  ) {}

  /** A user's own; to staff those that they may see, of one user where `user_id` is given. */
  @Get()
  @RouteConfig(SIGNED_BODY)
  @AccessFor(CHAT_USER, 'employer')
  async list(
    @CurrentChatCaller() caller: ChatCaller,
    @Query() query: ChatConversationsQuery,
  ): Promise<ChatAnswer<ChatConversationsDto>> {
    await this.limits.countOf('read', caller);
    const { page, limit } = query;
    const { conversations, total } = await this.reading.conversations(caller, {
      statuses: statusesOf(query.status),
      userId: query.user_id,
      words: wordsOf(query),
      limit,
      offset: (page - 1) * limit,
    });
    return answer({ conversations, pagination: paginationOf(query, total) });
  }

  /** A new one beside those that are open, with its first message. */
  @Post()
  @RouteConfig(SIGNED_BODY)
  @AccessFor(CHAT_USER)
  async open(
    @CurrentChatUser() actor: ChatActor,
    @Body() input: OpenConversationDto,
    @CurrentOrigin() origin: string | null,
    @Headers('idempotency-key') key?: string,
  ): Promise<ChatAnswer<OpenedConversationDto>> {
    await this.limits.countOf('conversation', actor);
    const text = input.initial_message ?? input.message;
    if (text === undefined || (input.initial_message !== undefined && input.message !== undefined))
      throw invalid(
        'initial_message',
        'Give initial_message, or message in the words of the other contract.',
      );
    const priority = input.priority ?? 'normal';
    const said = await this.messages.say(
      actor,
      {
        subject: input.subject ?? null,
        priority: priority === 'normal' ? priority : SUPPORT_PRIORITIES[priority],
      },
      { text, clientMessageId: idempotencyKey(key, input.client_message_id) },
    );
    const id = said.message.conversation_id;
    return answer({
      conversation_id: id,
      message: withAbsoluteLinks(await this.views.ofOwn(actor, said.message), origin),
      conversation: await this.reading.conversation(actor, id, wordsOf(input)),
    });
  }

  /** Of the messages those that the other side wrote. */
  @Put(':id/read')
  @RouteConfig(SIGNED_BODY)
  @AccessFor(CHAT_USER, 'employer')
  async read(
    @CurrentChatCaller() caller: ChatCaller,
    @Param('id', ConversationIdParam) id: number,
    @Body() input: MarkReadDto,
  ): Promise<ChatAnswer<MarkedReadDto>> {
    await this.limits.countOf('read', caller);
    const marked = await this.reads.mark(caller, id, input.message_ids);
    return answer({ conversation_id: id, marked_read: marked });
  }

  /** The others in the conversation see it while they are connected. */
  @Post(':id/typing')
  @RouteConfig(SIGNED_BODY)
  @AccessFor(CHAT_USER, 'employer')
  @HttpCode(200)
  async typing(
    @CurrentChatCaller() caller: ChatCaller,
    @Param('id', ConversationIdParam) id: number,
    @Body() input: ChatTypingDto,
  ): Promise<ChatConfirmation> {
    await this.limits.countOf('read', caller);
    await this.typists.tell(caller, id, input.typing);
    return { status: 'success', message: 'Typing indicator sent' };
  }

  /** The user ends their conversation; one that is over stays as it is. */
  @Post(':id/close')
  @RouteConfig(SIGNED_BODY)
  @AccessFor(CHAT_USER)
  @HttpCode(200)
  async close(
    @CurrentChatUser() actor: ChatActor,
    @Param('id', ConversationIdParam) id: number,
    @Body() input: StatedUserDto,
  ): Promise<ChatAnswer<ChatConversationDto>> {
    await this.limits.countOf('read', actor);
    await this.endings.close(actor, id);
    return answer({ conversation: await this.reading.conversation(actor, id, wordsOf(input)) });
  }

  /** What the user thought of a conversation that is over; said again within a day, it takes the place of the first. */
  @Post(':id/rating')
  @RouteConfig(SIGNED_BODY)
  @AccessFor(CHAT_USER)
  async rate(
    @CurrentChatUser() actor: ChatActor,
    @Param('id', ConversationIdParam) id: number,
    @Body() input: RateChatDto,
  ): Promise<ChatAnswer<ConversationRatingDto>> {
    await this.limits.countOf('read', actor);
    return answer(await this.endings.rate(actor, id, { score: input.score, comment: input.comment ?? null }));
  }
}
