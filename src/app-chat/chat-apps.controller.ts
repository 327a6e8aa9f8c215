import { Body, Controller, Delete, Get, HttpCode, Param, Patch, Post, Query } from '@nestjs/common';
import type { StaffActor } from '../common/actor';
import type { Page } from '../common/page';
import { Access } from '../platform/http/access';
import { CurrentActor } from '../platform/http/current-actor';
import { IdParam } from '../platform/http/id-param';
import type { ChatAppDto, ChatAppWithSecretDto } from './chat-app.types';
import { ChatAppQuery, CreateChatAppDto, RotateChatAppSecretDto, UpdateChatAppDto } from './chat-apps.dto';
import { ChatAppsService } from './chat-apps.service';

/** The apps and websites whose users write in the live chat. */
@Controller('chat-apps')
@Access('admin')
export class ChatAppsController {
  constructor(private readonly apps: ChatAppsService) {}

  @Get()
  async list(@CurrentActor() actor: StaffActor, @Query() query: ChatAppQuery): Promise<Page<ChatAppDto>> {
    return await this.apps.list(actor, query);
  }

  @Get(':id')
  async get(@CurrentActor() actor: StaffActor, @Param('id', IdParam) id: number): Promise<ChatAppDto> {
    return await this.apps.get(actor, id);
  }

  /** The answer shows the secret, this once. */
  @Post()
  async create(
    @CurrentActor() actor: StaffActor,
    @Body() input: CreateChatAppDto,
  ): Promise<ChatAppWithSecretDto> {
    return await this.apps.create(actor, input);
  }

  @Patch(':id')
  async update(
    @CurrentActor() actor: StaffActor,
    @Param('id', IdParam) id: number,
    @Body() input: UpdateChatAppDto,
  ): Promise<ChatAppDto> {
    return await this.apps.update(actor, id, input);
  }

  /** A new secret, which the answer shows this once; the old one ends, or is accepted beside it for the time being. */
  @Post(':id/secret')
  @HttpCode(200)
  async rotateSecret(
    @CurrentActor() actor: StaffActor,
    @Param('id', IdParam) id: number,
    @Body() input: RotateChatAppSecretDto,
  ): Promise<ChatAppWithSecretDto> {
    return await this.apps.rotateSecret(actor, id, input);
  }

  /** Only one through which nobody ever wrote. */
  @Delete(':id')
  @HttpCode(204)
  async delete(@CurrentActor() actor: StaffActor, @Param('id', IdParam) id: number): Promise<void> {
    await this.apps.delete(actor, id);
  }
}
