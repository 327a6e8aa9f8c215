import { Module } from '@nestjs/common';
import { AuthModule } from '../auth/auth.module';
import { ConversationsModule } from '../conversations/conversations.module';
import { HttpModule } from '../platform/http/http.module';
import { MessagesModule } from '../messages/messages.module';
import { CrmStream } from './crm-stream.service';
import { PresenceModule } from '../presence/presence.module';
import { CrmGateway } from './crm.gateway';
import { PresenceNews } from './presence-news';
import { SessionWatch } from './session-watch';
import { Typing } from './typing.service';
import { WsAuthMiddleware } from './ws-auth.middleware';

@Module({
  imports: [AuthModule, HttpModule, ConversationsModule, MessagesModule, PresenceModule],
  providers: [CrmGateway, CrmStream, PresenceNews, SessionWatch, Typing, WsAuthMiddleware],
})
export class CrmGatewayModule {}
