import { Injectable } from '@nestjs/common';
import type { Actor } from '../common/actor';
import { type CursorPage, decodeCursor, encodeCursor } from '../common/cursor-page';
import { UnitOfWork } from '../platform/database/unit-of-work';
import type { AuditQuery } from './audit.dto';
import { AuditRepository } from './audit.repository';
import { type AuditEntry, type AuditEntryDto, toAuditEntryDto } from './audit.types';

type Place = ['older' | 'newer', number];

const isPlace = (values: unknown[]): values is Place =>
  values.length === 2 &&
  (values[0] === 'older' || values[0] === 'newer') &&
  Number.isSafeInteger(values[1]) &&
  Number(values[1]) > 0;

/** Who did what, written in the transaction that did it. */
@Injectable()
export class AuditService {
  constructor(
    private readonly work: UnitOfWork,
    private readonly entries: AuditRepository,
  ) {}

  /** Within the open unit of work. */
  record(entry: AuditEntry): void {
    this.entries.insert(entry);
  }

  /** Newest first. What is written meanwhile comes before the first page and moves nothing. */
  async list(actor: Actor, query: AuditQuery): Promise<CursorPage<AuditEntryDto>> {
    const [towards, id]: Place =
      query.cursor === undefined ? ['older', Number.MAX_SAFE_INTEGER] : decodeCursor(query.cursor, isPlace);
    const found = await this.work.run(actor, () =>
      this.entries.list(
        {
          userId: query.user,
          action: query.action,
          subjectType: query.subject_type,
          subjectId: query.subject_id,
          since: query.since === undefined ? undefined : new Date(query.since),
          until: query.until === undefined ? undefined : new Date(query.until),
        },
        { id, towards },
        query.limit + 1,
      ),
    );
    const further = found.length > query.limit;
    const rows = found.slice(0, query.limit);
    if (towards === 'newer') rows.reverse();
    const older = towards === 'older' ? further : true;
    const newer = towards === 'newer' ? further : query.cursor !== undefined;
    const [first, last] = [rows[0], rows.at(-1)];
    return {
      data: rows.map(toAuditEntryDto),
      next_cursor: older && last !== undefined ? encodeCursor(['older', last.id]) : null,
      prev_cursor: newer && first !== undefined ? encodeCursor(['newer', first.id]) : null,
    };
  }
}
