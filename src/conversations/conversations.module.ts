import { Module } from '@nestjs/common';
import { AuditModule } from '../audit/audit.module';
import { ContactsModule } from '../contacts/contacts.module';
import { LookupsModule } from '../lookups/lookups.module';
import { UsersModule } from '../users/users.module';
import { ContactThreadsRepository } from './contact-threads.repository';
import { ContactThreadsService } from './contact-threads.service';
import { BotHandsService } from './bot-hands.service';
import { BulkActionsService } from './bulk-actions.service';
import { ConversationArchiverRepository } from './conversation-archiver.repository';
import { ConversationArchiver } from './conversation-archiver.service';
import { ConversationDeskController } from './conversation-desk.controller';
import { ConversationNotesRepository } from './conversation-notes.repository';
import { ConversationNotesService } from './conversation-notes.service';
import { ConversationTagsRepository } from './conversation-tags.repository';
import { ConversationTagsService } from './conversation-tags.service';
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
  imports: [AuditModule, ContactsModule, LookupsModule, UsersModule],
  controllers: [ConversationsController, ConversationDeskController],
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
    ConversationNotesRepository,
    ConversationNotesService,
    ConversationTagsRepository,
    ConversationTagsService,
    BulkActionsService,
    ConversationArchiverRepository,
    ConversationArchiver,
  ],
  exports: [
    ConversationsService,
    BotHandsService,
    ConversationEditsService,
    ConversationQueueService,
    ConversationNotesService,
    ConversationRatingsService,
    ConversationTagsService,
    InboxService,
  ],
})
export class ConversationsModule {}
