import { Body, Controller, Delete, Get, Headers, HttpCode, Ip, Post } from '@nestjs/common';
import { RouteConfig } from '@nestjs/platform-fastify';
import { invalid } from '../common/app-error';
import { AccessFor, Public } from '../platform/http/access';
import { SIGNED_BODY } from '../platform/http/fastify';
import { Unlimited } from '../platform/http/rate-limit.guard';
import { AppDirectory } from './app-directory';
import { APP_SERVER, CHAT_USER } from './chat-admission.service';
import { CurrentApp, CurrentChatUser } from './current-chat-user';
import type { AppActor, ChatActor } from './chat-actor';
import { answer, type ChatAnswer } from './chat-error-form';
import { ChatLimits } from './chat-limits.service';
import {
  type ChatSessionDto,
  type ChatUserDto,
  type EndedSessionsDto,
  NamedUserDto,
  OpenChatSessionDto,
  OpenVisitorDto,
  toChatUserDto,
} from './chat-sessions.dto';
import { ChatSessionsService, type OpenedSession } from './chat-sessions.service';

/** Who signs in to the live chat, and how. */
@Controller('api/chat')
@Unlimited()
export class ChatSessionsController {
  constructor(
    private readonly sessions: ChatSessionsService,
    private readonly apps: AppDirectory,
    private readonly limits: ChatLimits,
  ) {}

  /** The app's server signs a user in and hands the token to their device. */
  @Post('sessions')
  @RouteConfig(SIGNED_BODY)
  @AccessFor(APP_SERVER)
  async open(
    @CurrentApp() app: AppActor,
    @Body() input: OpenChatSessionDto,
  ): Promise<ChatAnswer<ChatSessionDto>> {
    requireName(input);
    const opened = await this.sessions.open(app, {
      userId: input.user_id,
      username: input.username,
      accountName: input.account_name,
      phoneNumber: input.phone_number,
      status: input.status,
    });
    return answer(toSessionDto(opened));
  }

  /** The app's server signs a user out everywhere. */
  @Delete('sessions')
  @RouteConfig(SIGNED_BODY)
  @AccessFor(APP_SERVER)
  async endAll(
    @CurrentApp() app: AppActor,
    @Body() input: NamedUserDto,
  ): Promise<ChatAnswer<EndedSessionsDto>> {
    requireName(input);
    const ended = await this.sessions.endAllOf(app, { userId: input.user_id, username: input.username });
    return answer({ ended });
  }

  /** Who the token belongs to. */
  @Get('sessions/current')
  @RouteConfig(SIGNED_BODY)
  @AccessFor(CHAT_USER)
  current(@CurrentChatUser() actor: ChatActor): ChatAnswer<ChatUserDto> {
    return answer(toChatUserDto(actor));
  }

  /** Signs out: the token is worth nothing from then on. */
  @Delete('sessions/current')
  @RouteConfig(SIGNED_BODY)
  @AccessFor(CHAT_USER)
  @HttpCode(204)
  async end(@CurrentChatUser() actor: ChatActor): Promise<void> {
    await this.sessions.end(actor);
  }

  /** Somebody whom no app knows opens a chat on a website, where its app lets them. */
  @Post('visitors')
  @Public('visitors of a website; limited by address, and to apps and origins that allow them')
  async openAsVisitor(
    @Body() input: OpenVisitorDto,
    @Headers('origin') origin: string | undefined,
    @Ip() ip: string,
  ): Promise<ChatAnswer<ChatSessionDto>> {
    await this.limits.count('visitor', ip);
    const app = await this.apps.ofVisitor(input.app_id, origin);
    return answer(toSessionDto(await this.sessions.open(app, { accountName: input.name }, true)));
  }
}

function requireName({ user_id, username }: NamedUserDto): void {
  if (user_id === undefined && username === undefined)
    throw invalid('user_id', 'Name the user: user_id or username.');
}

function toSessionDto(opened: OpenedSession): ChatSessionDto {
  return {
    token: opened.token,
    expires_at: opened.expiresAt.toISOString(),
    expires_in: opened.expiresInSeconds,
    user: toChatUserDto(opened.user),
  };
}
