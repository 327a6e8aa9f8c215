import { Module } from '@nestjs/common';
import { AuditModule } from '../audit/audit.module';
import { ContactsModule } from '../contacts/contacts.module';
import { UsersModule } from '../users/users.module';
import { ContactThreadsRepository } from './contact-threads.repository';
import { ContactThreadsService } from './contact-threads.service';
import { BotHandsService } from './bot-hands.service';
import { ConversationEditsService } from './conversation-edits.service';
import { ConversationPresenter } from './conversation-presenter';
import { ConversationRatingsRepository } from './conversation-ratings.repository';
import { ConversationRatingsService } from './conversation-ratings.service';
import { ConversationsController } from './conversations.controller';
import { ConversationsRepository } from './conversations.repository';
import { ConversationsService } from './conversations.service';
import { ConversationQueueRepository } from './conversation-queue.repository';
import { ConversationQueueService } from './conversation-queue.service';
import { InboxRepository } from './inbox.repository';
import { InboxService } from './inbox.service';

@Module({
  imports: [AuditModule, ContactsModule, UsersModule],
  controllers: [ConversationsController],
  providers: [
    ContactThreadsRepository,
    ContactThreadsService,
    ConversationsRepository,
    ConversationPresenter,
    ConversationsService,
    BotHandsService,
    ConversationEditsService,
    ConversationRatingsRepository,
    ConversationRatingsService,
    ConversationQueueRepository,
    ConversationQueueService,
    InboxRepository,
    InboxService,
  ],
  exports: [ConversationsService, BotHandsService, ConversationQueueService, ConversationRatingsService],
})
export class ConversationsModule {}
