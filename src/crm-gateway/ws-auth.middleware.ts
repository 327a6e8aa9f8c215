import { Injectable } from '@nestjs/common';
import type { ExtendedError } from 'socket.io';
import { AppError } from '../common/app-error';
import { SessionsService } from '../auth/sessions.service';
import { toAppError } from '../platform/http/to-app-error';
import type { AuthenticatedSocket } from './authenticated-socket';

/** Lets a connection in with `auth.token`, or with the header `Authorization: Bearer <token>`. */
@Injectable()
export class WsAuthMiddleware {
  constructor(private readonly sessions: SessionsService) {}

  async authenticate(socket: AuthenticatedSocket, next: (error?: ExtendedError) => void): Promise<void> {
    try {
      socket.data.actor = await this.sessions.actorOfToken(tokenOf(socket));
      next();
    } catch (thrown) {
      const error = toAppError(thrown);
      // The client finds the body in `connect_error`'s error.data.
      next(Object.assign(new Error(error.message), { data: error.toBody() }));
    }
  }
}

function tokenOf(socket: AuthenticatedSocket): string {
  const given: unknown = socket.handshake.auth['token'];
  const header = /^Bearer +(\S+)$/i.exec(socket.handshake.headers.authorization ?? '')?.[1];
  const token = typeof given === 'string' ? given.replace(/^Bearer +/i, '') : header;
  if (token === undefined || token === '')
    throw new AppError('UNAUTHENTICATED', 'Connect with auth: { token }.');
  return token;
}
