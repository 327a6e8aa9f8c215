import { Module } from '@nestjs/common';
import { TypeOrmModule } from '@nestjs/typeorm';
import { ContactsModule } from '../contacts/contacts.module';
import { MessagesModule } from '../messages/messages.module';
import { UploadsModule } from '../uploads/uploads.module';
import { SecretBox } from '../platform/crypto/secret-box';
import { MediaFetcher } from './media-fetcher.service';
import { NumberDirectory } from './number-directory';
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
  ],
  controllers: [WebhookController, WhatsappIntegrationsController],
  providers: [
    SecretBox,
    NumberDirectory,
    MediaFetcher,
    SetAsideService,
    WebhookIntakeService,
    WhatsappIntegrationsRepository,
    WhatsappIntegrationsService,
    WhatsappDriver,
  ],
  exports: [WhatsappIntegrationsService],
})
export class MetaWhatsappModule {}
