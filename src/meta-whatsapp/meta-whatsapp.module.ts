import { Module } from '@nestjs/common';
import { TypeOrmModule } from '@nestjs/typeorm';
import { AuditModule } from '../audit/audit.module';
import { ContactsModule } from '../contacts/contacts.module';
import { MessagesModule } from '../messages/messages.module';
import { UploadsModule } from '../uploads/uploads.module';
import { SecretBox } from '../platform/crypto/secret-box';
import { DirectSendsController } from './direct-sends.controller';
import { DirectSendsService } from './direct-sends.service';
import { MessageTemplatesController } from './message-templates.controller';
import { MessageTemplatesRepository } from './message-templates.repository';
import { MessageTemplatesService } from './message-templates.service';
import { MediaFetcher } from './media-fetcher.service';
import { NumberDirectory } from './number-directory';
import { NumberInspector } from './number-inspector';
import { OutboundMediaRepository } from './outbound-media.repository';
import { OutboundMediaService } from './outbound-media.service';
import { SetAsideService } from './set-aside.service';
import { WebhookIntakeService } from './webhook-intake.service';
import { WebhookController } from './webhook.controller';
import { WhatsappIntegrationEntity } from './whatsapp-integration.entity';
import { WhatsappIntegrationsController } from './whatsapp-integrations.controller';
import { WhatsappIntegrationsRepository } from './whatsapp-integrations.repository';
import { WhatsappIntegrationsService } from './whatsapp-integrations.service';
import { WhatsappDriver } from './whatsapp.driver';

@Module({
  imports: [
    TypeOrmModule.forFeature([WhatsappIntegrationEntity]),
    ContactsModule,
    MessagesModule,
    UploadsModule,
    AuditModule,
  ],
  controllers: [
    WebhookController,
    DirectSendsController,
    MessageTemplatesController,
    WhatsappIntegrationsController,
  ],
  providers: [
    SecretBox,
    NumberDirectory,
    MediaFetcher,
    NumberInspector,
    SetAsideService,
    WebhookIntakeService,
    WhatsappIntegrationsRepository,
    WhatsappIntegrationsService,
    OutboundMediaRepository,
    MessageTemplatesRepository,
    MessageTemplatesService,
    OutboundMediaService,
    WhatsappDriver,
    DirectSendsService,
  ],
  exports: [WhatsappIntegrationsService],
})
export class MetaWhatsappModule {}
