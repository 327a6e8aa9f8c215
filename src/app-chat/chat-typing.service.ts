import { Injectable } from '@nestjs/common';
import { Broadcast } from '../platform/events/broadcast';
import type { ChatCaller } from './chat-actor';

/** Who writes in a live chat just now. */
export interface ChatTyping {
  workspaceId: number;
  conversationId: number;
  role: 'user' | 'admin';
  identifier: string;
  typing: boolean;
}

/** Tells all processes who writes, once and stored nowhere. */
@Injectable()
export class ChatTypingService {
  constructor(private readonly broadcast: Broadcast) {}

  tell(caller: ChatCaller, conversationId: number, typing: boolean): void {
    const role = caller.kind === 'chat_user' ? 'user' : 'admin';
    const identifier = caller.kind === 'chat_user' ? caller.uuid : caller.username;
    const news: ChatTyping = { workspaceId: caller.workspaceId, conversationId, role, identifier, typing };
    this.broadcast.send('chat-typing', news);
  }
}
