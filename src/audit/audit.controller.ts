import { Controller, Get, Query } from '@nestjs/common';
import type { StaffActor } from '../common/actor';
import type { CursorPage } from '../common/cursor-page';
import { Access } from '../platform/http/access';
import { CurrentActor } from '../platform/http/current-actor';
import { AuditQuery } from './audit.dto';
import { AuditService } from './audit.service';
import type { AuditEntryDto } from './audit.types';

@Controller('audit-log')
@Access('admin')
export class AuditController {
  constructor(private readonly audit: AuditService) {}

  /** Newest first. */
  @Get()
  async list(
    @CurrentActor() actor: StaffActor,
    @Query() query: AuditQuery,
  ): Promise<CursorPage<AuditEntryDto>> {
    return await this.audit.list(actor, query);
  }
}
