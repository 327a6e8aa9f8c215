import { Injectable } from '@nestjs/common';
import type { ExtendedError } from 'socket.io';
import type { ChatActor } from '../app-chat/chat.types';
import { ChatSessionsService } from '../app-chat/chat-sessions.service';
import { SessionsService } from '../auth/sessions.service';
import type { StaffActor } from '../common/actor';
import { AppError } from '../common/app-error';
import { toAppError } from '../platform/http/to-app-error';
import { refuseFalseClaims } from './chat-claims';
import type { ChatSocket } from './chat-socket';
import { socketErrorOf } from './chat-socket-errors';

/** Who is let in to the namespace `/`: chat users with the token of their session, staff with their access token. */
@Injectable()
export class ChatDoor {
  constructor(
    private readonly users: ChatSessionsService,
    private readonly staff: SessionsService,
  ) {}

  async letIn(socket: ChatSocket, next: (error?: ExtendedError) => void): Promise<void> {
    try {
      const token = tokenOf(socket);
      const actor = await this.actorOf(token);
      refuseFalseClaims(actor, socket.handshake.auth);
      socket.data = { actor, token };
      next();
    } catch (thrown) {
      const data = socketErrorOf(toAppError(thrown));
      // The client finds it in `connect_error`'s error.data.
      next(Object.assign(new Error(data.message), { data }));
    }
  }

  /** Whoever is behind the socket, by the database of at most a second ago. Throws `UNAUTHENTICATED`. */
  async again({ data }: ChatSocket): Promise<ChatActor | StaffActor> {
    const { actor, token } = data;
    if (actor.kind === 'chat_user') return await this.users.actorAgain(actor, token);
    const { workspaceId, sessionId, userId, username, role } = actor;
    return await this.staff.actorOf({
      workspace_id: workspaceId,
      jti: sessionId,
      sub: userId,
      username,
      role,
    });
  }

  private async actorOf(token: string): Promise<ChatActor | StaffActor> {
    try {
      if (this.users.isToken(token)) return await this.users.actorOfToken(token);
      return await this.staff.actorOfToken(token);
    } catch (thrown) {
      const error = toAppError(thrown);
      throw error.code === 'UNAUTHENTICATED' ? invalidToken() : error;
    }
  }
}

function invalidToken(): AppError {
  return new AppError('UNAUTHENTICATED', 'Invalid authentication token');
}

function tokenOf({ handshake }: ChatSocket): string {
  const given: unknown = handshake.auth['token'];
  const header = /^Bearer +(\S+)$/i.exec(handshake.headers.authorization ?? '')?.[1];
  const token = typeof given === 'string' ? given.replace(/^Bearer +/i, '') : header;
  if (token === undefined || token === '') throw invalidToken();
  return token;
}
