import { Injectable } from '@nestjs/common';
import { AuditService } from '../audit/audit.service';
import type { StaffActor } from '../common/actor';
import { AppError, notFound } from '../common/app-error';
import type { Page } from '../common/page';
import { FOREIGN_KEY_VIOLATION, sqlState } from '../platform/database/database-errors';
import { UnitOfWork } from '../platform/database/unit-of-work';
import { ContactBookRepository } from './contact-book.repository';
import { ContactBookService } from './contact-book.service';
import { ContactTagsRepository } from './contact-tags.repository';
import type { ContactsByTagQuery } from './contacts.dto';
import type { ContactDto, ContactTagDto, ContactTagsDto } from './contacts.types';

/** Which tags a contact has, since when and by whom. */
@Injectable()
export class ContactTagsService {
  constructor(
    private readonly work: UnitOfWork,
    private readonly tags: ContactTagsRepository,
    private readonly contacts: ContactBookRepository,
    private readonly book: ContactBookService,
    private readonly audit: AuditService,
  ) {}

  async list(actor: StaffActor, contactId: number): Promise<ContactTagsDto> {
    return await this.work.run(actor, async () => {
      if ((await this.contacts.find(contactId)) === null) throw notFound('contact');
      return { data: await this.shown(contactId) };
    });
  }

  /** Within the open unit of work, for work that nobody asked for. */
  async idsOf(contactId: number): Promise<Set<number>> {
    return new Set(await this.tags.idsOf(contactId));
  }

  /** Tags that the contact has already stay as they are. */
  async add(actor: StaffActor, contactId: number, tagIds: number[]): Promise<ContactTagsDto> {
    return await this.work.run(actor, async () => {
      await this.requireLocked(contactId);
      const added = await this.tags
        .add(contactId, [...new Set(tagIds)], actor.userId)
        .catch((error: unknown) => {
          if (sqlState(error) !== FOREIGN_KEY_VIOLATION) throw error;
          throw new AppError('VALIDATION_FAILED', 'There is no such tag.');
        });
      this.record(actor, 'contact.tag', contactId, added);
      return { data: await this.shown(contactId) };
    });
  }

  /** Tags that the contact does not have are no mistake. */
  async remove(actor: StaffActor, contactId: number, tagIds: number[]): Promise<void> {
    await this.work.run(actor, async () => {
      await this.requireLocked(contactId);
      this.record(actor, 'contact.untag', contactId, await this.tags.remove(contactId, tagIds));
    });
  }

  async contactsWith(actor: StaffActor, tagId: number, query: ContactsByTagQuery): Promise<Page<ContactDto>> {
    return await this.work.run(actor, async () => {
      if (!(await this.tags.exists(tagId))) throw notFound('tag');
      const filter = { words: [], tagIds: [tagId], everyTag: false, createdSince: null };
      return await this.book.page(filter, query.sort, query);
    });
  }

  private async requireLocked(contactId: number): Promise<void> {
    if ((await this.contacts.lock([contactId])).length === 0) throw notFound('contact');
  }

  private record(actor: StaffActor, action: string, contactId: number, tagIds: number[]): void {
    if (tagIds.length === 0) return;
    this.audit.record({
      actor,
      action,
      subject: { type: 'contact', id: contactId },
      details: { tag_ids: tagIds },
    });
  }

  private async shown(contactId: number): Promise<ContactTagDto[]> {
    return (await this.tags.list(contactId)).map((row) => ({
      id: row.id,
      name: row.name,
      added_at: row.addedAt.toISOString(),
      added_by: row.userId === null ? null : { id: row.userId, name: row.userName! },
    }));
  }
}
