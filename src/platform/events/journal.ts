import { Injectable } from '@nestjs/common';
import { UnitOfWork } from '../database/unit-of-work';
import { WakeUp } from './wake-up';

/** Something that happened, to be written beside the change it tells of. */
export interface NewEvent {
  /** Such as `message:new`; the name a client hears. */
  type: string;
  conversationId?: number;
  /** Users who hear it besides supervisors and admins; null: all staff of the workspace. */
  audience: number[] | null;
  /** JSON-serialisable; what a client is told. */
  payload: object;
}

/** The writing side of the journal. What is read from it, and how nothing is skipped: `journal-reader.ts`. */
@Injectable()
export class Journal {
  constructor(
    private readonly work: UnitOfWork,
    private readonly wakeUp: WakeUp,
  ) {}

  /**
   * Adds entries to the open transaction. Call it after the conversation row is locked or changed: entries of
   * one conversation are read in the order of their ids, and ids are drawn here.
   */
  append(...events: NewEvent[]): void {
    if (events.length === 0) return;
    const tx = this.work.current;
    tx.send(
      'journal_append',
      `insert into event (type, conversation_id, audience, payload)
       select e.type, e.conversation_id, e.audience, e.payload
       from json_to_recordset($1) as e(type text, conversation_id bigint, audience bigint[], payload json)`,
      [
        JSON.stringify(
          events.map((event) => ({
            type: event.type,
            conversation_id: event.conversationId ?? null,
            audience: event.audience,
            payload: event.payload,
          })),
        ),
      ],
    );
    this.announce();
  }

  /** For statements that write entries themselves: wakes the readers once the transaction is durable. */
  announce(): void {
    this.work.current.afterCommit(() => this.wakeUp.signal('journal'));
  }
}
