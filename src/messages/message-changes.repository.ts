import { Injectable } from '@nestjs/common';
import { UnitOfWork } from '../platform/database/unit-of-work';
import { MESSAGE_COLUMNS } from './messages.repository';
import type { Message } from './messages.types';

export interface LockedMessage extends Message {
  /** A try to send it that has begun. */
  sendingSince: Date | null;
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

  async setBody(id: number, body: string): Promise<Message> {
    const [row] = await this.work.current.query<Message>(
      `update message set body = $2, edited_at = now() where id = $1 returning ${MESSAGE_COLUMNS}`,
      [id, body],
    );
    return row!;
  }

  async setDeleted(id: number, userId: number): Promise<Message> {
    const [row] = await this.work.current.query<Message>(
      `update message set deleted_at = now(), deleted_by = $2 where id = $1 returning ${MESSAGE_COLUMNS}`,
      [id, userId],
    );
    return row!;
  }
}
