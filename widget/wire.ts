/** What the widget reads of the server's answers: docs/live-chat.md describes them. */
export interface WireMessage {
  id: number;
  conversation_id: number;
  sender_role: 'user' | 'admin';
  sender_identifier: string;
  message_type: 'text' | 'image' | 'file' | 'system';
  message: string;
  timestamp: string;
  status: 'sent' | 'delivered' | 'read';
  edited_at: string | null;
  deleted_at: string | null;
  client_message_id: string | null;
  file_url: string | null;
  filename: string | null;
  file_size: number | null;
  mime_type: string | null;
  thumbnail_url: string | null;
}

export type ConversationStatus = 'active' | 'closed' | 'archived';

export interface WireConversation {
  id: number;
  status: ConversationStatus;
}

export interface WireSession {
  token: string;
  expires_at: string;
}

export interface WireUser {
  uuid: string;
  visitor: boolean;
}
