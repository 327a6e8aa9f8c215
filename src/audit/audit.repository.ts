import { Injectable } from '@nestjs/common';
import { UnitOfWork } from '../platform/database/unit-of-work';
import type { AuditEntry, AuditFilter, StoredAuditEntry } from './audit.types';

/** All SQL of the audit log. Within an open unit of work. */
@Injectable()
export class AuditRepository {
  constructor(private readonly work: UnitOfWork) {}

  insert(entry: AuditEntry): void {
    this.work.current.send(
      'audit_record',
      `insert into audit_log (user_id, user_name, action, subject_type, subject_id, details)
       values ($1, $2, $3, $4, $5, $6)`,
      [
        entry.actor?.userId ?? null,
        entry.actor?.username ?? 'system',
        entry.action,
        entry.subject.type,
        entry.subject.id,
        JSON.stringify(entry.details ?? {}),
      ],
    );
  }

  /** Older than an entry, newest first; or newer than one, oldest first. */
  async list(
    filter: AuditFilter,
    from: { id: number; towards: 'older' | 'newer' },
    limit: number,
  ): Promise<StoredAuditEntry[]> {
    const values: unknown[] = [from.id, limit];
    const conditions = [from.towards === 'older' ? 'id < $1' : 'id > $1'];
    const where = (condition: string, value: unknown): void => {
      if (value === undefined) return;
      values.push(value);
      conditions.push(`${condition} $${values.length}`);
    };
    where('user_id =', filter.userId);
    where('action =', filter.action);
    where('subject_type =', filter.subjectType);
    where('subject_id =', filter.subjectId);
    where('created_at >=', filter.since);
    where('created_at <', filter.until);
    return await this.work.current.query<StoredAuditEntry>(
      `select id, user_id as "userId", user_name as "userName", action, subject_type as "subjectType",
         subject_id as "subjectId", details, created_at as "createdAt"
       from audit_log where ${conditions.join(' and ')}
       order by id ${from.towards === 'older' ? 'desc' : 'asc'} limit $2`,
      values,
    );
  }
}
