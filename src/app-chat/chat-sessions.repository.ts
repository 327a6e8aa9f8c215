import { Injectable } from '@nestjs/common';
import { UnitOfWork } from '../platform/database/unit-of-work';
import type { ChatActor } from './chat-actor';

/** Sessions a user may have at a time; a further one ends the oldest. */
const MAX_SESSIONS = 20;

const LIVE = 's.ended_at is null and s.expires_at > now()';

const ACTOR = `s.id as "sessionId", u.id as "chatUserId", u.app, u.user_id as "userId", u.uuid, u.username,
  u.account_name as "accountName", u.contact_id as "contactId", u.visitor`;

type ActorRow = Omit<ChatActor, 'kind' | 'workspaceId'>;

/** All SQL of the sessions of chat users. Within an open unit of work. */
@Injectable()
export class ChatSessionsRepository {
  constructor(private readonly work: UnitOfWork) {}

  async insert(session: {
    id: string;
    tokenHash: Buffer;
    chatUserId: number;
    expiresAt: Date;
  }): Promise<void> {
    await this.work.current.query(
      'insert into chat_session (id, token_hash, chat_user_id, expires_at) values ($1, $2, $3, $4)',
      [session.id, session.tokenHash, session.chatUserId, session.expiresAt],
    );
    await this.work.current.query(
      `delete from chat_session where id in (
         select id from chat_session s where chat_user_id = $1 order by (${LIVE}) desc, created_at desc, id offset $2)`,
      [session.chatUserId, MAX_SESSIONS],
    );
  }

  async end(id: string): Promise<void> {
    await this.work.current.query(
      'update chat_session set ended_at = now() where id = $1 and ended_at is null',
      [id],
    );
  }

  /** Answers how many there were. */
  async endAllOf(chatUserId: number): Promise<number> {
    const ended = await this.work.current.query(
      `update chat_session s set ended_at = now() where chat_user_id = $1 and ${LIVE} returning 1`,
      [chatUserId],
    );
    return ended.length;
  }

  async findByToken(tokenHash: Buffer): Promise<ChatActor | null> {
    const [row] = await this.work.current.prepared<ActorRow>(
      'chat_session_by_token',
      `select ${ACTOR} from chat_session s join chat_user u on u.id = s.chat_user_id
       where s.token_hash = $1 and ${LIVE}`,
      [tokenHash],
    );
    return row === undefined ? null : this.toActor(row);
  }

  /** Those of these sessions that are not over. */
  async findMany(ids: string[]): Promise<ChatActor[]> {
    const rows = await this.work.current.prepared<ActorRow>(
      'chat_session_find_many',
      `select ${ACTOR} from chat_session s join chat_user u on u.id = s.chat_user_id where s.id = any ($1) and ${LIVE}`,
      [ids],
    );
    return rows.map((row) => this.toActor(row));
  }

  /** The user as their app's server speaks for them; null where they have no live session. */
  async findByName(app: number, name: { userId?: number; username?: string }): Promise<ChatActor | null> {
    const [row] = await this.work.current.prepared<ActorRow>(
      'chat_session_by_name',
      `select ${ACTOR} from chat_user u
       join lateral (select id from chat_session s where s.chat_user_id = u.id and ${LIVE} limit 1) s on true
       where u.app = $1 and ($2::bigint is null or u.user_id = $2)
         and ($3::text is null or lower(u.username) = lower($3)) and ($2 is not null or $3 is not null)`,
      [app, name.userId ?? null, name.username ?? null],
    );
    return row === undefined ? null : { ...this.toActor(row), sessionId: null };
  }

  private toActor(row: ActorRow): ChatActor {
    return { kind: 'chat_user', workspaceId: this.work.current.workspaceId, ...row };
  }
}
