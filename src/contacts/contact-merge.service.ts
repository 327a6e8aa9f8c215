import { Injectable } from '@nestjs/common';
import { AuditService } from '../audit/audit.service';
import type { StaffActor } from '../common/actor';
import { AppError, notFound } from '../common/app-error';
import { PATIENT, UnitOfWork } from '../platform/database/unit-of-work';
import { Journal } from '../platform/events/journal';
import { CONTACT_EVENTS } from './contact.events';
import { ContactBookRepository } from './contact-book.repository';
import { ContactBookService } from './contact-book.service';
import { ContactFollowers } from './contact-followers.service';
import { ContactMergeRepository } from './contact-merge.repository';
import { ContactsRepository } from './contacts.repository';
import type { Contact, ContactDetailsDto } from './contacts.types';

/** Makes one contact of two that are the same person. */
@Injectable()
export class ContactMergeService {
  constructor(
    private readonly work: UnitOfWork,
    private readonly rows: ContactMergeRepository,
    private readonly contacts: ContactBookRepository,
    private readonly identities: ContactsRepository,
    private readonly book: ContactBookService,
    private readonly followers: ContactFollowers,
    private readonly journal: Journal,
    private readonly audit: AuditService,
  ) {}

  /**
   * Everything of the other contact becomes the kept one's, and the other is gone. Asked for once more, it answers
   * with the kept contact and changes nothing.
   *
   * Both contacts are locked so that nobody can refer to them meanwhile: a message that comes in this moment is stored
   * before, or it finds the kept contact.
   */
  async merge(actor: StaffActor, keptId: number, otherId: number): Promise<ContactDetailsDto> {
    if (keptId === otherId)
      throw new AppError('VALIDATION_FAILED', 'A contact cannot be merged with itself.');
    return await this.work.run(
      actor,
      async () => {
        const locked = await this.contacts.lock([keptId, otherId], true);
        const kept = locked.find(({ id }) => id === keptId);
        const other = locked.find(({ id }) => id === otherId);
        if (kept === undefined) throw notFound('contact');
        if (other === undefined) {
          if ((await this.rows.findAlias(otherId)) === keptId) return await this.book.details(keptId);
          throw new AppError('VALIDATION_FAILED', 'contact_id is no contact.');
        }
        await this.takeOver(kept, other);
        this.audit.record({
          actor,
          action: 'contact.merge',
          subject: { type: 'contact', id: keptId },
          details: { merged_contact_id: otherId, merged_uuid: other.uuid },
        });
        return await this.book.details(keptId);
      },
      PATIENT,
    );
  }

  private async takeOver(kept: Contact, other: Contact): Promise<void> {
    const heard = (await this.followers.threads.lastHeardOf([kept.id, other.id])) ?? kept.id;
    const [talking, silent] = heard === other.id ? [other, kept] : [kept, other];
    // Answers go to the newest identity, and that is to be one from which the person really writes.
    const newest = (await this.identities.findIdentities(talking.id)).toReversed();
    await this.rows.takeOver(other.id, kept.id);
    if (newest.length > 0)
      await this.identities.saveIdentities(newest.map((identity) => ({ ...identity, contactId: kept.id })));
    await this.rows.dropPhoneNumber(other.id);
    await this.contacts.update(kept.id, {
      externalId: kept.externalId,
      name: kept.name ?? other.name,
      phoneNumber: talking.phoneNumber ?? silent.phoneNumber,
    });
    for (const follower of this.followers.all) await follower.takeOver?.(other.id, kept.id);
    await this.contacts.delete(other.id);
    this.journal.append({ type: CONTACT_EVENTS.DELETED, audience: [], payload: { id: other.id } });
    await this.followers.threads.announce([kept.id]);
  }
}
