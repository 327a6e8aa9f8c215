import type { Actor } from '../common/actor';

/** Something a member of staff did. */
export interface AuditEntry {
  actor: Actor;
  /** `subject.verb`, such as `conversation.assign`. */
  action: string;
  subject: { type: string; id: number | null };
  /** JSON-serialisable; what changed. Never a secret. */
  details?: object;
}

/** An entry as the API shows it. */
export interface AuditEntryDto {
  id: number;
  user_id: number | null;
  user_name: string;
  action: string;
  subject_type: string;
  subject_id: number | null;
  details: object;
  created_at: string;
}
