import { Injectable, type OnModuleInit } from '@nestjs/common';
import type { FastifyRequest } from 'fastify';
import { clock } from '../common/clock';
import { AppError } from '../common/app-error';
import { FOREIGN_KEY_VIOLATION, sqlState } from '../platform/database/database-errors';
import { UnitOfWork } from '../platform/database/unit-of-work';
import { Admissions } from '../platform/http/admissions';
import { bodyHashOf } from '../platform/http/fastify';
import { AppDirectory, type KnownApp } from './app-directory';
import { CLOCK_TOLERANCE_MS, isSignedBy, isTimely, type SignedCall } from './app-signature';
import { AppSignaturesRepository } from './app-signatures.repository';
import type { AppActor, ChatActor } from './chat-actor';
import { ChatSessionsService } from './chat-sessions.service';

/** Callers of the live chat's routes, for `@AccessFor`. */
export const APP_SERVER = "app's server (signed)";
export const CHAT_USER = 'chat user';

/** What a route of the live chat finds on its request. */
export interface ChatRequest extends FastifyRequest {
  chatUser?: ChatActor;
  chatApp?: AppActor;
  /** Present while the signature covers a body that has yet to be read. */
  confirmBody?: (bodyHash: Buffer) => Promise<void>;
}

/** Where the contracts tell users that they are no staff. */
const STAFF_SURFACES = ['/admin/chat/', '/api/chat/admin/'];

const MOST_USER_ID = Number.MAX_SAFE_INTEGER;

const NO_SUCH_APP = 'Send X-App-Id: it names an app, of which there are more than one, or none.';

/**
 * Who calls the live chat: a user with the token of their session, or their app's server, which signs the call and
 * names the user. What a caller says of themselves is compared with that and never believed.
 */
@Injectable()
export class ChatAdmission implements OnModuleInit {
  constructor(
    private readonly admissions: Admissions,
    private readonly apps: AppDirectory,
    private readonly sessions: ChatSessionsService,
    private readonly signatures: AppSignaturesRepository,
    private readonly work: UnitOfWork,
  ) {}

  onModuleInit(): void {
    this.admissions.register(APP_SERVER, (request) => this.admitApp(request));
    this.admissions.register(CHAT_USER, (request) => this.admitUser(request));
    for (const prefix of STAFF_SURFACES)
      this.admissions.registerRefusal(prefix, (request) => this.refuseUser(request));
  }

  private async refuseUser(request: FastifyRequest): Promise<void> {
    const token = bearerOf(request);
    if (token === undefined || !this.sessions.isToken(token)) return;
    await this.sessions.actorOfToken(token);
    throw new AppError('FORBIDDEN', 'Admin access required');
  }

  private async admitApp(request: ChatRequest): Promise<boolean> {
    if (!isSigned(request)) return false;
    request.chatApp = await this.verified(request);
    return true;
  }

  private async admitUser(request: ChatRequest): Promise<boolean> {
    const token = bearerOf(request);
    const ofUser = token !== undefined && this.sessions.isToken(token);
    const app = isSigned(request) ? await this.verified(request) : null;
    if (!ofUser && app === null) return false;
    const named = namedIn(request);
    if (ofUser) {
      const actor = await this.sessions.actorOfToken(token);
      if (app !== null && (app.workspaceId !== actor.workspaceId || app.app !== actor.app))
        throw new AppError('UNAUTHENTICATED', 'The session is not one of the app that signed.');
      refuseContradiction(actor, named);
      request.chatUser = actor;
      return true;
    }
    if (named.userId === undefined && named.username === undefined)
      throw new AppError(
        'UNAUTHENTICATED',
        'Name the user: user_id or username, or send the token of their session.',
      );
    request.chatUser = await this.sessions.actorOfName(app!, named);
    return true;
  }

  private async verified(request: ChatRequest): Promise<AppActor> {
    const { 'x-timestamp': timestamp, 'x-signature': signature, 'x-app-id': appId } = request.headers;
    if (typeof timestamp !== 'string' || typeof signature !== 'string')
      throw new AppError('INVALID_SIGNATURE', 'Send X-Timestamp and X-Signature.');
    if (appId !== undefined && typeof appId !== 'string')
      throw new AppError('INVALID_SIGNATURE', 'Send one X-App-Id.');
    if (!isTimely(timestamp, clock.now()))
      throw new AppError(
        'INVALID_SIGNATURE',
        'X-Timestamp is not within five minutes of now, in milliseconds.',
      );
    const app = await this.apps.find(appId);
    if (app === null) throw new AppError('INVALID_SIGNATURE', NO_SUCH_APP);
    const call = { timestamp, method: request.method, url: request.url };
    if (request.isMultipart())
      request.confirmBody = (bodyHash) => this.confirm(app, { ...call, bodyHash }, signature);
    else await this.confirm(app, { ...call, bodyHash: bodyHashOf(request) }, signature);
    return { workspaceId: app.workspaceId, app: app.app, appId: app.appId };
  }

  /** Each signature once, in whichever process: kept before anything is done with the call. */
  private async confirm(app: KnownApp, call: SignedCall, signature: string): Promise<void> {
    if (!isSignedBy(app.secrets, call, signature))
      throw new AppError('INVALID_SIGNATURE', 'The signature does not fit this call.');
    const expiresAt = new Date(Number(call.timestamp) + CLOCK_TOLERANCE_MS);
    const bytes = Buffer.from(signature, 'hex');
    const isFirst = await this.work
      .run(app, () => this.signatures.use(app.app, bytes, expiresAt))
      .catch((error: unknown) => {
        // The app is remembered for a moment after it was deleted.
        throw sqlState(error) === FOREIGN_KEY_VIOLATION
          ? new AppError('INVALID_SIGNATURE', NO_SUCH_APP)
          : error;
      });
    if (!isFirst) throw new AppError('INVALID_SIGNATURE', 'This signature was used before.');
  }
}

function bearerOf({ headers }: FastifyRequest): string | undefined {
  return /^Bearer +(\S+)$/i.exec(headers.authorization ?? '')?.[1];
}

function isSigned({ headers }: FastifyRequest): boolean {
  return headers['x-signature'] !== undefined;
}

/** Whom the caller says they are, or whom the app speaks for: in the query or in the body. */
function namedIn(request: FastifyRequest): { userId?: number; username?: string } {
  const query = (request.query ?? {}) as Record<string, unknown>;
  const body = (request.body ?? {}) as Record<string, unknown>;
  return {
    userId: one('user_id', query, body, (value) => {
      const id = typeof value === 'string' && /^\d{1,16}$/.test(value) ? Number(value) : value;
      return typeof id === 'number' && Number.isSafeInteger(id) && id > 0 && id <= MOST_USER_ID ? id : null;
    }),
    username: one('username', query, body, (value) =>
      typeof value === 'string' && value !== '' && value.length <= 150 ? value : null,
    ),
  };
}

function one<T>(
  field: string,
  query: Record<string, unknown>,
  body: Record<string, unknown>,
  read: (value: unknown) => T | null,
): T | undefined {
  const given = [query[field], body[field]].filter((value) => value !== undefined).map(read);
  if (given.length === 0) return undefined;
  const [first, second = first] = given;
  if (first === null || second === null || first === undefined || first !== second)
    throw new AppError('VALIDATION_FAILED', `${field} is not valid.`, [{ field, problem: 'is not valid' }]);
  return first;
}

export function refuseContradiction(actor: ChatActor, named: { userId?: number; username?: string }): void {
  const isOther =
    (named.userId !== undefined && named.userId !== actor.userId) ||
    (named.username !== undefined && named.username.toLowerCase() !== actor.username?.toLowerCase());
  if (isOther) throw new AppError('FORBIDDEN', 'The session is not that of the user who is named.');
}
