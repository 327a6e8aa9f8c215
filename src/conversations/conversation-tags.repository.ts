import { Injectable } from '@nestjs/common';
import { UnitOfWork } from '../platform/database/unit-of-work';

/** Which conversation has which tags. Within an open unit of work. */
@Injectable()
export class ConversationTagsRepository {
  constructor(private readonly work: UnitOfWork) {}

  /** By name. */
  async list(conversationIds: number[]): Promise<{ conversationId: number; id: number; name: string }[]> {
    return await this.work.current.prepared(
      'conversation_tag_list',
      `select ct.conversation_id as "conversationId", t.id, t.name
       from conversation_tag ct join tag t on t.id = ct.tag_id
       where ct.conversation_id = any ($1) order by t.name, t.id`,
      [conversationIds],
    );
  }

  /** The conversation must be locked, and the tags be there until the transaction ends. */
  async replace(conversationId: number, tagIds: number[]): Promise<void> {
    await this.work.current.query(
      'delete from conversation_tag where conversation_id = $1 and tag_id <> all ($2::bigint[])',
      [conversationId, tagIds],
    );
    await this.work.current.query(
      `insert into conversation_tag (conversation_id, tag_id)
       select $1, t.id from unnest($2::bigint[]) as t(id) order by t.id on conflict do nothing`,
      [conversationId, tagIds],
    );
  }
}
