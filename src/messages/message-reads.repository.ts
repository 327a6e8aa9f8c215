import { Injectable } from '@nestjs/common';
import { UnitOfWork } from '../platform/database/unit-of-work';
import { MESSAGE_COLUMNS } from './messages.repository';
import type { DeliveryStatus, Message, SenderType } from './messages.types';

export interface MessageFilter {
  visibleOnlyTo: number | null;
  conversationId?: number;
  contactId?: number;
  senderType?: SenderType;
  senderUser?: number;
  type?: string;
  status?: DeliveryStatus;
  since?: string;
  until?: string;
}

/** Ids that lie on one side of a place, nearest first. */
export interface Side {
  before?: number;
  after?: number;
}

const UNREAD_BY_CONTACT = `sender_type <> 'contact' and deleted_at is null and whatsapp_status not in ('read', 'failed')`;

/** What may be read of messages, besides their text's search. Within an open unit of work. */
@Injectable()
export class MessageReadsRepository {
  constructor(private readonly work: UnitOfWork) {}

  /** Newest first; with `after`, oldest first. */
  async list(filter: MessageFilter, side: Side, limit: number, offset = 0): Promise<Message[]> {
    const { where, values } = conditions(filter, side);
    return await this.work.current.query<Message>(
      `select ${MESSAGE_COLUMNS} from message where ${where}
       order by id ${side.after === undefined ? 'desc' : 'asc'} limit ${limit} offset ${offset}`,
      values,
    );
  }

  async count(filter: MessageFilter): Promise<number> {
    const { where, values } = conditions(filter, {});
    const [row] = await this.work.current.query<{ count: number }>(
      `select count(*) as count from message where ${where}`,
      values,
    );
    return row!.count;
  }

  /** Older than a place, newest first. */
  async older(conversationId: number, before: number, limit: number): Promise<Message[]> {
    return await this.work.current.prepared<Message>(
      'message_older',
      `select ${MESSAGE_COLUMNS} from message where conversation_id = $1 and id < $2 order by id desc limit $3`,
      [conversationId, before, limit],
    );
  }

  /** Newer than a place, oldest first. */
  async newer(conversationId: number, after: number, limit: number): Promise<Message[]> {
    return await this.work.current.prepared<Message>(
      'message_newer',
      `select ${MESSAGE_COLUMNS} from message where conversation_id = $1 and id > $2 order by id limit $3`,
      [conversationId, after, limit],
    );
  }

  /** Our messages that the customer has not read, without those that never reached them. */
  async countUnreadByContact(conversationId: number): Promise<number> {
    const [row] = await this.work.current.query<{ count: number }>(
      `select count(*) as count from message
       where conversation_id = $1 and ${UNREAD_BY_CONTACT}`,
      [conversationId],
    );
    return row!.count;
  }

  /** Our messages after a place that the customer has not read; by id. */
  async unreadByContact(conversationId: number, after: number, limit: number): Promise<number[]> {
    const rows = await this.work.current.query<{ id: number }>(
      `select id from message where conversation_id = $1 and id > $2 and ${UNREAD_BY_CONTACT} order by id limit $3`,
      [conversationId, after, limit],
    );
    return rows.map((row) => row.id);
  }

  /** How many those are in each conversation. In the same order. */
  async countUnreadByContactAfter(marks: { conversationId: number; upToId: number }[]): Promise<number[]> {
    const rows = await this.work.current.query<{ count: number }>(
      `select (select count(*) from message where conversation_id = mark.conversation and id > mark.up_to
         and ${UNREAD_BY_CONTACT}) as count
       from unnest($1::bigint[], $2::bigint[]) with ordinality as mark(conversation, up_to, place) order by place`,
      [marks.map((m) => m.conversationId), marks.map((m) => m.upToId)],
    );
    return rows.map((row) => row.count);
  }

  /** Messages of ours after a place in each conversation that are sent, and no more than that is known; by id. */
  async undelivered(marks: { conversationId: number; upToId: number }[], limit: number): Promise<Message[]> {
    return await this.work.current.prepared<Message>(
      'message_undelivered',
      `select ${MESSAGE_COLUMNS} from message where id = any (array(
         select m.id from unnest($1::bigint[], $2::bigint[]) as mark(conversation, up_to)
         join message m on m.conversation_id = mark.conversation and m.id > mark.up_to
         where m.sender_type <> 'contact' and m.whatsapp_status = 'sent' and m.deleted_at is null
         order by m.id limit $3)) order by id`,
      [marks.map((m) => m.conversationId), marks.map((m) => m.upToId), limit],
    );
  }

  /** Messages of the customer between this read mark and the one before it; by id. */
  async readTogether(conversationId: number, upToId: number, limit: number): Promise<number[]> {
    const rows = await this.work.current.prepared<{ id: number }>(
      'message_read_together',
      `select id from (
         select id from message where conversation_id = $1 and id <= $2 and sender_type = 'contact' and deleted_at is null
           and id > coalesce((select max(r.up_to_id) from conversation_read r
             where r.conversation_id = $1 and r.up_to_id < $2), 0)
         order by id desc limit $3) newest order by id`,
      [conversationId, upToId, limit],
    );
    return rows.map((row) => row.id);
  }

  async findByExternalId(externalId: string): Promise<number | null> {
    const [row] = await this.work.current.prepared<{ id: number }>(
      'message_find_by_external_id',
      'select id from message where whatsapp_message_id = $1',
      [externalId],
    );
    return row?.id ?? null;
  }

  /** Messages of the customer, without deleted ones, that say just this, among the newest of the last so many seconds. */
  async timesSaid(conversationId: number, body: string, newest: number, seconds: number): Promise<number> {
    const [row] = await this.work.current.prepared<{ times: number }>(
      'message_times_said',
      `select count(*)::int as times
       from (select sender_type, body, created_at, deleted_at from message where conversation_id = $1 order by id desc limit $3) latest
       where sender_type = 'contact' and body = $2 and deleted_at is null and created_at >= now() - make_interval(secs => $4)`,
      [conversationId, body, newest, seconds],
    );
    return row!.times;
  }

  /** The customer's messages after a place in each conversation, without deleted ones. In the same order. */
  async countUnreadAfter(marks: { conversationId: number; upToId: number }[]): Promise<number[]> {
    const rows = await this.work.current.query<{ count: number }>(
      `select (select count(*) from message where conversation_id = mark.conversation and id > mark.up_to
         and sender_type = 'contact' and deleted_at is null) as count
       from unnest($1::bigint[], $2::bigint[]) with ordinality as mark(conversation, up_to, place) order by place`,
      [marks.map((m) => m.conversationId), marks.map((m) => m.upToId)],
    );
    return rows.map((row) => row.count);
  }
}

/** Only what is asked for stands in the statement, which is planned anew each time. */
function conditions(filter: MessageFilter, side: Side): { where: string; values: unknown[] } {
  const values: unknown[] = [];
  const parts: string[] = [];
  const add = (value: unknown, condition: (place: string) => string): void => {
    if (value === undefined || value === null) return;
    values.push(value);
    parts.push(condition(`$${values.length}`));
  };
  add(
    filter.visibleOnlyTo,
    (user) => `exists (select from conversation c where c.id = message.conversation_id
      and (c.assigned_user is null or c.assigned_user = ${user}))`,
  );
  add(filter.conversationId, (id) => `conversation_id = ${id}`);
  add(
    filter.contactId,
    (id) => `conversation_id = any (array(select c.id from conversation c where c.contact_id = ${id}))`,
  );
  add(filter.senderType, (type) => `sender_type = ${type}`);
  add(filter.senderUser, (id) => `sender_user = ${id}`);
  add(filter.type, (type) => `type = ${type}`);
  add(filter.since, (time) => `created_at >= ${time}::timestamptz`);
  add(filter.until, (time) => `created_at < ${time}::timestamptz`);
  add(side.before, (id) => `id < ${id}`);
  add(side.after, (id) => `id > ${id}`);
  // What customers wrote is stored as delivered and read as far as its conversation is.
  add(
    filter.status,
    (status) => `case when sender_type <> 'contact' then whatsapp_status
      when id <= (select c.read_up_to_id from conversation c where c.id = message.conversation_id) then 'read'
      else whatsapp_status end = ${status}`,
  );
  return { where: parts.length === 0 ? 'true' : parts.join(' and '), values };
}
