import { type DynamicModule, Module } from '@nestjs/common';
import { ApiDocsModule } from './api-docs/api-docs.module';
import { AuthModule } from './auth/auth.module';
import type { Config } from './config/config';
import { ConfigModule } from './config/config.module';
import { ConversationsModule } from './conversations/conversations.module';
import { CrmGatewayModule } from './crm-gateway/crm-gateway.module';
import { MessagesModule } from './messages/messages.module';
import { MetaWhatsappModule } from './meta-whatsapp/meta-whatsapp.module';
import { DatabaseModule } from './platform/database/database.module';
import { EventsModule } from './platform/events/events.module';
import { HttpModule } from './platform/http/http.module';
import { JobsModule } from './platform/jobs/jobs.module';
import { ObservabilityModule } from './platform/observability/observability.module';
import { StorageModule } from './platform/storage/storage.module';
import { UploadsModule } from './uploads/uploads.module';

/** The one list of what the server consists of. */
@Module({
  imports: [
    ObservabilityModule,
    DatabaseModule,
    EventsModule,
    JobsModule,
    StorageModule,
    HttpModule,
    AuthModule,
    UploadsModule,
    ConversationsModule,
    MessagesModule,
    MetaWhatsappModule,
    CrmGatewayModule,
    ApiDocsModule,
  ],
})
export class AppModule {
  static with(config: Config): DynamicModule {
    return { module: AppModule, imports: [ConfigModule.with(config)] };
  }
}
