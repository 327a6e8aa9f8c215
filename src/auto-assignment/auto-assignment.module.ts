import { Module } from '@nestjs/common';
import { AuditModule } from '../audit/audit.module';
import { ConversationsModule } from '../conversations/conversations.module';
import { PresenceModule } from '../presence/presence.module';
import { AutoAssigner } from './auto-assigner.service';
import { AutoAssignmentController } from './auto-assignment.controller';
import { AutoAssignmentRepository } from './auto-assignment.repository';
import { AutoAssignmentService } from './auto-assignment.service';

@Module({
  imports: [AuditModule, ConversationsModule, PresenceModule],
  controllers: [AutoAssignmentController],
  providers: [AutoAssignmentRepository, AutoAssignmentService, AutoAssigner],
})
export class AutoAssignmentModule {}
