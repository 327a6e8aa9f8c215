import { Module } from '@nestjs/common';
import { ContactsModule } from '../contacts/contacts.module';
import { ConversationsModule } from '../conversations/conversations.module';
import { UploadsModule } from '../uploads/uploads.module';
import { AttachmentsRepository } from './attachments.repository';
import { DeliveriesService } from './deliveries.service';
import { EarlyReportsRepository } from './early-reports.repository';
import { InboundService } from './inbound.service';
import { MessagesController } from './messages.controller';
import { MessagesRepository } from './messages.repository';
import { MessagesService } from './messages.service';
import { OutboxRepository } from './outbox.repository';
import { Outbox } from './outbox.service';
import { ReadReceiptsRepository } from './read-receipts.repository';
import { ReadReceiptsService } from './read-receipts.service';
import { SendingService } from './sending.service';

@Module({
  imports: [ContactsModule, ConversationsModule, UploadsModule],
  controllers: [MessagesController],
  providers: [
    MessagesRepository,
    AttachmentsRepository,
    OutboxRepository,
    EarlyReportsRepository,
    MessagesService,
    SendingService,
    ReadReceiptsRepository,
    ReadReceiptsService,
    InboundService,
    DeliveriesService,
    Outbox,
  ],
  exports: [MessagesService, SendingService, InboundService, DeliveriesService, Outbox],
})
export class MessagesModule {}
