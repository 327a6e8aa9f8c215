import { Body, Controller, Delete, Get, HttpCode, Param, Patch, Post, Query } from '@nestjs/common';
import { AuditCursorQuery } from '../audit/audit.dto';
import { AuditService } from '../audit/audit.service';
import type { AuditEntryDto } from '../audit/audit.types';
import type { StaffActor } from '../common/actor';
import { AppError } from '../common/app-error';
import type { CursorPage } from '../common/cursor-page';
import { Access } from '../platform/http/access';
import { CurrentActor } from '../platform/http/current-actor';
import { IdParam } from '../platform/http/id-param';
import { refuseTwoHands } from './conversation-changes';
import { ConversationEditsService } from './conversation-edits.service';
import { AssignDto, CreateConversationDto, TransferDto, UpdateConversationDto } from './conversations.dto';
import { ConversationsService } from './conversations.service';
import type {
  ConversationCountsDto,
  ConversationDetailDto,
  ConversationDto,
  ConversationPage,
} from './conversations.types';
import { ConversationQuery } from './inbox.dto';
import { InboxService } from './inbox.service';

@Controller('conversations')
@Access('employer')
export class ConversationsController {
  constructor(
    private readonly conversations: ConversationsService,
    private readonly edits: ConversationEditsService,
    private readonly inbox: InboxService,
    private readonly audit: AuditService,
  ) {}

  @Get()
  async list(
    @CurrentActor() actor: StaffActor,
    @Query() query: ConversationQuery,
  ): Promise<ConversationPage> {
    return await this.inbox.list(actor, query);
  }

  @Post()
  async create(
    @CurrentActor() actor: StaffActor,
    @Body() input: CreateConversationDto,
  ): Promise<ConversationDto> {
    refuseTwoHands(input);
    return await this.edits.create(actor, input);
  }

  @Get('counts')
  async counts(@CurrentActor() actor: StaffActor): Promise<ConversationCountsDto> {
    return await this.inbox.counts(actor);
  }

  @Get(':id')
  async get(
    @CurrentActor() actor: StaffActor,
    @Param('id', IdParam) id: number,
  ): Promise<ConversationDetailDto> {
    return await this.edits.get(actor, id);
  }

  @Patch(':id')
  async update(
    @CurrentActor() actor: StaffActor,
    @Param('id', IdParam) id: number,
    @Body() input: UpdateConversationDto,
  ): Promise<ConversationDto> {
    return await this.edits.update(actor, id, input);
  }

  @Delete(':id')
  @Access('admin')
  @HttpCode(204)
  async delete(@CurrentActor() actor: StaffActor, @Param('id', IdParam) id: number): Promise<void> {
    await this.edits.delete(actor, id);
  }

  @Patch(':id/assign')
  async assign(
    @CurrentActor() actor: StaffActor,
    @Param('id', IdParam) id: number,
    @Body() input: AssignDto = {},
  ): Promise<ConversationDto> {
    refuseTwoHands(input);
    return await this.conversations.assign(actor, id, input);
  }

  @Patch(':id/unassign')
  async unassign(
    @CurrentActor() actor: StaffActor,
    @Param('id', IdParam) id: number,
  ): Promise<ConversationDto> {
    return await this.conversations.unassign(actor, id);
  }

  @Patch(':id/transfer')
  async transfer(
    @CurrentActor() actor: StaffActor,
    @Param('id', IdParam) id: number,
    @Body() input: TransferDto,
  ): Promise<ConversationDto> {
    refuseTwoHands(input);
    if (input.assigned_user === undefined && input.assigned_bot === undefined)
      throw new AppError('VALIDATION_FAILED', 'Name the user or the bot who gets the conversation.');
    return await this.conversations.transfer(actor, id, input);
  }

  /** The same as `PATCH`, for clients that post actions. */
  @Post(':id/transfer')
  @HttpCode(200)
  async postTransfer(
    @CurrentActor() actor: StaffActor,
    @Param('id', IdParam) id: number,
    @Body() input: TransferDto,
  ): Promise<ConversationDto> {
    return await this.transfer(actor, id, input);
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

  /** What staff did with it, newest first. */
  @Get(':id/audit')
  @Access('supervisor')
  async history(
    @CurrentActor() actor: StaffActor,
    @Param('id', IdParam) id: number,
    @Query() query: AuditCursorQuery,
  ): Promise<CursorPage<AuditEntryDto>> {
    await this.conversations.requireVisible(actor, id);
    return await this.audit.listOf(actor, { type: 'conversation', id }, query);
  }
}
