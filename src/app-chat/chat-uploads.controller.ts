import { Controller, Post, Req } from '@nestjs/common';
import { RouteConfig } from '@nestjs/platform-fastify';
import { AccessFor } from '../platform/http/access';
import { FORM_BODY, SIGNED_BODY } from '../platform/http/fastify';
import { Unlimited } from '../platform/http/rate-limit.guard';
import type { ChatCaller } from './chat-actor';
import { CHAT_USER, type ChatRequest } from './chat-admission.service';
import { answer, type ChatAnswer } from './chat-error-form';
import { type ChatUploadDto, toUploadDto } from './chat-messages.dto';
import { ChatUploadsService } from './chat-uploads.service';
import { CurrentChatCaller, CurrentOrigin } from './current-chat-user';

/** Files in the live chat. */
@Controller('api/chat')
@Unlimited()
export class ChatUploadsController {
  constructor(private readonly uploads: ChatUploadsService) {}

  /** multipart/form-data: `file`, `conversation_id`, `message_type`. The file is a message of its own. */
  @Post('upload')
  @RouteConfig({ ...FORM_BODY, ...SIGNED_BODY })
  @AccessFor(CHAT_USER, 'employer')
  async upload(
    @CurrentChatCaller() caller: ChatCaller,
    @Req() request: ChatRequest,
    @CurrentOrigin() origin: string | null,
  ): Promise<ChatAnswer<ChatUploadDto>> {
    return answer(toUploadDto(await this.uploads.receive(caller, request), origin));
  }
}
