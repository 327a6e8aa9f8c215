import { Module } from '@nestjs/common';
import { AuditModule } from '../audit/audit.module';
import { ApplicationsController } from './applications.controller';
import { DevicesController } from './devices.controller';
import { LookupsRepository } from './lookups.repository';
import { LookupsService } from './lookups.service';
import { ServersController } from './servers.controller';
import { TagsController } from './tags.controller';

@Module({
  imports: [AuditModule],
  controllers: [TagsController, ServersController, ApplicationsController, DevicesController],
  providers: [LookupsRepository, LookupsService],
  exports: [LookupsService],
})
export class LookupsModule {}
