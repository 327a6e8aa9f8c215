import type { NoteDto } from '../conversations/conversation-notes.types';
import type { AttachmentDto } from './attachments.types';
import type { DeliveryStatus, SenderType } from './messages.types';
import type { TranscriptEntry, TranscriptHead, TranscriptMessage } from './transcript.types';

const ROLES: Readonly<Record<SenderType, string>> = {
  contact: 'customer',
  user: 'agent',
  bot: 'bot',
  system: 'system',
};
/** What must be said lest somebody takes a message for one that has arrived. */
const NOT_ARRIVED: Readonly<Partial<Record<DeliveryStatus, string>>> = {
  pending: 'not sent yet',
  uncertain: 'it is not known whether it was sent',
  failed: 'failed',
};
/** Whatever some program shows as a new line. */
const LINE_END = /\r\n|[\n\r\v\f\u0085\u2028\u2029]/u;
/** Neither seen nor harmless: controls, and what turns the direction of the text around it. */
const INVISIBLE = /[\p{Cc}\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]/gu;
const INDENT = '    ';

export function headText({ conversation, contact, tags, writtenAt }: TranscriptHead): string {
  const lines = [
    `Conversation ${conversation.id} (${conversation.channel}, ${conversation.status})`,
    `With ${[contact.name, contact.phone_number].flatMap((part) => oneLine(part ?? '') || []).join(', ') || 'a customer without a name'}`,
    `Begun ${time(conversation.createdAt)}`,
    ...(tags.length === 0 ? [] : [`Tags: ${tags.map(oneLine).join(', ')}`]),
    `Written ${time(writtenAt)}`,
  ];
  return `${lines.join('\n')}\n\n`;
}

/**
 * One entry begins with its time at the beginning of a line, and nothing else does: further lines are indented, so that
 * nobody can write what looks like somebody else's message.
 */
export function entryText(entry: TranscriptEntry): string {
  return 'note' in entry ? noteText(entry.note) : messageText(entry.message);
}

function noteText(note: NoteDto): string {
  return entryOf(note.created_at, `Note by ${oneLine(note.author_name)}`, note.body);
}

function messageText(message: TranscriptMessage): string {
  const name = oneLine(message.sender_name ?? '');
  const role = ROLES[message.sender_type];
  const who = name === '' ? role : `${name} (${role})`;
  if (message.deleted_at !== null) return entryOf(message.created_at, who, '[deleted]');
  const state = message.sender_type === 'contact' ? undefined : NOT_ARRIVED[message.whatsapp_status];
  const lines = [
    ...(message.body === null || message.body === '' ? [] : [message.body]),
    ...message.attachments.map((file) => `[attachment: ${oneLine(file.name ?? '') || unnamed(file)}]`),
    ...(state === undefined
      ? []
      : [`[${[state, oneLine(message.error_reason ?? '')].filter(Boolean).join(': ')}]`]),
  ];
  return entryOf(message.created_at, who, lines.join('\n') || `[${message.type}]`);
}

function entryOf(at: string, who: string, text: string): string {
  const lines = text.split(LINE_END).map((line) => line.replace(INVISIBLE, ''));
  return `[${time(new Date(at))}] ${who}: ${lines.join(`\n${INDENT}`)}\n`;
}

function unnamed({ kind, mime_type }: AttachmentDto): string {
  return `${kind}, ${mime_type}`;
}

function oneLine(text: string): string {
  return text
    .split(LINE_END)
    .map((line) => line.replace(INVISIBLE, ''))
    .join(' ')
    .trim();
}

function time(at: Date): string {
  return `${at.toISOString().slice(0, 19).replace('T', ' ')} UTC`;
}
