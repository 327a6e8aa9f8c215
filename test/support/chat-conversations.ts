import type { Caller } from './system';

export const CONVERSATIONS = '/api/chat/conversations';

export interface ChatMessage {
  id: number;
  conversation_id: number;
  content: string;
  message: string;
  is_read: boolean;
}
export interface ChatConversation {
  id: number;
  user_id: number;
  status: string;
  unread_count: number;
}
export interface ChatData {
  conversation_id: number;
  message: ChatMessage;
  conversation: ChatConversation;
  conversations: ChatConversation[];
  messages: ChatMessage[];
  pagination: { page: number; limit: number; total: number; pages: number };
  marked_read: number;
  has_more: boolean;
}
export interface ChatBody {
  status: string;
  message: string;
  data: ChatData;
}

export async function openConversation(
  user: Caller,
  body: object = { initial_message: 'I need help' },
): Promise<ChatData> {
  const answer = await user.post<ChatBody>(CONVERSATIONS, body);
  expect([answer.status, answer.body]).toMatchObject([201, { status: 'success' }]);
  return answer.body.data;
}

export async function listConversations(caller: Caller, query = ''): Promise<ChatData> {
  const answer = await caller.get<ChatBody>(`${CONVERSATIONS}${query}`);
  expect([answer.status, answer.body]).toMatchObject([200, { status: 'success' }]);
  return answer.body.data;
}

/** What staff answer. */
export async function replyTo(conversationId: number, agent: Caller, body: string): Promise<number> {
  return (await agent.post<{ id: number }>('/messages', { conversation_id: conversationId, body })).body.id;
}

/** How a refusal of the live chat looks. */
export const chatRefusal = (status: number, error_code: string, message?: string): object => ({
  status,
  body: { status: 'error', error_code, message: message ?? expect.any(String) },
});
