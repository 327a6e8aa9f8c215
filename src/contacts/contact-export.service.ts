import { Readable } from 'node:stream';
import { Injectable } from '@nestjs/common';
import { AuditService } from '../audit/audit.service';
import type { StaffActor } from '../common/actor';
import { UnitOfWork } from '../platform/database/unit-of-work';
import { ContactBookRepository, type ContactFilter } from './contact-book.repository';
import { ContactBookService, filterOf } from './contact-book.service';
import { contactsCsv } from './contact-csv';
import type { ContactExportQuery } from './contacts.dto';

const PAGE = 500;
const IDS = 20_000;
/** Text that waits for a slow client, in bytes. */
const WAITING = 64 * 1024;

/**
 * Contacts as a file, in the order of their ids. Each page is read in a transaction of its own, and only once the client
 * has taken the one before: however slow it is, it holds no transaction and little memory. So the file is no picture
 * of one moment, but it has every contact that was there all the while, and none of them twice.
 */
@Injectable()
export class ContactExportService {
  constructor(
    private readonly work: UnitOfWork,
    private readonly rows: ContactBookRepository,
    private readonly book: ContactBookService,
    private readonly audit: AuditService,
  ) {}

  async export(actor: StaffActor, query: ContactExportQuery): Promise<Readable> {
    await this.work.run(actor, () =>
      this.audit.record({
        actor,
        action: 'contact.export',
        subject: { type: 'contact', id: null },
        details: { tag_ids: query.tag_id ?? null, created_since: query.created_since ?? null },
      }),
    );
    return Readable.from(this.pages(actor, filterOf(query)), { objectMode: false, highWaterMark: WAITING });
  }

  private async *pages(actor: StaffActor, filter: ContactFilter): AsyncGenerator<string> {
    yield contactsCsv([], true);
    for (let after = 0; ;) {
      // A search costs the same for one page as for all, so it is not repeated for each.
      const ids = await this.work.run(actor, () => this.rows.idsAfter(after, filter, IDS));
      for (let at = 0; at < ids.length; at += PAGE) {
        const contacts = await this.work.run(actor, async () =>
          this.book.toDtos(await this.rows.findMany(ids.slice(at, at + PAGE))),
        );
        if (contacts.length > 0) yield contactsCsv(contacts, false);
      }
      if (ids.length < IDS) return;
      after = ids.at(-1)!;
    }
  }
}
