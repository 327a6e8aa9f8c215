import { Body, Controller, Delete, Get, HttpCode, Inject, Param, Patch, Post, Query } from '@nestjs/common';
import type { StaffActor } from '../common/actor';
import type { Page } from '../common/page';
import { Access } from '../platform/http/access';
import { CurrentActor } from '../platform/http/current-actor';
import { IdParam } from '../platform/http/id-param';
import { CreateLookupDto, LookupQuery, UpdateLookupDto } from './lookups.dto';
import { LookupsService } from './lookups.service';
import type { LookupDto, LookupKind } from './lookups.types';

/** The routes that all kinds have. Who may read is for each to say; only admins change anything. */
abstract class LookupController {
  protected abstract readonly kind: LookupKind;

  @Inject(LookupsService)
  private readonly lookups!: LookupsService;

  @Get()
  async list(@CurrentActor() actor: StaffActor, @Query() query: LookupQuery): Promise<Page<LookupDto>> {
    return await this.lookups.list(actor, this.kind, query);
  }

  @Get(':id')
  async get(@CurrentActor() actor: StaffActor, @Param('id', IdParam) id: number): Promise<LookupDto> {
    return await this.lookups.get(actor, this.kind, id);
  }

  @Post()
  @Access('admin')
  async create(@CurrentActor() actor: StaffActor, @Body() input: CreateLookupDto): Promise<LookupDto> {
    return await this.lookups.create(actor, this.kind, input);
  }

  @Patch(':id')
  @Access('admin')
  async update(
    @CurrentActor() actor: StaffActor,
    @Param('id', IdParam) id: number,
    @Body() input: UpdateLookupDto,
  ): Promise<LookupDto> {
    return await this.lookups.update(actor, this.kind, id, input);
  }

  @Delete(':id')
  @Access('admin')
  @HttpCode(204)
  async delete(@CurrentActor() actor: StaffActor, @Param('id', IdParam) id: number): Promise<void> {
    await this.lookups.delete(actor, this.kind, id);
  }
}

/** Seen by everybody who works with contacts. */
@Controller('tags')
@Access('employer')
export class TagsController extends LookupController {
  protected readonly kind = 'tag';
}

@Controller('servers')
@Access('supervisor')
export class ServersController extends LookupController {
  protected readonly kind = 'server';
}

@Controller('applications')
@Access('supervisor')
export class ApplicationsController extends LookupController {
  protected readonly kind = 'application';
}

@Controller('devices')
@Access('supervisor')
export class DevicesController extends LookupController {
  protected readonly kind = 'device';
}
