import { Injectable } from '@nestjs/common';
import { AuditService } from '../audit/audit.service';
import type { Actor, StaffActor } from '../common/actor';
import { AppError, notFound } from '../common/app-error';
import { type CursorPage, decodeCursor, encodeCursor } from '../common/cursor-page';
import { UnitOfWork } from '../platform/database/unit-of-work';
import { Journal } from '../platform/events/journal';
import type { NotesQuery } from './conversation-notes.dto';
import { ConversationNotesRepository } from './conversation-notes.repository';
import { type NoteDto, type NoteGoneDto, type NoteKind, toNoteDto } from './conversation-notes.types';
import { NOTE_EVENTS } from './conversation.events';
import { audienceOf, seesEverything } from './conversation.policy';
import { ConversationsService } from './conversations.service';
import type { Conversation } from './conversations.types';

/** The conversation stands in it, so that a place in one is none in another. */
type Place = ['older' | 'newer', number, number];

/** What staff write for each other beside a conversation. Who sees the conversation sees all of it; nobody else does. */
@Injectable()
export class ConversationNotesService {
  constructor(
    private readonly work: UnitOfWork,
    private readonly notes: ConversationNotesRepository,
    private readonly conversations: ConversationsService,
    private readonly journal: Journal,
    private readonly audit: AuditService,
  ) {}

  async create(actor: StaffActor, conversationId: number, body: string): Promise<NoteDto> {
    return await this.work.run(actor, async () => {
      const conversation = await this.conversations.lockVisible(actor, conversationId);
      return await this.add(actor, conversation, { kind: 'note', body });
    });
  }

  /** Within the open unit of work; the conversation must be locked, and the message be one of it. */
  async add(
    actor: StaffActor,
    conversation: Conversation,
    { kind, body, messageId = null }: { kind: NoteKind; body: string; messageId?: number | null },
  ): Promise<NoteDto> {
    const note = await this.notes.insert({
      conversationId: conversation.id,
      messageId,
      authorUser: actor.userId,
      kind,
      body,
    });
    const dto = toNoteDto(note);
    this.record(actor, 'conversation.note', dto);
    this.tell(NOTE_EVENTS.ADDED, conversation, dto);
    return dto;
  }

  /** What was written with a message; for who has made sure that the conversation may be seen. Within the open unit of work. */
  async ofMessage(messageId: number): Promise<NoteDto | null> {
    const note = await this.notes.findOfMessage(messageId);
    return note === null ? null : toNoteDto(note);
  }

  /** Newest first. What is written meanwhile comes before the first page and moves nothing. */
  async list(actor: Actor, conversationId: number, query: NotesQuery): Promise<CursorPage<NoteDto>> {
    const [towards, , place]: Place =
      query.cursor === undefined
        ? ['older', conversationId, Number.MAX_SAFE_INTEGER]
        : decodeCursor(query.cursor, isPlaceIn(conversationId));
    const found = await this.work.read(actor, async () => {
      await this.conversations.requireVisible(actor, conversationId);
      return await this.notes[towards](conversationId, place, query.limit + 1);
    });
    const further = found.length > query.limit;
    const rows = found.slice(0, query.limit);
    if (towards === 'newer') rows.reverse();
    const older = towards === 'newer' || further;
    const newer = towards === 'newer' ? further : query.cursor !== undefined;
    const [first, last] = [rows[0], rows.at(-1)];
    return {
      data: rows.map(toNoteDto),
      next_cursor: older && last !== undefined ? encodeCursor(['older', conversationId, last.id]) : null,
      prev_cursor: newer && first !== undefined ? encodeCursor(['newer', conversationId, first.id]) : null,
    };
  }

  /** The newest note of a kind of each of these conversations. Within the open unit of work; one statement. */
  async latest(conversationIds: number[], kind: NoteKind): Promise<Map<number, NoteDto>> {
    if (conversationIds.length === 0) return new Map();
    const rows = await this.notes.latest(conversationIds, kind);
    return new Map(rows.map((note) => [note.conversationId, toNoteDto(note)]));
  }

  /** After a note, oldest first, for who has made sure that the conversation may be seen. Within the open unit of work. */
  async newerThan(conversationId: number, noteId: number, limit: number): Promise<NoteDto[]> {
    return (await this.notes.newer(conversationId, noteId, limit)).map(toNoteDto);
  }

  async delete(actor: StaffActor, conversationId: number, id: number): Promise<void> {
    await this.work.run(actor, async () => {
      const conversation = await this.conversations.lockVisible(actor, conversationId);
      const note = await this.notes.find(conversationId, id);
      if (note === null) throw notFound('note');
      if (note.authorUser !== actor.userId && !seesEverything(actor))
        throw new AppError('FORBIDDEN', 'Only who wrote a note deletes it, or a supervisor.');
      await this.notes.delete(id);
      this.record(actor, 'conversation.note_delete', toNoteDto(note));
      this.tell(NOTE_EVENTS.DELETED, conversation, { id, conversation_id: conversationId });
    });
  }

  private tell(type: string, conversation: Conversation, payload: NoteDto | NoteGoneDto): void {
    const audience = audienceOf(conversation);
    this.journal.append({ type, conversationId: conversation.id, audience, payload });
  }

  /** Without the text: it can be deleted, and what is in the audit log cannot. */
  private record(actor: StaffActor, action: string, note: NoteDto): void {
    const subject = { type: 'conversation', id: note.conversation_id };
    const details = { note_id: note.id, kind: note.kind, author_user: note.author_user };
    this.audit.record({ actor, action, subject, details });
  }
}

function isPlaceIn(conversationId: number) {
  return (values: unknown[]): values is Place =>
    values.length === 3 &&
    (values[0] === 'older' || values[0] === 'newer') &&
    values[1] === conversationId &&
    Number.isSafeInteger(values[2]) &&
    Number(values[2]) > 0;
}
