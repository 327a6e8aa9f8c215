import { Module } from '@nestjs/common';
import { AuditModule } from '../audit/audit.module';
import {
  ApplicationsController,
  DevicesController,
  ServersController,
  TagsController,
} from './lookups.controller';
import { LookupsRepository } from './lookups.repository';
import { LookupsService } from './lookups.service';

@Module({
  imports: [AuditModule],
  controllers: [TagsController, ServersController, ApplicationsController, DevicesController],
  providers: [LookupsRepository, LookupsService],
  exports: [LookupsService],
})
export class LookupsModule {}
