import { Module } from '@nestjs/common';
import { AuditModule } from '../audit/audit.module';
import { ContactsModule } from '../contacts/contacts.module';
import { ConversationsModule } from '../conversations/conversations.module';
import { MessagesModule } from '../messages/messages.module';
import { SecretBox } from '../platform/crypto/secret-box';
import { BotAnswers } from './bot-answers.service';
import { BotDispatch } from './bot-dispatch.service';
import { BotRoster } from './bot-roster';
import { BotRosterRepository } from './bot-roster.repository';
import { BotRulesRepository } from './bot-rules.repository';
import { BotRulesService } from './bot-rules.service';
import { BotSecrets } from './bot-secrets';
import { BotTurns } from './bot-turns.service';
import { BotWorkRepository } from './bot-work.repository';
import { BotsController } from './bots.controller';
import { BotsRepository } from './bots.repository';
import { BotsService } from './bots.service';

@Module({
  imports: [AuditModule, ContactsModule, ConversationsModule, MessagesModule],
  controllers: [BotsController],
  providers: [
    SecretBox,
    BotsRepository,
    BotRulesRepository,
    BotWorkRepository,
    BotRosterRepository,
    BotRoster,
    BotSecrets,
    BotTurns,
    BotAnswers,
    BotDispatch,
    BotsService,
    BotRulesService,
  ],
})
export class BotsModule {}
