import { Injectable } from '@nestjs/common';
import { UnitOfWork } from '../platform/database/unit-of-work';
import type { AuditEntry } from './audit.types';

/** Who did what, written in the transaction that did it. */
@Injectable()
export class AuditService {
  constructor(private readonly work: UnitOfWork) {}

  /** Within the open unit of work. */
  record(entry: AuditEntry): void {
    this.work.current.send(
      'audit_record',
      `insert into audit_log (user_id, user_name, action, subject_type, subject_id, details)
       values ($1, $2, $3, $4, $5, $6)`,
      [
        entry.actor.userId,
        entry.actor.username,
        entry.action,
        entry.subject.type,
        entry.subject.id,
        JSON.stringify(entry.details ?? {}),
      ],
    );
  }
}
