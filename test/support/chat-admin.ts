import type { ChatActor } from '../../src/app-chat/chat-actor';
import type { ChatMessage, ChatPlace } from '../../src/app-chat/chat-messages.service';
import { ChatMessagesService } from '../../src/app-chat/chat-messages.service';
import { ChatSessionsService } from '../../src/app-chat/chat-sessions.service';
import { type ChatPerson, openChat, type SignOptions } from './chat';
import type { TestSystem } from './system';

/** A chat user who has said something. */
export interface Customer extends ChatPerson {
  actor: ChatActor;
  conversation: number;
  says(message: string | ChatMessage, place?: ChatPlace): Promise<number>;
}

/** A new user of the live chat, in a new conversation that nobody has. */
export async function customer(
  system: TestSystem,
  stated: Parameters<typeof openChat>[1] = {},
  options: SignOptions & { subject?: string; message?: string } = {},
): Promise<Customer> {
  const { subject = null, message = 'Hello, I need help', ...signing } = options;
  const person = await openChat(system, stated, signing);
  const actor = await system.app.get(ChatSessionsService, { strict: false }).actorOfToken(person.token);
  const messages = system.app.get(ChatMessagesService, { strict: false });
  const says: Customer['says'] = async (said, place = 'newest') => {
    const what = typeof said === 'string' ? { text: said } : said;
    return (await messages.say(actor, place, what)).message.id;
  };
  const { message: first } = await messages.say(actor, { subject }, { text: message });
  return { ...person, actor, conversation: first.conversation_id, says };
}

/** An answer of the live chat that succeeded. */
export interface Success<T> {
  status: 'success';
  data: T;
}

export const IM = '/admin/chat/conversations';
export const SUPPORT = '/api/chat/admin/conversations';

/** A new app of a workspace, as its server signs. */
export async function appOf(
  system: TestSystem,
  workspaceId: number,
): Promise<{ appId: string; secret: string }> {
  const admin = await system.signIn('admin', { workspaceId });
  const { status, body } = await admin.post<{ app_id: string; secret: string }>('/chat-apps', {
    name: 'App',
  });
  if (status !== 201) throw new Error(`cannot make an app: ${JSON.stringify(body)}`);
  return { appId: body.app_id, secret: body.secret };
}
