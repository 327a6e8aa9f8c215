import { Body, Controller, Get, Patch } from '@nestjs/common';
import type { StaffActor } from '../common/actor';
import { Access } from '../platform/http/access';
import { CurrentActor } from '../platform/http/current-actor';
import { UpdateAutoAssignmentDto } from './auto-assignment.dto';
import { AutoAssignmentService } from './auto-assignment.service';
import type { AutoAssignmentDto } from './auto-assignment.types';

@Controller('auto-assignment')
@Access('supervisor')
export class AutoAssignmentController {
  constructor(private readonly settings: AutoAssignmentService) {}

  @Get()
  async get(@CurrentActor() actor: StaffActor): Promise<AutoAssignmentDto> {
    return await this.settings.get(actor);
  }

  @Patch()
  @Access('admin')
  async update(
    @CurrentActor() actor: StaffActor,
    @Body() input: UpdateAutoAssignmentDto,
  ): Promise<AutoAssignmentDto> {
    return await this.settings.update(actor, input);
  }
}
