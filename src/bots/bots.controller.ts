import { Body, Controller, Delete, Get, HttpCode, Param, Patch, Post, Query } from '@nestjs/common';
import type { StaffActor } from '../common/actor';
import { type Page, PageQuery } from '../common/page';
import { Access } from '../platform/http/access';
import { CurrentActor } from '../platform/http/current-actor';
import { IdParam } from '../platform/http/id-param';
import { CreateBotRuleDto, UpdateBotRuleDto } from './bot-rule.dto';
import { BotRulesService } from './bot-rules.service';
import { BotQuery, BotStatsQuery, CreateBotDto, UpdateBotDto } from './bots.dto';
import { BotsService } from './bots.service';
import type { BotDto, BotRuleDto, BotStatsDto } from './bots.types';

@Controller('bots')
@Access('employer')
export class BotsController {
  constructor(
    private readonly bots: BotsService,
    private readonly rules: BotRulesService,
  ) {}

  @Get()
  async list(@CurrentActor() actor: StaffActor, @Query() query: BotQuery): Promise<Page<BotDto>> {
    return await this.bots.list(actor, query);
  }

  @Get(':id')
  async get(@CurrentActor() actor: StaffActor, @Param('id', IdParam) id: number): Promise<BotDto> {
    return await this.bots.get(actor, id);
  }

  @Get(':id/stats')
  @Access('supervisor')
  async stats(
    @CurrentActor() actor: StaffActor,
    @Param('id', IdParam) id: number,
    @Query() query: BotStatsQuery,
  ): Promise<BotStatsDto> {
    return await this.bots.stats(actor, id, query);
  }

  @Post()
  @Access('admin')
  async create(@CurrentActor() actor: StaffActor, @Body() input: CreateBotDto): Promise<BotDto> {
    return await this.bots.create(actor, input);
  }

  @Patch(':id')
  @Access('admin')
  async update(
    @CurrentActor() actor: StaffActor,
    @Param('id', IdParam) id: number,
    @Body() input: UpdateBotDto,
  ): Promise<BotDto> {
    return await this.bots.update(actor, id, input);
  }

  /** Its open conversations go back into the queue; what it said stays. */
  @Delete(':id')
  @Access('admin')
  @HttpCode(204)
  async remove(@CurrentActor() actor: StaffActor, @Param('id', IdParam) id: number): Promise<void> {
    await this.bots.remove(actor, id);
  }

  @Get(':id/rules')
  @Access('admin')
  async listRules(
    @CurrentActor() actor: StaffActor,
    @Param('id', IdParam) id: number,
    @Query() query: PageQuery,
  ): Promise<Page<BotRuleDto>> {
    return await this.rules.list(actor, id, query);
  }

  @Post(':id/rules')
  @Access('admin')
  async createRule(
    @CurrentActor() actor: StaffActor,
    @Param('id', IdParam) id: number,
    @Body() input: CreateBotRuleDto,
  ): Promise<BotRuleDto> {
    return await this.rules.create(actor, id, input);
  }

  @Patch(':id/rules/:rule')
  @Access('admin')
  async updateRule(
    @CurrentActor() actor: StaffActor,
    @Param('id', IdParam) id: number,
    @Param('rule', IdParam) rule: number,
    @Body() input: UpdateBotRuleDto,
  ): Promise<BotRuleDto> {
    return await this.rules.update(actor, id, rule, input);
  }

  @Delete(':id/rules/:rule')
  @Access('admin')
  @HttpCode(204)
  async removeRule(
    @CurrentActor() actor: StaffActor,
    @Param('id', IdParam) id: number,
    @Param('rule', IdParam) rule: number,
  ): Promise<void> {
    await this.rules.remove(actor, id, rule);
  }
}
