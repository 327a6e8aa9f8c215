import { Module } from '@nestjs/common';
import { ContactsRepository } from './contacts.repository';
import { ContactsService } from './contacts.service';

@Module({ providers: [ContactsRepository, ContactsService], exports: [ContactsService] })
export class ContactsModule {}
