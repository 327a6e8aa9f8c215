import { Controller, Get, Param, Query } from '@nestjs/common';
import type { StaffActor } from '../common/actor';
import type { Page } from '../common/page';
import { Access } from '../platform/http/access';
import { CurrentActor } from '../platform/http/current-actor';
import { IdParam } from '../platform/http/id-param';
import { RoleUsersQuery, type UserDto } from './user.dto';
import { UsersService } from './users.service';

/** The users of a role; the role itself belongs to a feature below. */
@Controller('roles')
@Access('admin')
export class RoleUsersController {
  constructor(private readonly users: UsersService) {}

  @Get(':id/users')
  async list(
    @CurrentActor() actor: StaffActor,
    @Param('id', IdParam) id: number,
    @Query() query: RoleUsersQuery,
  ): Promise<Page<UserDto>> {
    return await this.users.holdersOf(actor, id, query);
  }
}
