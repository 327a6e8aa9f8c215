import { type DynamicModule, Module } from '@nestjs/common';
import { AnalyticsModule } from './analytics/analytics.module';
import { ApiDocsModule } from './api-docs/api-docs.module';
import { AppChatModule } from './app-chat/app-chat.module';
import { AuthModule } from './auth/auth.module';
import { AutoAssignmentModule } from './auto-assignment/auto-assignment.module';
import { BotsModule } from './bots/bots.module';
import { CannedResponsesModule } from './canned-responses/canned-responses.module';
import { ChatGatewayModule } from './chat-gateway/chat-gateway.module';
import type { Config } from './config/config';
import { ConfigModule } from './config/config.module';
import { ContactUserAccountsModule } from './contact-user-accounts/contact-user-accounts.module';
import { ConversationsModule } from './conversations/conversations.module';
import { CrmGatewayModule } from './crm-gateway/crm-gateway.module';
import { LookupsModule } from './lookups/lookups.module';
import { MessagesModule } from './messages/messages.module';
import { MetaWhatsappModule } from './meta-whatsapp/meta-whatsapp.module';
import { NotificationsModule } from './notifications/notifications.module';
import { DatabaseModule } from './platform/database/database.module';
import { EventsModule } from './platform/events/events.module';
import { HttpModule } from './platform/http/http.module';
import { JobsModule } from './platform/jobs/jobs.module';
import { ObservabilityModule } from './platform/observability/observability.module';
import { StorageModule } from './platform/storage/storage.module';
import { UploadsModule } from './uploads/uploads.module';
import { PresenceModule } from './presence/presence.module';

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
    LookupsModule,
    ContactUserAccountsModule,
    ConversationsModule,
    MessagesModule,
    MetaWhatsappModule,
    AppChatModule,
    NotificationsModule,
    PresenceModule,
    BotsModule,
    AutoAssignmentModule,
    CannedResponsesModule,
    AnalyticsModule,
    CrmGatewayModule,
    ChatGatewayModule,
    ApiDocsModule,
  ],
})
export class AppModule {
  static with(config: Config): DynamicModule {
    return { module: AppModule, imports: [ConfigModule.with(config)] };
  }
}
