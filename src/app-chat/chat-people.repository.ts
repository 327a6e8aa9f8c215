import { Injectable } from '@nestjs/common';
import { ofAnyLength } from '../platform/database/parameters';
import { UnitOfWork } from '../platform/database/unit-of-work';

/** A member of staff, as users of the live chat see them. */
export interface ChatAdmin {
  id: number;
  username: string;
  name: string;
}

/** Names of those who answer in the live chat. Within an open unit of work. */
@Injectable()
export class ChatPeopleRepository {
  constructor(private readonly work: UnitOfWork) {}

  async admins(ids: number[]): Promise<Map<number, ChatAdmin>> {
    if (ids.length === 0) return new Map();
    const rows = await this.work.current.prepared<ChatAdmin>(
      'chat_people_admins',
      `select id, username, name from users where id = any (${ofAnyLength('$1')})`,
      [ids],
    );
    return new Map(rows.map((row) => [row.id, row]));
  }

  async bots(ids: number[]): Promise<Map<number, string>> {
    if (ids.length === 0) return new Map();
    const rows = await this.work.current.prepared<{ id: number; name: string }>(
      'chat_people_bots',
      `select id, name from bot where id = any (${ofAnyLength('$1')})`,
      [ids],
    );
    return new Map(rows.map((row) => [row.id, row.name]));
  }
}
