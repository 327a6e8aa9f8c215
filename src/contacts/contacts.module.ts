import { Module } from '@nestjs/common';
import { AuditModule } from '../audit/audit.module';
import { ContactBookRepository } from './contact-book.repository';
import { ContactBookService } from './contact-book.service';
import { ContactFollowers } from './contact-followers.service';
import { ContactMergeRepository } from './contact-merge.repository';
import { ContactMergeService } from './contact-merge.service';
import { ContactTagsRepository } from './contact-tags.repository';
import { ContactTagsService } from './contact-tags.service';
import { ContactsController } from './contacts.controller';
import { ContactsRepository } from './contacts.repository';
import { ContactsService } from './contacts.service';

@Module({
  imports: [AuditModule],
  controllers: [ContactsController],
  providers: [
    ContactBookRepository,
    ContactBookService,
    ContactFollowers,
    ContactMergeRepository,
    ContactMergeService,
    ContactTagsRepository,
    ContactTagsService,
    ContactsRepository,
    ContactsService,
  ],
  exports: [ContactsService, ContactFollowers],
})
export class ContactsModule {}
