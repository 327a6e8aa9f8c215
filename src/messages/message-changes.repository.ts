import { Injectable } from '@nestjs/common';
import { UnitOfWork } from '../platform/database/unit-of-work';
import { MESSAGE_COLUMNS } from './messages.repository';
import type { Message } from './messages.types';

export interface LockedMessage extends Message {
  /** A try to send it that has begun. */
  sendingSince: Date | null;
}

/** A customer's word that an earlier message of theirs is deleted: itself a message, with this id. */
export interface Revocation {
  id: number;
  /** The provider's id of the earlier message. */
  of: string;
}

/** What is changed of a message afterwards. Within an open unit of work. */
@Injectable()
export class MessageChangesRepository {
  constructor(private readonly work: UnitOfWork) {}

  /** Until the transaction ends, no try to send it begins. */
  async lock(id: number): Promise<LockedMessage | null> {
    const [row] = await this.work.current.query<LockedMessage>(
      `select ${MESSAGE_COLUMNS}, sending_since as "sendingSince" from message where id = $1 for no key update`,
      [id],
    );
    return row ?? null;
  }

  /**
   * The message that a revocation is about, if it is here and was said by the same customer; null where the revocation
   * itself is gone.
   */
  async findRevoked({ id, of }: Revocation): Promise<{ revokedAt: Date; messageId: number | null } | null> {
    const [row] = await this.work.current.query<{ revokedAt: Date; messageId: number | null }>(
      `select word.created_at as "revokedAt", (
         select m.id from message m join conversation c on c.id = m.conversation_id
         where m.whatsapp_message_id = $2 and m.sender_type = 'contact' and c.contact_id = thread.contact_id
       ) as "messageId"
       from message word join conversation thread on thread.id = word.conversation_id where word.id = $1`,
      [id, of],
    );
    return row ?? null;
  }

  async setBody(id: number, body: string): Promise<Message> {
    const [row] = await this.work.current.query<Message>(
      `update message set body = $2, edited_at = now() where id = $1 returning ${MESSAGE_COLUMNS}`,
      [id, body],
    );
    return row!;
  }

  /** By a user, or by the customer who wrote it. */
  async setDeleted(id: number, userId: number | null): Promise<Message> {
    const [row] = await this.work.current.query<Message>(
      `update message set deleted_at = now(), deleted_by = $2 where id = $1 returning ${MESSAGE_COLUMNS}`,
      [id, userId],
    );
    return row!;
  }
}
