import { Injectable } from '@nestjs/common';
import { AuditService } from '../audit/audit.service';
import type { Actor, StaffActor } from '../common/actor';
import { changesBetween } from '../common/changes';
import { UnitOfWork } from '../platform/database/unit-of-work';
import type { UpdateAutoAssignmentDto } from './auto-assignment.dto';
import { AutoAssignmentRepository } from './auto-assignment.repository';
import { type AutoAssignmentDto, toAutoAssignmentDto } from './auto-assignment.types';

/** The workspace's settings of it; who acts on them is the {@link AutoAssigner}. */
@Injectable()
export class AutoAssignmentService {
  constructor(
    private readonly work: UnitOfWork,
    private readonly settings: AutoAssignmentRepository,
    private readonly audit: AuditService,
  ) {}

  async get(actor: Actor): Promise<AutoAssignmentDto> {
    return await this.work.run(actor, async () => toAutoAssignmentDto(await this.settings.find()));
  }

  async update(actor: StaffActor, input: UpdateAutoAssignmentDto): Promise<AutoAssignmentDto> {
    return await this.work.run(actor, async () => {
      const before = await this.settings.lock();
      const after = {
        enabled: input.enabled ?? before.enabled,
        levels: input.levels ?? before.levels,
        maxOpen: input.max_open_conversations ?? before.maxOpen,
        waitSeconds: input.wait_seconds ?? before.waitSeconds,
      };
      await this.settings.save(after);
      const [was, is] = [toAutoAssignmentDto(before), toAutoAssignmentDto(after)];
      this.audit.record({
        actor,
        action: 'auto_assignment.update',
        subject: { type: 'auto_assignment', id: null },
        details: changesBetween(was, is),
      });
      return is;
    });
  }
}
