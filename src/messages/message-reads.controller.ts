import { Body, Controller, Delete, Get, HttpCode, Param, Patch, Query } from '@nestjs/common';
import type { StaffActor } from '../common/actor';
import type { CursorPage } from '../common/cursor-page';
import type { ConversationDto } from '../conversations/conversations.types';
import { Access } from '../platform/http/access';
import { CurrentActor } from '../platform/http/current-actor';
import { IdParam } from '../platform/http/id-param';
import { MessageChangesService } from './message-changes.service';
import {
  HistoryQuery,
  MarkAsReadDto,
  MessagesQuery,
  SearchQuery,
  UnreadCountQuery,
  UpdateMessageDto,
} from './message-queries.dto';
import { MessageReadsService } from './message-reads.service';
import type {
  ConversationUnreadDto,
  MarkedAsReadDto,
  MessageHitDto,
  MessagePage,
  UnreadCountDto,
} from './message-reads.types';
import { MessageSearchService } from './message-search.service';
import type { MessageDto } from './messages.types';
import { UnreadService } from './unread.service';

/** Reading what was said, and changing it afterwards. */
@Controller('messages')
@Access('employer')
export class MessageReadsController {
  constructor(
    private readonly reads: MessageReadsService,
    private readonly searching: MessageSearchService,
    private readonly unread: UnreadService,
    private readonly changes: MessageChangesService,
  ) {}

  @Get()
  async list(@CurrentActor() actor: StaffActor, @Query() query: MessagesQuery): Promise<MessagePage> {
    return await this.reads.list(actor, query);
  }

  @Get('search')
  async search(
    @CurrentActor() actor: StaffActor,
    @Query() query: SearchQuery,
  ): Promise<CursorPage<MessageHitDto>> {
    return await this.searching.search(actor, query);
  }

  @Get('unread-count')
  async unreadCount(
    @CurrentActor() actor: StaffActor,
    @Query() query: UnreadCountQuery,
  ): Promise<UnreadCountDto> {
    return await this.unread.count(actor, query.conversationId);
  }

  @Patch('mark-as-read')
  async markMessages(
    @CurrentActor() actor: StaffActor,
    @Body() input: MarkAsReadDto,
  ): Promise<MarkedAsReadDto> {
    return await this.unread.markMessages(actor, input.message_ids);
  }

  @Get('conversation/:id/cursor')
  async history(
    @CurrentActor() actor: StaffActor,
    @Param('id', IdParam) id: number,
    @Query() query: HistoryQuery,
  ): Promise<CursorPage<MessageDto>> {
    return await this.reads.history(actor, id, query);
  }

  @Get('conversation/:id/search')
  async searchConversation(
    @CurrentActor() actor: StaffActor,
    @Param('id', IdParam) id: number,
    @Query() query: SearchQuery,
  ): Promise<CursorPage<MessageHitDto>> {
    return await this.searching.search(actor, query, id);
  }

  @Get('conversation/:id/unread-contact')
  async unreadContact(
    @CurrentActor() actor: StaffActor,
    @Param('id', IdParam) id: number,
  ): Promise<ConversationUnreadDto> {
    return await this.unread.ofContact(actor, id);
  }

  @Get('conversation/:id/unread-agent')
  async unreadAgent(
    @CurrentActor() actor: StaffActor,
    @Param('id', IdParam) id: number,
  ): Promise<ConversationUnreadDto> {
    return await this.unread.ofAgents(actor, id);
  }

  @Patch('conversation/:id/mark-as-read')
  async markConversation(
    @CurrentActor() actor: StaffActor,
    @Param('id', IdParam) id: number,
  ): Promise<ConversationDto> {
    return await this.unread.markConversation(actor, id);
  }

  /** Another text, as long as no try to send the message has begun. */
  @Patch(':id')
  async update(
    @CurrentActor() actor: StaffActor,
    @Param('id', IdParam) id: number,
    @Body() input: UpdateMessageDto,
  ): Promise<MessageDto> {
    return await this.changes.edit(actor, id, input.body);
  }

  /** Hides what it says; one that waits is not sent. */
  @Delete(':id')
  @HttpCode(204)
  async delete(@CurrentActor() actor: StaffActor, @Param('id', IdParam) id: number): Promise<void> {
    await this.changes.delete(actor, id);
  }
}
