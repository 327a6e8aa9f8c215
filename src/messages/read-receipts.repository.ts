import { Injectable } from '@nestjs/common';
import { UnitOfWork } from '../platform/database/unit-of-work';
import { TYPES_WITHOUT_WINDOW } from './messages.repository';

/** A message of a customer, where the customer's provider knows it. */
export interface InboundReference {
  id: number;
  conversationId: number;
  externalId: string;
  channel: string;
  integrationId: number | null;
}

/** All SQL of what customers are told of our reading. Within an open unit of work. */
@Injectable()
export class ReadReceiptsRepository {
  constructor(private readonly work: UnitOfWork) {}

  /** The customer's newest message, or the newest up to `upToId`: marking it marks all before it. */
  async newestInbound(conversationId: number, upToId: number | null): Promise<InboundReference | null> {
    const [row] = await this.work.current.query<InboundReference>(
      `select m.id, c.id as "conversationId", m.whatsapp_message_id as "externalId", c.channel, c.integration_id as "integrationId"
       from message m join conversation c on c.id = m.conversation_id
       where m.conversation_id = $1 and m.sender_type = 'contact' and m.whatsapp_message_id is not null
         and m.type <> all ($2) and ($3::bigint is null or m.id <= $3)
       order by m.id desc limit 1`,
      [conversationId, TYPES_WITHOUT_WINDOW, upToId],
    );
    return row ?? null;
  }

  /** Answers whether that is more than the customer was told so far. */
  async want(conversationId: number, upToId: number): Promise<boolean> {
    const [row] = await this.work.current.query<{ news: boolean }>(
      `insert into read_receipt (conversation_id, wanted_id) values ($1, $2)
       on conflict (workspace_id, conversation_id) do update
         set wanted_id = greatest(read_receipt.wanted_id, excluded.wanted_id)
       returning wanted_id > told_id as news`,
      [conversationId, upToId],
    );
    return row!.news;
  }

  /** Up to where the customer shall be told; null where they were. */
  async wanted(conversationId: number): Promise<number | null> {
    const [row] = await this.work.current.query<{ id: number }>(
      'select wanted_id as id from read_receipt where conversation_id = $1 and wanted_id > told_id',
      [conversationId],
    );
    return row?.id ?? null;
  }

  async told(conversationId: number, upToId: number): Promise<void> {
    await this.work.current.query(
      `insert into read_receipt (conversation_id, wanted_id, told_id) values ($1, $2, $2)
       on conflict (workspace_id, conversation_id) do update set told_id = greatest(read_receipt.told_id, excluded.told_id)`,
      [conversationId, upToId],
    );
  }
}
