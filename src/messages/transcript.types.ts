import type { NoteDto } from '../conversations/conversation-notes.types';
import type { Conversation } from '../conversations/conversations.types';
import type { MessageDto } from './messages.types';

/** A message, and what whoever said it is called; null for the system. */
export interface TranscriptMessage extends MessageDto {
  sender_name: string | null;
}

/** What stands above what was said. */
export interface TranscriptHead {
  conversation: Conversation;
  contact: { id: number; name: string | null; phone_number: string | null };
  tags: string[];
  writtenAt: Date;
}

export type TranscriptEntry = { message: TranscriptMessage } | { note: NoteDto };
