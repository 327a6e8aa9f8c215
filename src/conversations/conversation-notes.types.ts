export const NOTE_KINDS = ['note', 'assignment', 'resolution'] as const;
/** Written for its own sake, for whoever gets the conversation, or about how it ended. */
export type NoteKind = (typeof NOTE_KINDS)[number];

/** A note as stored, with the name of who wrote it. */
export interface Note {
  id: number;
  conversationId: number;
  messageId: number | null;
  authorUser: number;
  authorName: string;
  kind: NoteKind;
  body: string;
  createdAt: Date;
}

/** What staff keep for themselves beside a conversation, as the API shows it. No customer ever sees it. */
export interface NoteDto {
  id: number;
  conversation_id: number;
  kind: NoteKind;
  body: string;
  /** The message it was written with, if any. */
  message_id: number | null;
  author_user: number;
  author_name: string;
  created_at: string;
}

/** A note that is no more. */
export interface NoteGoneDto {
  id: number;
  conversation_id: number;
}

export function toNoteDto(note: Note): NoteDto {
  return {
    id: note.id,
    conversation_id: note.conversationId,
    kind: note.kind,
    body: note.body,
    message_id: note.messageId,
    author_user: note.authorUser,
    author_name: note.authorName,
    created_at: note.createdAt.toISOString(),
  };
}
