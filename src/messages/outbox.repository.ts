import { Injectable } from '@nestjs/common';
import { UnitOfWork } from '../platform/database/unit-of-work';

/** The oldest message of a conversation that is still to be sent. */
export interface OutboxHead {
  id: number;
  contactId: number;
  channel: string;
  integrationId: number | null;
  type: string;
  body: string | null;
  payload: object | null;
  replyToExternalId: string | null;
  uploadId: number | null;
  attempts: number;
  createdAt: Date;
  /** Not before then. */
  sendAfter: Date | null;
  /** A try that began and whose end was never recorded. */
  sendingSince: Date | null;
  deletedAt: Date | null;
  /** Why it still waits. */
  errorReason: string | null;
}

/** Why a message goes back to waiting, and until when; null: no longer than its conversation. */
export interface Postponement {
  notBefore: Date | null;
  code: number | null;
  reason: string | null;
  /** Tries more than were counted so far; -1: the one that began counts as none. */
  tries: -1 | 0 | 1;
}

/** All SQL of the outbox, which is the message table itself. Within an open unit of work. */
@Injectable()
export class OutboxRepository {
  constructor(private readonly work: UnitOfWork) {}

  async lockHead(conversationId: number): Promise<OutboxHead | null> {
    const [row] = await this.work.current.prepared<OutboxHead>(
      'outbox_lock_head',
      `select m.id, c.contact_id as "contactId", c.channel, c.integration_id as "integrationId", m.type, m.body, m.payload,
         quoted.whatsapp_message_id as "replyToExternalId", m.send_attempts as attempts, m.created_at as "createdAt",
         (select upload_id from message_attachment a where a.message_id = m.id order by position limit 1) as "uploadId",
         m.send_after as "sendAfter", m.sending_since as "sendingSince", m.deleted_at as "deletedAt", m.error_reason as "errorReason"
       from message m join conversation c on c.id = m.conversation_id
       left join message quoted on quoted.id = m.reply_to_id
       where m.conversation_id = $1 and m.whatsapp_status = 'pending' and m.sender_type <> 'contact'
       order by m.id limit 1 for no key update of m`,
      [conversationId],
    );
    return row ?? null;
  }

  /** Committed before the provider is called: from then on the fate of the try is open until it is recorded. */
  async beginTry(id: number): Promise<void> {
    await this.work.current.prepared(
      'outbox_begin_try',
      'update message set sending_since = now(), send_attempts = send_attempts + 1, send_after = null where id = $1',
      [id],
    );
  }

  /** Back to waiting. */
  async postpone(id: number, { notBefore, code, reason, tries }: Postponement): Promise<void> {
    await this.work.current.query(
      `update message set sending_since = null, send_after = $2, error_code = $3, error_reason = $4,
         send_attempts = send_attempts + $5::int
       where id = $1`,
      [id, notBefore, code, reason, tries],
    );
  }

  /** Why it waits, without a try. */
  async explain(id: number, reason: string): Promise<void> {
    await this.work.current.query('update message set error_code = null, error_reason = $2 where id = $1', [
      id,
      reason,
    ]);
  }

  async markUncertain(id: number, reason: string): Promise<void> {
    await this.work.current.query(
      `update message set whatsapp_status = 'uncertain', error_reason = $2, sending_since = null where id = $1`,
      [id, reason],
    );
  }

  /** Conversations of a number that have something to send. */
  async conversationsWaiting(integrationId: number): Promise<number[]> {
    const rows = await this.work.current.query<{ id: number }>(
      `select distinct m.conversation_id as id from message m join conversation c on c.id = m.conversation_id
       where c.integration_id = $1 and m.whatsapp_status = 'pending' and m.sender_type <> 'contact'`,
      [integrationId],
    );
    return rows.map((row) => row.id);
  }
}
