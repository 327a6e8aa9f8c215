import type { Logger } from 'pino';

/** A session that is over, or a right that is lost, reaches open sockets within this time and the look itself, in ms. */
const LOOK_EVERY_MS = 1_000;
/** Sockets looked at together: reading all of thousands at once would hold everybody else's messages up. */
const TOGETHER = 200;

interface Signed {
  workspaceId: number;
  sessionId: string | null;
}

/** Whose sessions are watched, and what becomes of their sockets. */
export interface Watched<Socket, Actor extends Signed> {
  sockets: () => Iterable<Socket>;
  actorOf: (socket: Socket) => Actor;
  /** Who is behind these sessions of one workspace now; sessions that are over are left out. */
  look: (workspaceId: number, sessionIds: string[]) => Promise<Actor[]>;
  stillGood: (socket: Socket, actor: Actor) => void;
  over: (socket: Socket) => void;
}

/** Asks again and again whether the sessions behind open sockets are still good. */
export class SessionWatcher<Socket, Actor extends Signed> {
  private timer: NodeJS.Timeout | undefined;
  private looking = false;

  constructor(
    private readonly watched: Watched<Socket, Actor>,
    private readonly logger: Logger,
  ) {}

  start(): void {
    this.timer = setInterval(() => void this.look(), LOOK_EVERY_MS);
  }

  stop(): void {
    clearInterval(this.timer);
  }

  private async look(): Promise<void> {
    if (this.looking) return;
    this.looking = true;
    try {
      const byWorkspace = new Map<number, Socket[]>();
      for (const socket of this.watched.sockets()) {
        const { workspaceId } = this.watched.actorOf(socket);
        const sockets = byWorkspace.get(workspaceId);
        if (sockets === undefined) byWorkspace.set(workspaceId, [socket]);
        else sockets.push(socket);
      }
      for (const [workspaceId, sockets] of byWorkspace)
        for (let from = 0; from < sockets.length; from += TOGETHER)
          await this.lookAt(workspaceId, sockets.slice(from, from + TOGETHER));
    } catch (err) {
      this.logger.warn({ err }, 'the sessions of open sockets cannot be checked right now');
    } finally {
      this.looking = false;
    }
  }

  private async lookAt(workspaceId: number, sockets: Socket[]): Promise<void> {
    const { actorOf, look, stillGood, over } = this.watched;
    const ids = [...new Set(sockets.flatMap((socket) => actorOf(socket).sessionId ?? []))];
    const actors = new Map((await look(workspaceId, ids)).map((actor) => [actor.sessionId, actor]));
    for (const socket of sockets) {
      const actor = actors.get(actorOf(socket).sessionId);
      if (actor === undefined) over(socket);
      else stillGood(socket, actor);
    }
  }
}
