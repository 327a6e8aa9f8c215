import { Injectable } from '@nestjs/common';
import { orderTerms } from '../common/sorting';
import { UnitOfWork } from '../platform/database/unit-of-work';
import type { ChatApp } from './chat-app.types';

const COLUMNS = `id, app_id as "appId", name, secret, previous_secret as "previousSecret", visitors, origins,
  created_at as "createdAt", updated_at as "updatedAt"`;

const SORTS = { name: 'name', created_at: 'created_at', id: 'id' };

/** All SQL of the apps, but of whose one is. Within an open unit of work. */
@Injectable()
export class ChatAppsRepository {
  constructor(private readonly work: UnitOfWork) {}

  async list(sort: string, limit: number, offset: number): Promise<ChatApp[]> {
    return await this.work.current.query<ChatApp>(
      `select ${COLUMNS} from chat_app order by ${orderTerms(sort, SORTS)} limit $1 offset $2`,
      [limit, offset],
    );
  }

  async count(): Promise<number> {
    const [row] = await this.work.current.query<{ count: number }>(
      'select count(*)::int as count from chat_app',
    );
    return row!.count;
  }

  async find(id: number): Promise<ChatApp | null> {
    const [row] = await this.work.current.query<ChatApp>(`select ${COLUMNS} from chat_app where id = $1`, [
      id,
    ]);
    return row ?? null;
  }

  async findByAppId(appId: string): Promise<ChatApp | null> {
    const [row] = await this.work.current.query<ChatApp>(
      `select ${COLUMNS} from chat_app where app_id = $1`,
      [appId],
    );
    return row ?? null;
  }

  /** Until the open transaction ends. */
  async lock(id: number): Promise<ChatApp | null> {
    const [row] = await this.work.current.query<ChatApp>(
      `select ${COLUMNS} from chat_app where id = $1 for no key update`,
      [id],
    );
    return row ?? null;
  }

  /** Null where the app id is taken, here or in another workspace. */
  async insert(
    app: Pick<ChatApp, 'appId' | 'name' | 'secret' | 'visitors' | 'origins'>,
  ): Promise<ChatApp | null> {
    const [row] = await this.work.current.query<ChatApp>(
      `insert into chat_app (app_id, name, secret, visitors, origins) values ($1, $2, $3, $4, $5)
       on conflict (app_id) do nothing returning ${COLUMNS}`,
      [app.appId, app.name, app.secret, app.visitors, app.origins],
    );
    return row ?? null;
  }

  /** The app must be locked. */
  async save(app: ChatApp): Promise<ChatApp> {
    const [row] = await this.work.current.query<ChatApp>(
      `update chat_app set name = $2, visitors = $3, origins = $4, secret = $5, previous_secret = $6, updated_at = now()
       where id = $1 returning ${COLUMNS}`,
      [app.id, app.name, app.visitors, app.origins, app.secret, app.previousSecret],
    );
    return row!;
  }

  /** A foreign key violation where anybody ever wrote through it. */
  async delete(id: number): Promise<void> {
    await this.work.current.query('delete from chat_app where id = $1', [id]);
  }
}
