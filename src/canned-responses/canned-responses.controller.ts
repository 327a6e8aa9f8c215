import { Body, Controller, Delete, Get, HttpCode, Param, Patch, Post, Query } from '@nestjs/common';
import type { StaffActor } from '../common/actor';
import type { Page } from '../common/page';
import { Access } from '../platform/http/access';
import { CurrentActor } from '../platform/http/current-actor';
import { IdParam } from '../platform/http/id-param';
import {
  CannedResponseQuery,
  CreateCannedResponseDto,
  RenderResponseDto,
  UpdateCannedResponseDto,
} from './canned-responses.dto';
import { CannedResponsesService } from './canned-responses.service';
import type { CannedResponseDto, RenderedResponseDto } from './canned-responses.types';

@Controller('canned-responses')
@Access('employer')
export class CannedResponsesController {
  constructor(private readonly responses: CannedResponsesService) {}

  @Get()
  async list(
    @CurrentActor() actor: StaffActor,
    @Query() query: CannedResponseQuery,
  ): Promise<Page<CannedResponseDto>> {
    return await this.responses.list(actor, query);
  }

  @Get(':id')
  async get(@CurrentActor() actor: StaffActor, @Param('id', IdParam) id: number): Promise<CannedResponseDto> {
    return await this.responses.get(actor, id);
  }

  @Post()
  @Access('supervisor')
  async create(
    @CurrentActor() actor: StaffActor,
    @Body() input: CreateCannedResponseDto,
  ): Promise<CannedResponseDto> {
    return await this.responses.create(actor, input);
  }

  @Patch(':id')
  @Access('supervisor')
  async update(
    @CurrentActor() actor: StaffActor,
    @Param('id', IdParam) id: number,
    @Body() input: UpdateCannedResponseDto,
  ): Promise<CannedResponseDto> {
    return await this.responses.update(actor, id, input);
  }

  @Delete(':id')
  @Access('supervisor')
  @HttpCode(204)
  async delete(@CurrentActor() actor: StaffActor, @Param('id', IdParam) id: number): Promise<void> {
    await this.responses.delete(actor, id);
  }

  /** Its text for a conversation, in the caller's name. Sends nothing. */
  @Post(':id/render')
  @HttpCode(200)
  async render(
    @CurrentActor() actor: StaffActor,
    @Param('id', IdParam) id: number,
    @Body() input: RenderResponseDto,
  ): Promise<RenderedResponseDto> {
    return await this.responses.render(actor, id, input.conversation_id);
  }
}
