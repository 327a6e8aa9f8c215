import { Inject, Injectable } from '@nestjs/common';
import type { Logger } from 'pino';
import type { StaffActor } from '../common/actor';
import { AppError } from '../common/app-error';
import { SessionsService } from '../auth/sessions.service';
import { LOGGER } from '../platform/observability/observability.module';
import type { AuthenticatedSocket, CrmNamespace } from './authenticated-socket';
import { SYSTEM_EVENTS } from './crm-events';
import { CrmStream } from './crm-stream.service';

/** A session that is over, or a right that is lost, reaches open sockets within this time and the look itself, in ms. */
const LOOK_EVERY_MS = 1_000;

/** Asks again and again whether the sessions behind open sockets are still good. */
@Injectable()
export class SessionWatch {
  private timer: NodeJS.Timeout | undefined;
  private looking = false;

  constructor(
    private readonly sessions: SessionsService,
    private readonly stream: CrmStream,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {}

  start(namespace: CrmNamespace): void {
    this.timer = setInterval(() => void this.look(namespace), LOOK_EVERY_MS);
  }

  stop(): void {
    clearInterval(this.timer);
  }

  private async look(namespace: CrmNamespace): Promise<void> {
    if (this.looking) return;
    this.looking = true;
    try {
      const byWorkspace = new Map<number, AuthenticatedSocket[]>();
      for (const socket of namespace.sockets.values()) {
        const { workspaceId } = socket.data.actor;
        const sockets = byWorkspace.get(workspaceId);
        if (sockets === undefined) byWorkspace.set(workspaceId, [socket]);
        else sockets.push(socket);
      }
      for (const [workspaceId, sockets] of byWorkspace) {
        const ids = [...new Set(sockets.map((socket) => socket.data.actor.sessionId))];
        const actors = new Map(
          (await this.sessions.actorsOf(workspaceId, ids)).map((actor) => [actor.sessionId, actor]),
        );
        for (const socket of sockets) this.update(socket, actors.get(socket.data.actor.sessionId));
      }
    } catch (err) {
      this.logger.warn({ err }, 'the sessions of open sockets cannot be checked right now');
    } finally {
      this.looking = false;
    }
  }

  private update(socket: AuthenticatedSocket, actor: StaffActor | undefined): void {
    if (actor === undefined) {
      socket.emit(
        SYSTEM_EVENTS.ERROR,
        new AppError('UNAUTHENTICATED', 'The session is over; sign in again.').toBody(),
      );
      socket.disconnect(true);
      return;
    }
    this.stream.adopt(socket, actor);
  }
}
