import { randomUUID } from 'node:crypto';
import { Inject, Injectable } from '@nestjs/common';
import { JwtService } from '@nestjs/jwt';
import { clock } from '../common/clock';
import { AppError } from '../common/app-error';
import type { StaffActor } from '../common/actor';
import { CONFIG, type Config } from '../config/config';
import { UnitOfWork } from '../platform/database/unit-of-work';
import { UserChangesService } from '../users/user-changes.service';
import { SessionsRepository } from './sessions.repository';

/** What an access token says. Rights are never taken from it, only which session it is. */
export interface TokenPayload {
  sub: number;
  username: string;
  role: string;
  workspace_id: number;
  jti: string;
  /** Made and ending, in seconds since 1970. */
  iat?: number;
  exp?: number;
}

/** For whoever checks a token's signature: its end is looked at here, by the database's clock. */
export const SIGNATURE_ALONE = { ignoreExpiration: true } as const;

/** A lost right ends within this time, in ms. */
const CACHE_MS = 1_000;
const CACHE_LIMIT = 10_000;

const SESSION_OVER = 'The session is over; sign in again.';

/** Logins: a token is good while its session is. */
@Injectable()
export class SessionsService {
  private readonly cache = new Map<string, { actor: StaffActor; until: number }>();

  constructor(
    @Inject(CONFIG) private readonly config: Config,
    private readonly jwt: JwtService,
    private readonly work: UnitOfWork,
    private readonly sessions: SessionsRepository,
    users: UserChangesService,
  ) {
    users.useSessions({ endAllOf: (userId, except) => this.sessions.endAllOf(userId, except) });
  }

  /** A new session of this user and the token for it; null where the password is not theirs any more. */
  async start(
    user: { id: number; username: string; workspaceId: number; role: { name: string } },
    passwordHash: string,
  ): Promise<{ token: string; expiresInSeconds: number } | null> {
    const expiresInSeconds = this.config.security.jwtExpiresInSeconds;
    const id = randomUUID();
    const started = await this.work.run({ workspaceId: user.workspaceId }, () =>
      this.sessions.insert(
        { id, userId: user.id, expiresAt: new Date(clock.now() + expiresInSeconds * 1000) },
        passwordHash,
      ),
    );
    if (!started) return null;
    const payload: TokenPayload = {
      sub: user.id,
      username: user.username,
      role: user.role.name,
      workspace_id: user.workspaceId,
      jti: id,
      iat: seconds(),
    };
    return { token: await this.jwt.signAsync(payload, { expiresIn: expiresInSeconds }), expiresInSeconds };
  }

  async end(actor: StaffActor): Promise<void> {
    await this.work.run(actor, () => this.sessions.end(actor.sessionId));
    this.cache.delete(actor.sessionId);
  }

  /** The actor of a raw token, as sockets bring it. Throws `UNAUTHENTICATED`. */
  async actorOfToken(token: string): Promise<StaffActor> {
    const payload = await this.jwt
      .verifyAsync<TokenPayload>(token, SIGNATURE_ALONE)
      .catch((cause: unknown) => {
        throw new AppError('UNAUTHENTICATED', 'The access token is not valid.', undefined, { cause });
      });
    return await this.actorOf(payload);
  }

  /** The actor of a verified token, by the database of at most a second ago. Throws `UNAUTHENTICATED`. */
  async actorOf(payload: TokenPayload): Promise<StaffActor> {
    if (!isTokenPayload(payload) || (payload.exp ?? Infinity) <= seconds())
      throw new AppError('UNAUTHENTICATED', 'The access token is not valid.');
    const actor = this.remembered(payload.jti) ?? (await this.lookUp(payload));
    // The rest of a token must be its session's: it was signed, but perhaps by mistake.
    if (actor?.userId !== payload.sub || actor.workspaceId !== payload.workspace_id)
      throw new AppError('UNAUTHENTICATED', SESSION_OVER);
    return actor;
  }

  /** Who is behind these sessions of one workspace now; sessions that are over are left out. */
  async actorsOf(workspaceId: number, sessionIds: string[]): Promise<StaffActor[]> {
    const askedAt = clock.now();
    const actors = await this.work.read({ workspaceId }, () => this.sessions.findActors(sessionIds));
    for (const actor of actors) {
      if (this.cache.size >= CACHE_LIMIT) this.cache.clear();
      this.cache.set(actor.sessionId, { actor, until: askedAt + CACHE_MS });
    }
    return actors;
  }

  private remembered(sessionId: string): StaffActor | undefined {
    const known = this.cache.get(sessionId);
    return known !== undefined && known.until > clock.now() ? known.actor : undefined;
  }

  private async lookUp({ workspace_id, jti }: TokenPayload): Promise<StaffActor | undefined> {
    this.cache.delete(jti);
    const [actor] = await this.actorsOf(workspace_id, [jti]);
    return actor;
  }
}

function seconds(): number {
  return Math.floor(clock.now() / 1_000);
}

function isTokenPayload(value: TokenPayload): boolean {
  return (
    Number.isSafeInteger(value.sub) &&
    Number.isSafeInteger(value.workspace_id) &&
    (value.exp === undefined || Number.isFinite(value.exp)) &&
    typeof value.jti === 'string' &&
    /^[0-9a-f-]{36}$/.test(value.jti)
  );
}
