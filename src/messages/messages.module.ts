import { Module } from '@nestjs/common';
import { ContactsModule } from '../contacts/contacts.module';
import { ConversationsModule } from '../conversations/conversations.module';
import { AttachmentsRepository } from './attachments.repository';
import { AttachmentsService } from './attachments.service';
import { DeliveriesService } from './deliveries.service';
import { EarlyReportsRepository } from './early-reports.repository';
import { InboundService } from './inbound.service';
import { MessagesController } from './messages.controller';
import { MessagesRepository } from './messages.repository';
import { MessagesService } from './messages.service';
import { OutboxRepository } from './outbox.repository';
import { Outbox } from './outbox.service';

@Module({
  imports: [ContactsModule, ConversationsModule],
  controllers: [MessagesController],
  providers: [
    MessagesRepository,
    AttachmentsRepository,
    AttachmentsService,
    OutboxRepository,
    EarlyReportsRepository,
    MessagesService,
    InboundService,
    DeliveriesService,
    Outbox,
  ],
  exports: [AttachmentsService, MessagesService, InboundService, DeliveriesService, Outbox],
})
export class MessagesModule {}
