import { createHash, randomBytes, randomUUID } from 'node:crypto';
import { Inject, Injectable } from '@nestjs/common';
import { clock } from '../common/clock';
import { AppError } from '../common/app-error';
import { CONFIG, type Config } from '../config/config';
import { constraintOf } from '../platform/database/database-errors';
import { UnitOfWork } from '../platform/database/unit-of-work';
import type { AppActor, ChatActor } from './chat-actor';
import { ChatSessionsRepository } from './chat-sessions.repository';
import type { ChatUser } from './chat-user.types';
import { ChatUsersService, type StatedUser } from './chat-users.service';

/** Says at a glance what it is, and which workspace's; the rest is chance. */
const TOKEN = /^chat_([0-9a-z]{1,11})_[\w-]{43}$/;
/** A session that is over ends within this time, in ms. */
const CACHE_MS = 1_000;
const CACHE_LIMIT = 100_000;

/** Broken where a user of an app that is gone is stored. */
const ITS_APP = 'chat_user_workspace_id_app_fkey';

const SESSION_OVER = 'The session is over; open a new one.';

/** A session just opened. The only time its token is seen. */
export interface OpenedSession {
  token: string;
  expiresAt: Date;
  expiresInSeconds: number;
  user: ChatUser;
}

/** Who is signed in to the live chat: a token is good while its session is. */
@Injectable()
export class ChatSessionsService {
  /** By session, and by token as far as somebody came with one. */
  private readonly cache = new Map<string, { actor: ChatActor; until: number }>();

  constructor(
    @Inject(CONFIG) private readonly config: Config,
    private readonly work: UnitOfWork,
    private readonly rows: ChatSessionsRepository,
    private readonly users: ChatUsersService,
  ) {}

  /** For a user whom the app vouches for, or for a visitor of its website. */
  async open(app: AppActor, stated: StatedUser, visitor = false): Promise<OpenedSession> {
    const expiresInSeconds = this.config.chat.sessionExpiresInSeconds;
    const token = `chat_${app.workspaceId.toString(36)}_${randomBytes(32).toString('base64url')}`;
    const expiresAt = new Date(clock.now() + expiresInSeconds * 1000);
    const arrive = async (): Promise<ChatUser> => {
      const arrived = await this.users.arrive(app, stated, visitor);
      const session = { id: randomUUID(), tokenHash: hashOf(token), chatUserId: arrived.id, expiresAt };
      await this.rows.insert(session);
      return arrived;
    };
    const user = await this.work.run(app, arrive).catch((error: unknown) => {
      // The app is remembered for a moment after it was deleted.
      throw constraintOf(error) === ITS_APP ? new AppError('FORBIDDEN', 'There is no such app.') : error;
    });
    return { token, expiresAt, expiresInSeconds, user };
  }

  async end(actor: ChatActor): Promise<void> {
    if (actor.sessionId === null) return;
    const { sessionId } = actor;
    await this.work.run(actor, () => this.rows.end(sessionId));
    this.cache.clear();
  }

  /** All of a user's. Answers how many; 0 for somebody unknown. */
  async endAllOf(app: AppActor, named: StatedUser): Promise<number> {
    const ended = await this.work.run(app, async () => {
      const user = await this.users.find(app.app, named);
      return user === null ? 0 : await this.rows.endAllOf(user.id);
    });
    this.cache.clear();
    return ended;
  }

  isToken(text: string): boolean {
    return TOKEN.test(text);
  }

  /** By the database of at most a second ago. Throws `UNAUTHENTICATED`. */
  async actorOfToken(token: string): Promise<ChatActor> {
    const workspaceId = Number.parseInt(TOKEN.exec(token)?.[1] ?? '0', 36);
    const hash = hashOf(token);
    const key = hash.toString('base64');
    const known = this.remembered(key);
    if (known !== undefined) return known;
    const askedAt = clock.now();
    const actor = Number.isSafeInteger(workspaceId)
      ? await this.work.read({ workspaceId }, () => this.rows.findByToken(hash))
      : null;
    if (actor === null) throw new AppError('UNAUTHENTICATED', SESSION_OVER);
    this.remember(key, actor, askedAt);
    return actor;
  }

  /** The same of somebody who came with this token before. */
  async actorAgain({ sessionId }: ChatActor, token: string): Promise<ChatActor> {
    return (sessionId === null ? undefined : this.remembered(sessionId)) ?? (await this.actorOfToken(token));
  }

  /** Who is behind these sessions of one workspace now; sessions that are over are left out. */
  async actorsOf(workspaceId: number, sessionIds: string[]): Promise<ChatActor[]> {
    const askedAt = clock.now();
    const actors = await this.work.read({ workspaceId }, () => this.rows.findMany(sessionIds));
    for (const actor of actors) this.remember(actor.sessionId!, actor, askedAt);
    return actors;
  }

  /** The user for whom their app's server speaks: they must have a live session. Throws `UNAUTHENTICATED`. */
  async actorOfName(app: AppActor, name: { userId?: number; username?: string }): Promise<ChatActor> {
    const actor = await this.work.read(app, () => this.rows.findByName(app.app, name));
    if (actor === null)
      throw new AppError(
        'UNAUTHENTICATED',
        'This user has no live session: open one with POST /api/chat/sessions.',
      );
    return actor;
  }

  private remembered(key: string): ChatActor | undefined {
    const known = this.cache.get(key);
    if (known === undefined || known.until > clock.now()) return known?.actor;
    this.cache.delete(key);
    return undefined;
  }

  private remember(key: string, actor: ChatActor, askedAt: number): void {
    if (this.cache.size >= CACHE_LIMIT) this.cache.clear();
    this.cache.set(key, { actor, until: askedAt + CACHE_MS });
  }
}

function hashOf(token: string): Buffer {
  return createHash('sha256').update(token).digest();
}
