import { Body, Controller, Get, Param, Patch, Query } from '@nestjs/common';
import type { StaffActor } from '../common/actor';
import { AppError } from '../common/app-error';
import { IdParam } from '../platform/http/id-param';
import type { Page } from '../common/page';
import { Access } from '../platform/http/access';
import { CurrentActor } from '../platform/http/current-actor';
import { AssignDto, ConversationQuery } from './conversations.dto';
import { ConversationsService } from './conversations.service';
import type { ConversationDto } from './conversations.types';

@Controller('conversations')
@Access('employer')
export class ConversationsController {
  constructor(private readonly conversations: ConversationsService) {}

  @Get()
  async list(
    @CurrentActor() actor: StaffActor,
    @Query() query: ConversationQuery,
  ): Promise<Page<ConversationDto>> {
    return await this.conversations.list(actor, query);
  }

  @Get(':id')
  async get(@CurrentActor() actor: StaffActor, @Param('id', IdParam) id: number): Promise<ConversationDto> {
    return await this.conversations.get(actor, id);
  }

  @Patch(':id/assign')
  async assign(
    @CurrentActor() actor: StaffActor,
    @Param('id', IdParam) id: number,
    @Body() input: AssignDto = {},
  ): Promise<ConversationDto> {
    if (input.assigned_user !== undefined && input.assigned_bot !== undefined) {
      throw new AppError('VALIDATION_FAILED', 'A conversation belongs to a user or to a bot, not to both.');
    }
    return await this.conversations.assign(actor, id, input);
  }

  @Patch(':id/unassign')
  async unassign(
    @CurrentActor() actor: StaffActor,
    @Param('id', IdParam) id: number,
  ): Promise<ConversationDto> {
    return await this.conversations.unassign(actor, id);
  }

  @Patch(':id/read')
  async read(@CurrentActor() actor: StaffActor, @Param('id', IdParam) id: number): Promise<ConversationDto> {
    return await this.conversations.setRead(actor, id, true);
  }

  @Patch(':id/unread')
  async unread(
    @CurrentActor() actor: StaffActor,
    @Param('id', IdParam) id: number,
  ): Promise<ConversationDto> {
    return await this.conversations.setRead(actor, id, false);
  }
}
