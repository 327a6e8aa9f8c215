import { Module } from '@nestjs/common';
import { ConversationsModule } from '../conversations/conversations.module';
import { UsersModule } from '../users/users.module';
import { AnalyticsCounter } from './analytics-counter.service';
import { AnalyticsController } from './analytics.controller';
import { AnalyticsRepository } from './analytics.repository';
import { AnalyticsService } from './analytics.service';

@Module({
  imports: [ConversationsModule, UsersModule],
  controllers: [AnalyticsController],
  providers: [AnalyticsRepository, AnalyticsCounter, AnalyticsService],
  exports: [AnalyticsService],
})
export class AnalyticsModule {}
