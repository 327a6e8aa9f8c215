import { Body, Controller, Headers, Post } from '@nestjs/common';
import type { StaffActor } from '../common/actor';
import type { SentMessageDto } from '../messages/outgoing.types';
import { Access } from '../platform/http/access';
import { CurrentActor } from '../platform/http/current-actor';
import { idempotencyKey } from '../platform/http/idempotency-key';
import { SendMediaDto, SendMessageDto } from './direct-sends.dto';
import { DirectSendsService } from './direct-sends.service';

/** Beside Meta's webhook by address only: these are for staff. `Idempotency-Key` is the same as `client_message_id`. */
@Controller('meta-whatsapp/webhook')
@Access('employer')
export class DirectSendsController {
  constructor(private readonly sends: DirectSendsService) {}

  @Post('send-message')
  async sendMessage(
    @CurrentActor() actor: StaffActor,
    @Body() input: SendMessageDto,
    @Headers('idempotency-key') key?: string,
  ): Promise<SentMessageDto> {
    return await this.sends.sendMessage(actor, input, idempotencyKey(key, input.client_message_id));
  }

  @Post('send-media')
  async sendMedia(
    @CurrentActor() actor: StaffActor,
    @Body() input: SendMediaDto,
    @Headers('idempotency-key') key?: string,
  ): Promise<SentMessageDto> {
    return await this.sends.sendMedia(actor, input, idempotencyKey(key, input.client_message_id));
  }
}
