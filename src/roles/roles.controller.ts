import { Body, Controller, Delete, Get, HttpCode, Param, Patch, Post, Query } from '@nestjs/common';
import type { StaffActor } from '../common/actor';
import type { Page } from '../common/page';
import { Access } from '../platform/http/access';
import { CurrentActor } from '../platform/http/current-actor';
import { IdParam } from '../platform/http/id-param';
import { CreateRoleDto, RoleQuery, UpdateRoleDto } from './roles.dto';
import { RolesService } from './roles.service';
import type { RoleDto } from './roles.types';

@Controller('roles')
@Access('admin')
export class RolesController {
  constructor(private readonly roles: RolesService) {}

  @Get()
  async list(@CurrentActor() actor: StaffActor, @Query() query: RoleQuery): Promise<Page<RoleDto>> {
    return await this.roles.list(actor, query);
  }

  @Get(':id')
  async get(@CurrentActor() actor: StaffActor, @Param('id', IdParam) id: number): Promise<RoleDto> {
    return await this.roles.get(actor, id);
  }

  @Post()
  async create(@CurrentActor() actor: StaffActor, @Body() input: CreateRoleDto): Promise<RoleDto> {
    return await this.roles.create(actor, input);
  }

  @Patch(':id')
  async update(
    @CurrentActor() actor: StaffActor,
    @Param('id', IdParam) id: number,
    @Body() input: UpdateRoleDto,
  ): Promise<RoleDto> {
    return await this.roles.update(actor, id, input);
  }

  @Delete(':id')
  @HttpCode(204)
  async delete(@CurrentActor() actor: StaffActor, @Param('id', IdParam) id: number): Promise<void> {
    await this.roles.delete(actor, id);
  }
}
