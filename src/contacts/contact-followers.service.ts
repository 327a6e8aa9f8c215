import { Injectable } from '@nestjs/common';
import type { ContactFollower, ContactThreads } from './contact-followers.port';

/** Who follows contacts: features above this one, which register themselves while the modules start. */
@Injectable()
export class ContactFollowers {
  private readonly followers: ContactFollower[] = [];
  private conversations: ContactThreads | null = null;

  register(follower: ContactFollower): void {
    this.followers.push(follower);
  }

  useThreads(threads: ContactThreads): void {
    this.conversations = threads;
  }

  get all(): readonly ContactFollower[] {
    return this.followers;
  }

  get threads(): ContactThreads {
    if (this.conversations === null) throw new Error('No feature answers for the conversations of contacts.');
    return this.conversations;
  }
}
