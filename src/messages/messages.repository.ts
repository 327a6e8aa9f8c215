import { Injectable } from '@nestjs/common';
import { UnitOfWork } from '../platform/database/unit-of-work';
import type { Delivery } from './delivery-state';
import type { Message } from './messages.types';

/** A message of a customer, ready to be stored. */
export interface InboundRow {
  conversationId: number;
  type: string;
  body: string | null;
  payload: object | null;
  replyToId: number | null;
  sentAt: Date;
  externalId: string;
}

/** What the database added to an inbound message, and how its conversation stands afterwards. */
export interface StoredInbound {
  id: number;
  externalId: string;
  createdAt: Date;
  unreadCount: number;
  windowExpiresAt: Date | null;
}

export interface OutboundRow {
  conversationId: number;
  senderType: 'user' | 'bot' | 'system';
  senderUser: number | null;
  senderBot: number | null;
  type: string;
  body: string | null;
  payload: object | null;
  replyToId: number | null;
  clientMessageId: string | null;
}

/** Something the customer did, but no message that would let us answer freely for another 24 hours. */
const TYPES_WITHOUT_WINDOW = ['reaction', 'system', 'edit', 'revoke'];

const COLUMNS = `id, conversation_id as "conversationId", sender_type as "senderType", sender_user as "senderUser",
  sender_bot as "senderBot", type, body, payload, reply_to_id as "replyToId", client_message_id as "clientMessageId",
  created_at as "createdAt", sent_at as "sentAt", delivered_at as "deliveredAt", read_at as "readAt",
  failed_at as "failedAt", whatsapp_message_id as "whatsappMessageId", whatsapp_status as "whatsappStatus",
  error_code as "errorCode", error_reason as "errorReason"`;

/** All SQL of messages but the outbox's. Within an open unit of work. */
@Injectable()
export class MessagesRepository {
  constructor(private readonly work: UnitOfWork) {}

  /**
   * Stores inbound messages in their order and counts them on their conversations, which must be locked. One
   * that is stored already (same external id) is left out of the answer and changes nothing.
   */
  async insertInbound(rows: InboundRow[]): Promise<StoredInbound[]> {
    return await this.work.current.prepared<StoredInbound>(
      'message_insert_inbound',
      `with added as (
         insert into message (conversation_id, sender_type, type, body, payload, reply_to_id, sent_at, delivered_at,
                              whatsapp_message_id, whatsapp_status)
         select m.conversation_id, 'contact', m.type, m.body, m.payload, m.reply_to, m.sent_at, now(), m.external_id, 'delivered'
         from unnest($1::bigint[], $2::text[], $3::text[], $4::jsonb[], $5::bigint[], $6::timestamptz[], $7::text[])
              with ordinality as m(conversation_id, type, body, payload, reply_to, sent_at, external_id, place)
         order by m.place
         on conflict (workspace_id, whatsapp_message_id) where whatsapp_message_id is not null do nothing
         returning id, conversation_id, whatsapp_message_id, type, created_at, sent_at
       ), counted as (
         update conversation set
           unread_count = unread_count + n.messages, read = false, last_message_id = n.newest, last_message_at = now(),
           window_expires_at = greatest(window_expires_at, n.opened_at + interval '24 hours'), updated_at = now()
         from (select conversation_id, count(*)::int as messages, max(id) as newest,
                      max(sent_at) filter (where type <> all ($8)) as opened_at
               from added group by conversation_id) n
         where conversation.id = n.conversation_id
         returning conversation.id, unread_count, window_expires_at
       )
       select added.id, whatsapp_message_id as "externalId", created_at as "createdAt",
              unread_count as "unreadCount", window_expires_at as "windowExpiresAt"
       from added join counted on counted.id = added.conversation_id order by added.id`,
      [
        rows.map((r) => r.conversationId),
        rows.map((r) => r.type),
        rows.map((r) => r.body),
        rows.map((r) => (r.payload === null ? null : JSON.stringify(r.payload))),
        rows.map((r) => r.replyToId),
        rows.map((r) => r.sentAt),
        rows.map((r) => r.externalId),
        TYPES_WITHOUT_WINDOW,
      ],
    );
  }

  /** Messages of these conversations by the provider's id: what replies refer to. */
  async findQuoted(
    externalIds: string[],
  ): Promise<{ id: number; conversationId: number; externalId: string }[]> {
    return await this.work.current.query(
      `select id, conversation_id as "conversationId", whatsapp_message_id as "externalId" from message
       where whatsapp_message_id = any ($1)`,
      [externalIds],
    );
  }

  /** The conversation must be locked. Null where the client's id was used in it before. */
  async insertOutbound(row: OutboundRow): Promise<Message | null> {
    const [message] = await this.work.current.prepared<Message>(
      'message_insert_outbound',
      `insert into message (conversation_id, sender_type, sender_user, sender_bot, type, body, payload, reply_to_id, client_message_id)
       values ($1, $2, $3, $4, $5, $6, $7, $8, $9)
       on conflict (workspace_id, conversation_id, client_message_id) where client_message_id is not null do nothing
       returning ${COLUMNS}`,
      [
        row.conversationId,
        row.senderType,
        row.senderUser,
        row.senderBot,
        row.type,
        row.body,
        row.payload === null ? null : JSON.stringify(row.payload),
        row.replyToId,
        row.clientMessageId,
      ],
    );
    return message ?? null;
  }

  async findByClientId(conversationId: number, clientMessageId: string): Promise<Message | null> {
    const [message] = await this.work.current.query<Message>(
      `select ${COLUMNS} from message where conversation_id = $1 and client_message_id = $2`,
      [conversationId, clientMessageId],
    );
    return message ?? null;
  }

  async findMany(ids: number[]): Promise<Message[]> {
    return await this.work.current.prepared<Message>(
      'message_find_many',
      `select ${COLUMNS} from message where id = any ($1)`,
      [ids],
    );
  }

  /** Newest first. */
  async history(conversationId: number, limit: number, offset: number): Promise<Message[]> {
    return await this.work.current.query<Message>(
      `select ${COLUMNS} from message where conversation_id = $1 order by id desc limit $2 offset $3`,
      [conversationId, limit, offset],
    );
  }

  async countOf(conversationId: number): Promise<number> {
    const [row] = await this.work.current.query<{ count: number }>(
      'select count(*)::int as count from message where conversation_id = $1',
      [conversationId],
    );
    return row!.count;
  }

  /** Messages of ours by id or by the provider's id, locked in the order of their ids. */
  async lockOutbound(
    ids: number[],
    externalIds: string[],
  ): Promise<(Message & { assignedUser: number | null; assignedBot: number | null })[]> {
    return await this.work.current.prepared(
      'message_lock_outbound',
      `select m.*, c.assigned_user as "assignedUser", c.assigned_bot as "assignedBot"
       from (select ${COLUMNS} from message
             where (id = any ($1) or whatsapp_message_id = any ($2)) and sender_type <> 'contact'
             order by id for no key update) m
       join conversation c on c.id = m."conversationId" order by m.id`,
      [ids, externalIds],
    );
  }

  /** The messages must be locked. */
  async saveDeliveries(
    messages: ({ id: number; whatsappMessageId: string | null } & Delivery)[],
  ): Promise<void> {
    await this.work.current.prepared(
      'message_save_deliveries',
      `update message set whatsapp_message_id = coalesce(message.whatsapp_message_id, d.external_id), whatsapp_status = d.status,
         sent_at = d.sent_at, delivered_at = d.delivered_at, read_at = d.read_at, failed_at = d.failed_at,
         error_code = d.code, error_reason = d.reason,
         sending_since = case when d.status = 'pending' then sending_since end
       from unnest($1::bigint[], $2::text[], $3::text[], $4::timestamptz[], $5::timestamptz[], $6::timestamptz[], $7::timestamptz[],
                   $8::int[], $9::text[]) as d(id, external_id, status, sent_at, delivered_at, read_at, failed_at, code, reason)
       where message.id = d.id`,
      [
        messages.map((m) => m.id),
        messages.map((m) => m.whatsappMessageId),
        messages.map((m) => m.whatsappStatus),
        messages.map((m) => m.sentAt),
        messages.map((m) => m.deliveredAt),
        messages.map((m) => m.readAt),
        messages.map((m) => m.failedAt),
        messages.map((m) => m.errorCode),
        messages.map((m) => m.errorReason),
      ],
    );
  }
}
