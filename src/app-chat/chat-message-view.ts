import type { MessageDto } from '../messages/messages.types';

export type ChatRole = 'user' | 'admin';
export type ChatMessageType = 'text' | 'image' | 'file' | 'system';

/** A message as every surface of the live chat shows it: the fields of all its contracts. */
export interface ChatMessageView {
  id: number;
  conversation_id: number;
  /** Bots and staff are `admin`. */
  sender_role: ChatRole;
  sender_type: ChatRole;
  /** The user's number at their app, or the id of the member of staff; null for bots and the system. */
  sender_id: number | null;
  /** The user's uuid, or the username of the member of staff, or the bot's name. */
  sender_identifier: string;
  message_type: ChatMessageType;
  message: string;
  /** The same as `message`. */
  content: string;
  timestamp: string;
  /** The same as `timestamp`. */
  created_at: string;
  /** How far it has come towards the other side. */
  status: 'sent' | 'delivered' | 'read';
  is_read: boolean;
  read_at: string | null;
  is_edited: boolean;
  edited_at: string | null;
  /** When it was deleted: it says nothing any more. */
  deleted_at: string | null;
  reply_to_id: number | null;
  /** The sender's own id for it. */
  client_message_id: string | null;
  file_id: string | null;
  file_url: string | null;
  filename: string | null;
  file_size: number | null;
  mime_type: string | null;
  thumbnail_url: string | null;
  /** What the text does not say, such as the buttons of a bot's menu. */
  metadata: object | null;
}

/** Who said it, as the other side may know them. */
export interface ChatSpeaker {
  id: number | null;
  identifier: string;
}

const STATUS: Partial<Record<MessageDto['whatsapp_status'], ChatMessageView['status']>> = {
  delivered: 'delivered',
  read: 'read',
};

/** What stands for a file that came without words. */
const PLACEHOLDER = /^\[(image|video|audio|voice message|document)(: [^\n]*)?\]$/;

const FILE_ID = /\/files\/([0-9a-f-]{36})/;

export function toChatMessageView(
  message: MessageDto,
  speaker: ChatSpeaker,
  clientMessageId: string | null,
): ChatMessageView {
  const role = message.sender_type === 'contact' ? 'user' : 'admin';
  const [file] = message.attachments;
  const text = PLACEHOLDER.test(message.body ?? '') && file !== undefined ? '' : (message.body ?? '');
  const status = STATUS[message.whatsapp_status] ?? 'sent';
  return {
    id: message.id,
    conversation_id: message.conversation_id,
    sender_role: role,
    sender_type: role,
    sender_id: speaker.id,
    sender_identifier: speaker.identifier,
    message_type: typeOf(message),
    message: text,
    content: text,
    timestamp: message.created_at,
    created_at: message.created_at,
    status,
    is_read: status === 'read',
    read_at: message.read_at,
    is_edited: message.edited_at !== null,
    edited_at: message.edited_at,
    deleted_at: message.deleted_at,
    reply_to_id: message.reply_to_id,
    client_message_id: clientMessageId,
    file_id: file?.url ? fileIdOf(file.url) : null,
    file_url: file?.url ?? null,
    filename: file?.name ?? null,
    file_size: file?.size ?? null,
    mime_type: file?.mime_type ?? null,
    thumbnail_url: file?.thumbnail_url ?? null,
    metadata: role === 'user' ? unflagged(message.payload) : message.payload,
  };
}

/** Why it was taken for spam is for staff to see. */
function unflagged(payload: object | null): object | null {
  if (payload === null || !('spam' in payload)) return payload;
  const { spam: _, ...rest } = payload;
  return Object.keys(rest).length === 0 ? null : rest;
}

function typeOf({ sender_type, type }: MessageDto): ChatMessageType {
  if (sender_type === 'system') return 'system';
  if (type === 'image') return 'image';
  return type === 'audio' || type === 'video' || type === 'document' ? 'file' : 'text';
}

/** @param url of the file, in which its uuid stands */
function fileIdOf(url: string): string | null {
  const uuid = FILE_ID.exec(url)?.[1];
  return uuid === undefined ? null : `upload_${uuid}`;
}
