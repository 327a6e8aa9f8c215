import { Body, Controller, Delete, Get, HttpCode, Param, Patch, Post, Query } from '@nestjs/common';
import type { StaffActor } from '../common/actor';
import type { Page } from '../common/page';
import { Access } from '../platform/http/access';
import { CurrentActor } from '../platform/http/current-actor';
import { IdParam } from '../platform/http/id-param';
import { CreateLookupDto, LookupQuery, UpdateLookupDto } from './lookups.dto';
import { LookupsService } from './lookups.service';
import type { LookupDto } from './lookups.types';

@Controller('applications')
@Access('admin')
export class ApplicationsController {
  constructor(private readonly lookups: LookupsService) {}

  @Get()
  @Access('supervisor')
  async list(@CurrentActor() actor: StaffActor, @Query() query: LookupQuery): Promise<Page<LookupDto>> {
    return await this.lookups.list(actor, 'application', query);
  }

  @Get(':id')
  @Access('supervisor')
  async get(@CurrentActor() actor: StaffActor, @Param('id', IdParam) id: number): Promise<LookupDto> {
    return await this.lookups.get(actor, 'application', id);
  }

  @Post()
  async create(@CurrentActor() actor: StaffActor, @Body() input: CreateLookupDto): Promise<LookupDto> {
    return await this.lookups.create(actor, 'application', input);
  }

  @Patch(':id')
  async update(
    @CurrentActor() actor: StaffActor,
    @Param('id', IdParam) id: number,
    @Body() input: UpdateLookupDto,
  ): Promise<LookupDto> {
    return await this.lookups.update(actor, 'application', id, input);
  }

  @Delete(':id')
  @HttpCode(204)
  async delete(@CurrentActor() actor: StaffActor, @Param('id', IdParam) id: number): Promise<void> {
    await this.lookups.delete(actor, 'application', id);
  }
}
