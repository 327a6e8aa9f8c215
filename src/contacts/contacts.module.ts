import { Module } from '@nestjs/common';
import { AuditModule } from '../audit/audit.module';
import { ContactBookRepository } from './contact-book.repository';
import { ContactBookService } from './contact-book.service';
import { ContactExportService } from './contact-export.service';
import { ContactFilesController } from './contact-files.controller';
import { ContactFollowers } from './contact-followers.service';
import { ContactImportBatch } from './contact-import-batch';
import { ContactImportRepository } from './contact-import.repository';
import { ContactImportService } from './contact-import.service';
import { ContactMergeRepository } from './contact-merge.repository';
import { ContactMergeService } from './contact-merge.service';
import { ContactTagsRepository } from './contact-tags.repository';
import { ContactTagsService } from './contact-tags.service';
import { ContactsController } from './contacts.controller';
import { ContactsRepository } from './contacts.repository';
import { ContactsService } from './contacts.service';

@Module({
  imports: [AuditModule],
  controllers: [ContactFilesController, ContactsController],
  providers: [
    ContactBookRepository,
    ContactBookService,
    ContactExportService,
    ContactFollowers,
    ContactImportBatch,
    ContactImportRepository,
    ContactImportService,
    ContactMergeRepository,
    ContactMergeService,
    ContactTagsRepository,
    ContactTagsService,
    ContactsRepository,
    ContactsService,
  ],
  exports: [ContactsService, ContactTagsService, ContactFollowers],
})
export class ContactsModule {}
