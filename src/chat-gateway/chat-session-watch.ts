import { Inject, Injectable } from '@nestjs/common';
import type { Logger } from 'pino';
import type { ChatActor } from '../app-chat/chat.types';
import { ChatSessionsService } from '../app-chat/chat-sessions.service';
import { SessionsService } from '../auth/sessions.service';
import type { StaffActor } from '../common/actor';
import { SessionWatcher } from '../platform/http/session-watcher';
import { LOGGER } from '../platform/observability/observability.module';
import { ChatMembership } from './chat-membership.service';
import {
  type ChatNamespace,
  type ChatSocket,
  isOfStaff,
  isOfUser,
  type StaffSocket,
  type UserSocket,
} from './chat-socket';

/** Ends the sockets of sessions that are over, and gives the others the rights of now. */
@Injectable()
export class ChatSessionWatch {
  private watchers: { stop: () => void }[] = [];

  constructor(
    private readonly users: ChatSessionsService,
    private readonly staff: SessionsService,
    private readonly membership: ChatMembership,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {}

  start(namespace: ChatNamespace): void {
    const all = (): ChatSocket[] => [...namespace.sockets.values()];
    const shared = {
      stillGood: (socket: ChatSocket, actor: ChatActor | StaffActor): void =>
        void this.membership.adopt(socket, actor),
      over: (socket: ChatSocket): void => {
        socket.emit('error', { code: 'UNAUTHORIZED', message: 'The session is over; sign in again.' });
        socket.disconnect(true);
      },
    };
    const users = new SessionWatcher<UserSocket, ChatActor>(
      {
        ...shared,
        sockets: () => all().filter(isOfUser),
        actorOf: (socket) => socket.data.actor,
        look: (workspaceId, sessionIds) => this.users.actorsOf(workspaceId, sessionIds),
      },
      this.logger,
    );
    const staff = new SessionWatcher<StaffSocket, StaffActor>(
      {
        ...shared,
        sockets: () => all().filter(isOfStaff),
        actorOf: (socket) => socket.data.actor,
        look: (workspaceId, sessionIds) => this.staff.actorsOf(workspaceId, sessionIds),
      },
      this.logger,
    );
    for (const watcher of [users, staff]) watcher.start();
    this.watchers = [users, staff];
  }

  stop(): void {
    for (const watcher of this.watchers) watcher.stop();
  }
}
