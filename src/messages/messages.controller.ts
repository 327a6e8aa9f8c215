import { Body, Controller, Get, Headers, HttpCode, Param, Post, Query } from '@nestjs/common';
import type { StaffActor } from '../common/actor';
import { type Page, PageQuery } from '../common/page';
import { Access } from '../platform/http/access';
import { CurrentActor } from '../platform/http/current-actor';
import { idempotencyKey } from '../platform/http/idempotency-key';
import { IdParam } from '../platform/http/id-param';
import { CreateMessageDto } from './messages.dto';
import { MessagesService } from './messages.service';
import type { MessageDto } from './messages.types';
import type { SentMessageDto } from './outgoing.types';
import { ReadReceiptsService, type TypingDto } from './read-receipts.service';
import { SendingService } from './sending.service';

@Controller('messages')
@Access('employer')
export class MessagesController {
  constructor(
    private readonly messages: MessagesService,
    private readonly sending: SendingService,
    private readonly receipts: ReadReceiptsService,
  ) {}

  /** `Idempotency-Key` is the same as `client_message_id`. */
  @Post()
  async create(
    @CurrentActor() actor: StaffActor,
    @Body() input: CreateMessageDto,
    @Headers('idempotency-key') key?: string,
  ): Promise<SentMessageDto> {
    return await this.sending.send(actor, input.conversation_id, input, {
      replyToId: input.reply_to_id,
      clientMessageId: idempotencyKey(key, input.client_message_id),
    });
  }

  @Get(':id')
  async get(@CurrentActor() actor: StaffActor, @Param('id', IdParam) id: number): Promise<MessageDto> {
    return await this.messages.get(actor, id);
  }

  /** The customer sees for a few seconds that somebody is writing. */
  @Post('conversation/:id/typing')
  @HttpCode(202)
  async typing(@CurrentActor() actor: StaffActor, @Param('id', IdParam) id: number): Promise<TypingDto> {
    return await this.receipts.typing(actor, id);
  }

  @Get('conversation/:id')
  async history(
    @CurrentActor() actor: StaffActor,
    @Param('id', IdParam) id: number,
    @Query() query: PageQuery,
  ): Promise<Page<MessageDto>> {
    return await this.messages.history(actor, id, query);
  }
}
