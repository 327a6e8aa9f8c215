import { Module, type OnModuleInit } from '@nestjs/common';
import { AnalyticsModule } from '../analytics/analytics.module';
import { AuditModule } from '../audit/audit.module';
import { ContactsModule } from '../contacts/contacts.module';
import { ConversationsModule } from '../conversations/conversations.module';
import { MessagesModule } from '../messages/messages.module';
import { SecretBox } from '../platform/crypto/secret-box';
import { ErrorForms } from '../platform/http/error-forms';
import { HttpModule } from '../platform/http/http.module';
import { UploadsModule } from '../uploads/uploads.module';
import { UsersModule } from '../users/users.module';
import { AdminActivityRepository } from './admin-activity.repository';
import { AdminActivityService } from './admin-activity.service';
import { AdminChatController } from './admin-chat.controller';
import { AdminConversationsRepository } from './admin-conversations.repository';
import { AdminConversationsService } from './admin-conversations.service';
import { AdminDashboardService } from './admin-dashboard.service';
import { AdminSupportController } from './admin-support.controller';
import { AdminViewsService } from './admin-views.service';
import { AdminWorkService } from './admin-work.service';
import { AppChatDriver } from './app-chat.driver';
import { AppDirectory } from './app-directory';
import { AppSignaturesRepository } from './app-signatures.repository';
import { ChatAccess } from './chat-access.service';
import { ChatReadingService } from './chat-reading.service';
import { ChatRules } from './chat-rules.service';
import { ChatSearchService } from './chat-search.service';
import { ChatReadsService } from './chat-reads.service';
import { ChatTypingService } from './chat-typing.service';
import { ChatTypistsService } from './chat-typists.service';
import { ChatEndingsService } from './chat-endings.service';
import { ChatMessagesController } from './chat-messages.controller';
import { ChatConversationsController } from './chat-conversations.controller';
import { ChatConversationMessagesController } from './chat-conversation-messages.controller';
import { ChatAdmission } from './chat-admission.service';
import { ChatAppsController } from './chat-apps.controller';
import { ChatAppsRepository } from './chat-apps.repository';
import { ChatAppsService } from './chat-apps.service';
import { ChatConversationsRepository } from './chat-conversations.repository';
import { ChatConversationsService } from './chat-conversations.service';
import { chatErrorOf } from './chat-error-form';
import { ChatLimits } from './chat-limits.service';
import { ChatMessagesService } from './chat-messages.service';
import { ChatPeopleRepository } from './chat-people.repository';
import { ChatSessionsController } from './chat-sessions.controller';
import { ChatSessionsRepository } from './chat-sessions.repository';
import { ChatSessionsService } from './chat-sessions.service';
import { ChatUploadsController } from './chat-uploads.controller';
import { ChatUploadsService } from './chat-uploads.service';
import { ChatUsersRepository } from './chat-users.repository';
import { ChatUsersService } from './chat-users.service';
import { ChatViewsService } from './chat-views.service';

/** The paths whose errors look as the contracts of the live chat say. */
const SURFACES = ['/api/chat/', '/admin/chat/'];

/** A channel: the live chat of apps and websites. */
@Module({
  imports: [
    AnalyticsModule,
    AuditModule,
    ContactsModule,
    ConversationsModule,
    HttpModule,
    MessagesModule,
    UploadsModule,
    UsersModule,
  ],
  controllers: [
    ChatAppsController,
    ChatSessionsController,
    ChatMessagesController,
    ChatConversationsController,
    ChatConversationMessagesController,
    ChatUploadsController,
    AdminChatController,
    AdminSupportController,
  ],
  providers: [
    SecretBox,
    ChatAppsRepository,
    ChatAppsService,
    AppDirectory,
    AppSignaturesRepository,
    ChatAdmission,
    ChatUsersRepository,
    ChatUsersService,
    ChatSessionsRepository,
    ChatSessionsService,
    ChatConversationsRepository,
    ChatConversationsService,
    ChatMessagesService,
    ChatPeopleRepository,
    ChatViewsService,
    ChatLimits,
    ChatRules,
    ChatAccess,
    ChatReadingService,
    ChatSearchService,
    ChatReadsService,
    ChatTypingService,
    ChatTypistsService,
    ChatEndingsService,
    ChatUploadsService,
    AppChatDriver,
    AdminConversationsRepository,
    AdminConversationsService,
    AdminViewsService,
    AdminWorkService,
    AdminDashboardService,
    AdminActivityRepository,
    AdminActivityService,
  ],
  exports: [
    ChatSessionsService,
    ChatConversationsService,
    ChatMessagesService,
    ChatViewsService,
    ChatLimits,
    ChatAccess,
    ChatReadsService,
    ChatTypingService,
    ChatUsersService,
  ],
})
export class AppChatModule implements OnModuleInit {
  constructor(private readonly forms: ErrorForms) {}

  onModuleInit(): void {
    for (const prefix of SURFACES) this.forms.register(prefix, chatErrorOf);
  }
}
