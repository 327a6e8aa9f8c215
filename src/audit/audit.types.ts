import type { Actor } from '../common/actor';

/** Something a member of staff did, or the server by itself. */
export interface AuditEntry {
  actor: Actor | null;
  /** `subject.verb`, such as `conversation.assign`. */
  action: string;
  subject: { type: string; id: number | null };
  /** JSON-serialisable; what changed. Never a secret. */
  details?: object;
}

/** An entry as stored. */
export interface StoredAuditEntry {
  id: number;
  userId: number | null;
  userName: string;
  action: string;
  subjectType: string;
  subjectId: number | null;
  details: object;
  createdAt: Date;
}

/** Which entries; what is left out does not matter. */
export interface AuditFilter {
  userId?: number | undefined;
  action?: string | undefined;
  subjectType?: string | undefined;
  subjectId?: number | undefined;
  since?: Date | undefined;
  until?: Date | undefined;
}

/** An entry as the API shows it. */
export interface AuditEntryDto {
  id: number;
  user_id: number | null;
  /** As they were called then; `system` without a `user_id` for what the server did by itself. */
  user_name: string;
  /** `subject.verb`, such as `conversation.assign`. */
  action: string;
  subject_type: string;
  subject_id: number | null;
  /** What changed. */
  details: object;
  created_at: string;
}

export function toAuditEntryDto(entry: StoredAuditEntry): AuditEntryDto {
  return {
    id: entry.id,
    user_id: entry.userId,
    user_name: entry.userName,
    action: entry.action,
    subject_type: entry.subjectType,
    subject_id: entry.subjectId,
    details: entry.details,
    created_at: entry.createdAt.toISOString(),
  };
}
