import { Module } from '@nestjs/common';
import { AuthModule } from '../auth/auth.module';
import { ConversationsModule } from '../conversations/conversations.module';
import { HttpModule } from '../platform/http/http.module';
import { CrmStream } from './crm-stream.service';
import { CrmGateway } from './crm.gateway';
import { SessionWatch } from './session-watch';
import { WsAuthMiddleware } from './ws-auth.middleware';

@Module({
  imports: [AuthModule, HttpModule, ConversationsModule],
  providers: [CrmGateway, CrmStream, SessionWatch, WsAuthMiddleware],
})
export class CrmGatewayModule {}
