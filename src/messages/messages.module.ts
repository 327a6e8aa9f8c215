import { Module } from '@nestjs/common';
import { AuditModule } from '../audit/audit.module';
import { ContactsModule } from '../contacts/contacts.module';
import { ConversationsModule } from '../conversations/conversations.module';
import { ContactMessagesRepository } from './contact-messages.repository';
import { ContactMessagesService } from './contact-messages.service';
import { UploadsModule } from '../uploads/uploads.module';
import { AttachmentsRepository } from './attachments.repository';
import { AttachmentsService } from './attachments.service';
import { ConversationMessages } from './conversation-messages.service';
import { DeliveriesService } from './deliveries.service';
import { EarlyReportsRepository } from './early-reports.repository';
import { InboundRepository } from './inbound.repository';
import { InboundService } from './inbound.service';
import { MessageChangesRepository } from './message-changes.repository';
import { MessageChangesService } from './message-changes.service';
import { MessageReadsController } from './message-reads.controller';
import { MessageReadsRepository } from './message-reads.repository';
import { MessageReadsService } from './message-reads.service';
import { MessageSearchRepository } from './message-search.repository';
import { MessageSearchService } from './message-search.service';
import { MessagesController } from './messages.controller';
import { MessagesRepository } from './messages.repository';
import { MessagesService } from './messages.service';
import { OutboxRepository } from './outbox.repository';
import { Outbox } from './outbox.service';
import { ReadReceiptsRepository } from './read-receipts.repository';
import { ReadReceiptsService } from './read-receipts.service';
import { RevocationsService } from './revocations.service';
import { SendingService } from './sending.service';
import { TranscriptController } from './transcript.controller';
import { TranscriptRepository } from './transcript.repository';
import { TranscriptService } from './transcript.service';
import { UnreadService } from './unread.service';

@Module({
  imports: [AuditModule, ContactsModule, ConversationsModule, UploadsModule],
  controllers: [MessageReadsController, MessagesController, TranscriptController],
  providers: [
    ContactMessagesRepository,
    ContactMessagesService,
    MessagesRepository,
    AttachmentsRepository,
    AttachmentsService,
    OutboxRepository,
    EarlyReportsRepository,
    MessagesService,
    SendingService,
    MessageReadsRepository,
    MessageSearchRepository,
    MessageChangesRepository,
    MessageReadsService,
    MessageSearchService,
    MessageChangesService,
    UnreadService,
    ReadReceiptsRepository,
    ReadReceiptsService,
    RevocationsService,
    InboundRepository,
    InboundService,
    ConversationMessages,
    DeliveriesService,
    Outbox,
    TranscriptRepository,
    TranscriptService,
  ],
  exports: [
    AttachmentsService,
    ConversationMessages,
    MessagesService,
    MessageSearchService,
    SendingService,
    UnreadService,
    InboundService,
    DeliveriesService,
    Outbox,
  ],
})
export class MessagesModule {}
