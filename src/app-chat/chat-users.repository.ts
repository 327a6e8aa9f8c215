import { Injectable } from '@nestjs/common';
import { UnitOfWork } from '../platform/database/unit-of-work';
import type { ChatUser } from './chat-user.types';

const COLUMNS = `id, uuid, app, user_id as "userId", username, account_name as "accountName",
  phone_number as "phoneNumber", status, visitor, contact_id as "contactId", last_login as "lastLogin",
  created_at as "createdAt"`;

export type NewChatUser = Omit<ChatUser, 'uuid' | 'lastLogin' | 'createdAt'>;

/** All SQL of the people who write in the live chat. Within an open unit of work. */
@Injectable()
export class ChatUsersRepository {
  constructor(private readonly work: UnitOfWork) {}

  async findMany(ids: number[]): Promise<ChatUser[]> {
    if (ids.length === 0) return [];
    return await this.work.current.query<ChatUser>(`select ${COLUMNS} from chat_user where id = any ($1)`, [
      ids,
    ]);
  }

  /** Those whom any app of the workspace knows by this number. */
  async findByUserId(userId: number): Promise<ChatUser[]> {
    return await this.work.current.query<ChatUser>(`select ${COLUMNS} from chat_user where user_id = $1`, [
      userId,
    ]);
  }

  async findOf(app: number, name: { userId: number } | { username: string }): Promise<ChatUser | null> {
    const [row] = await this.work.current.query<ChatUser>(
      `select ${COLUMNS} from chat_user where app = $1
         and ${'userId' in name ? 'user_id = $2' : 'lower(username) = lower($2)'}`,
      [app, 'userId' in name ? name.userId : name.username],
    );
    return row ?? null;
  }

  /** Until the open transaction ends: what one user does happens one after another. */
  async lock(id: number): Promise<ChatUser | null> {
    const [row] = await this.work.current.prepared<ChatUser>(
      'chat_user_lock',
      `select ${COLUMNS} from chat_user where id = $1 for no key update`,
      [id],
    );
    return row ?? null;
  }

  /** The id of somebody to come. */
  async drawId(): Promise<number> {
    const [row] = await this.work.current.query<{ id: number }>(
      `select nextval(pg_get_serial_sequence('chat_user', 'id'))::bigint as id`,
    );
    return row!.id;
  }

  /** Null where the app has somebody of this number or name already. */
  async insert(user: NewChatUser): Promise<ChatUser | null> {
    const [row] = await this.work.current.query<ChatUser>(
      `insert into chat_user (id, app, user_id, username, account_name, phone_number, status, visitor, contact_id)
       overriding system value values ($1, $2, $3, $4, $5, $6, $7, $8, $9)
       on conflict do nothing returning ${COLUMNS}`,
      [
        user.id,
        user.app,
        user.userId,
        user.username,
        user.accountName,
        user.phoneNumber,
        user.status,
        user.visitor,
        user.contactId,
      ],
    );
    return row ?? null;
  }

  /** What the app says of them now, and that they came; null: they are gone. A unique violation where the username is another's. */
  async cameAgain(
    user: Pick<ChatUser, 'id' | 'username' | 'accountName' | 'phoneNumber' | 'status'>,
  ): Promise<ChatUser | null> {
    const [row] = await this.work.current.query<ChatUser>(
      `update chat_user set username = $2, account_name = $3, phone_number = $4, status = $5, last_login = now()
       where id = $1 returning ${COLUMNS}`,
      [user.id, user.username, user.accountName, user.phoneNumber, user.status],
    );
    return row ?? null;
  }

  async moveAll(fromContact: number, toContact: number): Promise<void> {
    await this.work.current.query('update chat_user set contact_id = $2 where contact_id = $1', [
      fromContact,
      toContact,
    ]);
  }
}
