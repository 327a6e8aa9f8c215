import { Injectable } from '@nestjs/common';
import type { Actor } from '../common/actor';
import { type CursorPage, decodeCursor, encodeCursor } from '../common/cursor-page';
import { UnitOfWork } from '../platform/database/unit-of-work';
import type { AuditCursorQuery, AuditQuery } from './audit.dto';
import { AuditRepository } from './audit.repository';
import {
  type AuditEntry,
  type AuditEntryDto,
  type AuditFilter,
  type StoredAuditEntry,
  toAuditEntryDto,
} from './audit.types';

/** More than one transaction does with one thing. */
const MOST_AT_ONCE = 20;

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

  async list(actor: Actor, query: AuditQuery): Promise<CursorPage<AuditEntryDto>> {
    const filter = {
      userId: query.user,
      action: query.action,
      subjectType: query.subject_type,
      subjectId: query.subject_id,
      since: query.since === undefined ? undefined : new Date(query.since),
      until: query.until === undefined ? undefined : new Date(query.until),
    };
    return await this.page(actor, filter, query);
  }

  /** What was done with one thing. */
  async listOf(
    actor: Actor,
    subject: { type: string; id: number },
    query: AuditCursorQuery,
  ): Promise<CursorPage<AuditEntryDto>> {
    return await this.page(actor, { subjectType: subject.type, subjectId: subject.id }, query);
  }

  /** What was done with one thing by the transaction of this moment, newest first. Within the open unit of work. */
  async doneAt(subject: { type: string; id: number }, moment: Date): Promise<StoredAuditEntry[]> {
    return await this.entries.list(
      {
        subjectType: subject.type,
        subjectId: subject.id,
        since: moment,
        until: new Date(moment.getTime() + 1),
      },
      { id: Number.MAX_SAFE_INTEGER, towards: 'older' },
      MOST_AT_ONCE,
    );
  }

  /** Newest first. What is written meanwhile comes before the first page and moves nothing. */
  private async page(
    actor: Actor,
    filter: AuditFilter,
    query: AuditCursorQuery,
  ): Promise<CursorPage<AuditEntryDto>> {
    const [towards, id]: Place =
      query.cursor === undefined ? ['older', Number.MAX_SAFE_INTEGER] : decodeCursor(query.cursor, isPlace);
    const found = await this.work.run(actor, () =>
      this.entries.list(filter, { id, towards }, query.limit + 1),
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
