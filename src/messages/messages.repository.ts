import { Injectable } from '@nestjs/common';
import type { Thread } from '../conversations/conversations.types';
import { ofAnyLength } from '../platform/database/parameters';
import { UnitOfWork } from '../platform/database/unit-of-work';
import { ATTACHMENTS } from './attachments.repository';
import type { Delivery } from './delivery-state';
import type { Message } from './messages.types';

/** A message of ours, and where it belongs. */
export interface OutboundMessage extends Omit<Message, 'attachments'> {
  assignedUser: number | null;
  assignedBot: number | null;
  integrationId: number | null;
}

export interface OutboundRow {
  conversationId: number;
  senderType: 'user' | 'bot' | 'system';
  senderUser: number | null;
  senderBot: number | null;
  type: string;
  body: string | null;
  payload: object | null;
  /** Nothing is left to be done for it: it is not sent but fetched. */
  isSent: boolean;
  replyToId: number | null;
  clientMessageId: string | null;
  /** Of the request, where it may come again. */
  requestHash: Buffer | null;
  /** The first message of the same request. */
  partOf: number | null;
}

/** Something the customer did, but no message that would let us answer freely for another 24 hours. */
export const TYPES_WITHOUT_WINDOW = ['reaction', 'system', 'edit', 'revoke'];

/** A {@link Message} without its attachments. A customer's message is read as far as its conversation is; its row knows nothing of that. */
export const MESSAGE_ROW = `id, conversation_id as "conversationId", sender_type as "senderType", sender_user as "senderUser",
  sender_bot as "senderBot", type, body, payload, reply_to_id as "replyToId", client_message_id as "clientMessageId",
  created_at as "createdAt", sent_at as "sentAt", delivered_at as "deliveredAt",
  case when sender_type <> 'contact' then read_at else (
    select r.read_at from conversation_read r where r.conversation_id = message.conversation_id and r.up_to_id >= message.id
    order by r.up_to_id limit 1) end as "readAt",
  failed_at as "failedAt", whatsapp_message_id as "whatsappMessageId", whatsapp_status as "whatsappStatus",
  error_code as "errorCode", error_reason as "errorReason",
  edited_at as "editedAt", deleted_at as "deletedAt", deleted_by as "deletedBy"`;

/** A whole {@link Message}, of the table under its own name. */
export const MESSAGE_COLUMNS = `${MESSAGE_ROW}, ${ATTACHMENTS} as attachments`;

/** All SQL of messages but of what comes in and of the outbox. Within an open unit of work. */
@Injectable()
export class MessagesRepository {
  constructor(private readonly work: UnitOfWork) {}

  /** The conversation must be locked. Null where the client's id was used in it before. */
  async insertOutbound(row: OutboundRow): Promise<Message | null> {
    const [message] = await this.work.current.prepared<Message>(
      'message_insert_outbound',
      `insert into message (conversation_id, sender_type, sender_user, sender_bot, type, body, payload, reply_to_id, client_message_id,
                            request_hash, part_of, whatsapp_status, sent_at)
       values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11,
               case when $12 then 'sent' else 'pending' end, case when $12 then now() end)
       on conflict (workspace_id, conversation_id, client_message_id) where client_message_id is not null do nothing
       returning ${MESSAGE_COLUMNS}`,
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
        row.requestHash,
        row.partOf,
        row.isSent,
      ],
    );
    return message ?? null;
  }

  async findByClientId(conversationId: number, clientMessageId: string): Promise<number | null> {
    const [row] = await this.work.current.query<{ id: number }>(
      'select id from message where conversation_id = $1 and client_message_id = $2',
      [conversationId, clientMessageId],
    );
    return row?.id ?? null;
  }

  /** The same in any conversation of a thread, open or not. */
  async findByThreadAndClientId(thread: Thread, clientMessageId: string): Promise<number | null> {
    const [row] = await this.work.current.query<{ id: number }>(
      `select m.id from conversation c join message m on m.conversation_id = c.id and m.client_message_id = $4
       where c.contact_id = $1 and c.channel = $2 and c.integration_id is not distinct from $3`,
      [thread.contactId, thread.channel, thread.integrationId, clientMessageId],
    );
    return row?.id ?? null;
  }

  /** Until the transaction ends, nobody else holds this id of a client's for this contact. Before any row is locked. */
  async lockClientId(contactId: number, clientMessageId: string): Promise<void> {
    const { workspaceId } = this.work.current;
    await this.work.current.query('select pg_advisory_xact_lock(hashtextextended($1, 0))', [
      `send/${workspaceId}/${contactId}/${clientMessageId}`,
    ]);
  }

  /** What a message of ours was asked for with, and the others that the same request became. */
  async findRequest(id: number): Promise<{ hash: Buffer | null; followedBy: number[] }> {
    const [row] = await this.work.current.query<{ hash: Buffer | null; followedBy: number[] }>(
      `select request_hash as hash,
         array(select other.id from message other where other.part_of = message.id order by other.id) as "followedBy"
       from message where id = $1`,
      [id],
    );
    return row!;
  }

  async findMany(ids: number[]): Promise<Message[]> {
    return await this.work.current.prepared<Message>(
      'message_find_many',
      `select ${MESSAGE_COLUMNS} from message where id = any (${ofAnyLength('$1')})`,
      [ids],
    );
  }

  /** The message with whose it is, which stays so until the transaction ends. Null where it is gone. */
  async findWithAssignee(
    id: number,
  ): Promise<(Message & Pick<OutboundMessage, 'assignedUser' | 'assignedBot'>) | null> {
    const [row] = await this.work.current.query<{ assignedUser: number | null; assignedBot: number | null }>(
      `select assigned_user as "assignedUser", assigned_bot as "assignedBot" from conversation
       where id = (select conversation_id from message where id = $1) for share`,
      [id],
    );
    const [message] = await this.findMany([id]);
    return row === undefined || message === undefined ? null : { ...message, ...row };
  }

  /** Newest first. */
  async history(conversationId: number, limit: number, offset: number): Promise<Message[]> {
    return await this.work.current.query<Message>(
      `select ${MESSAGE_COLUMNS} from message where conversation_id = $1 order by id desc limit $2 offset $3`,
      [conversationId, limit, offset],
    );
  }

  /** The message and those before it, at most `limit`, newest first. */
  async upTo(conversationId: number, messageId: number, limit: number): Promise<Message[]> {
    return await this.work.current.prepared<Message>(
      'message_up_to',
      `select ${MESSAGE_COLUMNS} from message where conversation_id = $1 and id <= $2 order by id desc limit $3`,
      [conversationId, messageId, limit],
    );
  }

  /** How many of the newest messages of a conversation bots have sent lately. */
  async recentOfBots(conversationId: number): Promise<{ inMinute: number; inHour: number }> {
    const [row] = await this.work.current.prepared<{ inMinute: number; inHour: number }>(
      'message_recent_of_bots',
      `select count(*) filter (where created_at > now() - interval '1 minute')::int as "inMinute",
         count(*) filter (where created_at > now() - interval '1 hour')::int as "inHour"
       from (select sender_type, created_at from message where conversation_id = $1 order by id desc limit 300) newest
       where sender_type = 'bot'`,
      [conversationId],
    );
    return row!;
  }

  async countOf(conversationId: number): Promise<number> {
    const [row] = await this.work.current.query<{ count: number }>(
      'select count(*)::int as count from message where conversation_id = $1',
      [conversationId],
    );
    return row!.count;
  }

  /**
   * Messages of ours by id or by the provider's id, locked in the order of their ids; then their conversations, in
   * the order of theirs, so that whose they are stays so until the transaction ends. Not for a transaction that
   * changes conversations as well.
   */
  async lockOutbound(ids: number[], externalIds: string[]): Promise<OutboundMessage[]> {
    return await this.work.current.prepared(
      'message_lock_outbound',
      `with m as (
         select ${MESSAGE_ROW} from message
         where (id = any (${ofAnyLength('$1')}) or whatsapp_message_id = any (${ofAnyLength('$2', 'text')}))
           and sender_type <> 'contact'
         order by id for no key update
       )
       select m.*, c.assigned_user as "assignedUser", c.assigned_bot as "assignedBot", c.integration_id as "integrationId"
       from m join conversation c on c.id = m."conversationId" order by c.id, m.id for share of c`,
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
       from unnest(${ofAnyLength('$1')}, $2::text[], $3::text[], $4::timestamptz[], $5::timestamptz[], $6::timestamptz[],
                   $7::timestamptz[], $8::int[], $9::text[]) as d(id, external_id, status, sent_at, delivered_at, read_at, failed_at, code, reason)
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
