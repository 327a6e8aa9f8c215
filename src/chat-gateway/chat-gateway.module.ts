import { Module } from '@nestjs/common';
import { AnalyticsModule } from '../analytics/analytics.module';
import { AppChatModule } from '../app-chat/app-chat.module';
import { AuditModule } from '../audit/audit.module';
import { AuthModule } from '../auth/auth.module';
import { ConversationsModule } from '../conversations/conversations.module';
import { MessagesModule } from '../messages/messages.module';
import { UploadsModule } from '../uploads/uploads.module';
import { AdminNews } from './admin-news.service';
import { ChatDashboard } from './chat-dashboard.service';
import { ChatDoor } from './chat-door.service';
import { ChatGateway } from './chat.gateway';
import { ChatInbox } from './chat-inbox.service';
import { ChatMembership } from './chat-membership.service';
import { ChatOwners } from './chat-owners.service';
import { ChatSessionWatch } from './chat-session-watch';
import { ChatStream } from './chat-stream.service';
import { ChatTalk } from './chat-talk.service';
import { DeliveryProofs } from './delivery-proofs.service';
import { SupportGateway } from './support.gateway';

@Module({
  imports: [
    AnalyticsModule,
    AppChatModule,
    AuditModule,
    AuthModule,
    ConversationsModule,
    MessagesModule,
    UploadsModule,
  ],
  providers: [
    AdminNews,
    ChatDashboard,
    ChatDoor,
    ChatGateway,
    ChatInbox,
    ChatMembership,
    ChatOwners,
    ChatSessionWatch,
    ChatStream,
    ChatTalk,
    DeliveryProofs,
    SupportGateway,
  ],
})
export class ChatGatewayModule {}
