import { Body, Controller, Delete, Get, HttpCode, Param, Patch, Post, Query } from '@nestjs/common';
import type { StaffActor } from '../common/actor';
import type { Page } from '../common/page';
import { Access } from '../platform/http/access';
import { CurrentActor } from '../platform/http/current-actor';
import { IdParam } from '../platform/http/id-param';
import { LimitedAsLogin } from '../platform/http/rate-limit.guard';
import {
  CreateUserDto,
  OneUserQuery,
  UpdateOwnUserDto,
  UpdateUserDto,
  type UserDto,
  UserQuery,
} from './user.dto';
import { UserChangesService } from './user-changes.service';
import { UsersService } from './users.service';

@Controller('users')
@Access('admin')
export class UsersController {
  constructor(
    private readonly users: UsersService,
    private readonly changes: UserChangesService,
  ) {}

  @Get()
  async list(@CurrentActor() actor: StaffActor, @Query() query: UserQuery): Promise<Page<UserDto>> {
    return await this.users.list(actor, query);
  }

  @Get('me')
  @Access('employer')
  async getOwn(@CurrentActor() actor: StaffActor): Promise<UserDto> {
    return await this.users.getOwn(actor);
  }

  @Patch('me')
  @Access('employer')
  @LimitedAsLogin()
  async updateOwn(@CurrentActor() actor: StaffActor, @Body() input: UpdateOwnUserDto): Promise<UserDto> {
    return await this.changes.updateOwn(actor, input);
  }

  @Get(':id')
  async get(
    @CurrentActor() actor: StaffActor,
    @Param('id', IdParam) id: number,
    @Query() query: OneUserQuery,
  ): Promise<UserDto> {
    return await this.users.get(actor, id, query);
  }

  @Post()
  async create(@CurrentActor() actor: StaffActor, @Body() input: CreateUserDto): Promise<UserDto> {
    return await this.users.add(actor, input);
  }

  @Patch(':id')
  async update(
    @CurrentActor() actor: StaffActor,
    @Param('id', IdParam) id: number,
    @Body() input: UpdateUserDto,
  ): Promise<UserDto> {
    return await this.changes.update(actor, id, input);
  }

  @Delete(':id')
  @HttpCode(204)
  async delete(@CurrentActor() actor: StaffActor, @Param('id', IdParam) id: number): Promise<void> {
    await this.changes.delete(actor, id);
  }
}
