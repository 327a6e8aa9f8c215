import { Injectable } from '@nestjs/common';
import { UnitOfWork } from '../platform/database/unit-of-work';
import type { Note, NoteKind } from './conversation-notes.types';

export interface NewNote {
  conversationId: number;
  messageId: number | null;
  authorUser: number;
  kind: NoteKind;
  body: string;
}

const COLUMNS = `n.id, n.conversation_id as "conversationId", n.message_id as "messageId", n.author_user as "authorUser",
  (select u.name from users u where u.id = n.author_user) as "authorName", n.kind, n.body, n.created_at as "createdAt"`;

/** All SQL of notes. Within an open unit of work. */
@Injectable()
export class ConversationNotesRepository {
  constructor(private readonly work: UnitOfWork) {}

  /** The conversation must be locked. */
  async insert(note: NewNote): Promise<Note> {
    const [row] = await this.work.current.query<Note>(
      `insert into conversation_note as n (conversation_id, message_id, author_user, kind, body)
       values ($1, $2, $3, $4, $5) returning ${COLUMNS}`,
      [note.conversationId, note.messageId, note.authorUser, note.kind, note.body],
    );
    return row!;
  }

  async find(conversationId: number, id: number): Promise<Note | null> {
    const [row] = await this.work.current.query<Note>(
      `select ${COLUMNS} from conversation_note n where n.conversation_id = $1 and n.id = $2`,
      [conversationId, id],
    );
    return row ?? null;
  }

  /** What was written with a message. */
  async findOfMessage(messageId: number): Promise<Note | null> {
    const [row] = await this.work.current.query<Note>(
      `select ${COLUMNS} from conversation_note n where n.message_id = $1 order by n.id limit 1`,
      [messageId],
    );
    return row ?? null;
  }

  /** Older than a place, newest first. */
  async older(conversationId: number, before: number, limit: number): Promise<Note[]> {
    return await this.work.current.query<Note>(
      `select ${COLUMNS} from conversation_note n where n.conversation_id = $1 and n.id < $2
       order by n.id desc limit $3`,
      [conversationId, before, limit],
    );
  }

  /** Newer than a place, oldest first. */
  async newer(conversationId: number, after: number, limit: number): Promise<Note[]> {
    return await this.work.current.query<Note>(
      `select ${COLUMNS} from conversation_note n where n.conversation_id = $1 and n.id > $2
       order by n.id limit $3`,
      [conversationId, after, limit],
    );
  }

  /** The newest note of a kind of each conversation; one probe for each. */
  async latest(conversationIds: number[], kind: NoteKind): Promise<Note[]> {
    return await this.work.current.query<Note>(
      `select newest.* from unnest($1::bigint[]) as c(id)
       cross join lateral (select ${COLUMNS} from conversation_note n
         where n.conversation_id = c.id and n.kind = $2 order by n.id desc limit 1) newest`,
      [[...new Set(conversationIds)], kind],
    );
  }

  async delete(id: number): Promise<void> {
    await this.work.current.query('delete from conversation_note where id = $1', [id]);
  }
}
