import { Inject, Injectable } from '@nestjs/common';
import type { Logger } from 'pino';
import type { StaffActor } from '../common/actor';
import { AppError } from '../common/app-error';
import { SessionsService } from '../auth/sessions.service';
import { SessionWatcher } from '../platform/http/session-watcher';
import { LOGGER } from '../platform/observability/observability.module';
import type { AuthenticatedSocket, CrmNamespace } from './authenticated-socket';
import { SYSTEM_EVENTS } from './crm-events';
import { CrmStream } from './crm-stream.service';

/** Ends the sockets of sessions that are over, and gives the others the rights of now. */
@Injectable()
export class SessionWatch {
  private watcher: SessionWatcher<AuthenticatedSocket, StaffActor> | undefined;

  constructor(
    private readonly sessions: SessionsService,
    private readonly stream: CrmStream,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {}

  start(namespace: CrmNamespace): void {
    this.watcher = new SessionWatcher(
      {
        sockets: () => namespace.sockets.values(),
        actorOf: (socket) => socket.data.actor,
        look: (workspaceId, sessionIds) => this.sessions.actorsOf(workspaceId, sessionIds),
        stillGood: (socket, actor) => this.stream.adopt(socket, actor),
        over: (socket) => {
          const over = new AppError('UNAUTHENTICATED', 'The session is over; sign in again.');
          socket.emit(SYSTEM_EVENTS.ERROR, over.toBody());
          socket.disconnect(true);
        },
      },
      this.logger,
    );
    this.watcher.start();
  }

  stop(): void {
    this.watcher?.stop();
  }
}
