import { Module } from '@nestjs/common';
import { AuditModule } from '../audit/audit.module';
import { ContactsModule } from '../contacts/contacts.module';
import { LookupsModule } from '../lookups/lookups.module';
import { SecretBox } from '../platform/crypto/secret-box';
import { ContactUserAccountsController } from './contact-user-accounts.controller';
import { ContactUserAccountsRepository } from './contact-user-accounts.repository';
import { ContactUserAccountsService } from './contact-user-accounts.service';

@Module({
  imports: [AuditModule, ContactsModule, LookupsModule],
  controllers: [ContactUserAccountsController],
  providers: [ContactUserAccountsRepository, ContactUserAccountsService, SecretBox],
})
export class ContactUserAccountsModule {}
