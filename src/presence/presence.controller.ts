import { Body, Controller, Get, Put } from '@nestjs/common';
import type { StaffActor } from '../common/actor';
import { Access } from '../platform/http/access';
import { CurrentActor } from '../platform/http/current-actor';
import { ChooseStatusDto } from './presence.dto';
import { PresenceService } from './presence.service';
import type { PresenceDto, PresenceList } from './presence.types';

@Controller('presence')
@Access('employer')
export class PresenceController {
  constructor(private readonly presence: PresenceService) {}

  /** Everybody's presence. */
  @Get()
  async list(@CurrentActor() actor: StaffActor): Promise<PresenceList> {
    return { data: await this.presence.list(actor) };
  }

  /** What one shall be shown as while connected. */
  @Put('me')
  async choose(@CurrentActor() actor: StaffActor, @Body() input: ChooseStatusDto): Promise<PresenceDto> {
    return await this.presence.choose(actor, input.status);
  }
}
