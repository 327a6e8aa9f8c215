import { Injectable, type OnModuleInit } from '@nestjs/common';
import type { ContactFollower } from '../contacts/contact-followers.port';
import { ContactFollowers } from '../contacts/contact-followers.service';
import { ContactMessagesRepository } from './contact-messages.repository';

/** Messages removed in one transaction: well within a second, also with all that refers to them. */
const STEP = 5_000;

/** What happens to messages when something happens to the contact they were exchanged with. */
@Injectable()
export class ContactMessagesService implements ContactFollower, OnModuleInit {
  readonly tables = [];

  constructor(
    private readonly followers: ContactFollowers,
    private readonly rows: ContactMessagesRepository,
  ) {}

  onModuleInit(): void {
    this.followers.register(this);
  }

  async clear(contactId: number): Promise<boolean> {
    return (await this.rows.deleteOldest(contactId, STEP)) === STEP;
  }
}
