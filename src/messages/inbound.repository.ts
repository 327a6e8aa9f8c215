import { Injectable } from '@nestjs/common';
import { type AskedSender, KNOWN_SENDERS } from '../contacts/known-senders.policy';
import { OPEN_OF_THREAD } from '../conversations/conversation-threads.policy';
import type { Thread } from '../conversations/conversations.types';
import { ofAnyLength } from '../platform/database/parameters';
import { type Statement, UnitOfWork } from '../platform/database/unit-of-work';
import { attachmentsOf } from './attachments.repository';
import { MESSAGE_EVENTS } from './message.events';
import { MESSAGE_ROW, TYPES_WITHOUT_WINDOW } from './messages.repository';
import type { Message } from './messages.types';
import { storedHere } from './stored-here';

/** A message of a customer, ready to be stored. */
export interface InboundRow {
  type: string;
  body: string | null;
  payload: object | null;
  sentAt: Date;
  externalId: string;
}

export interface StoredInbound {
  id: number;
  externalId: string;
}

const ALREADY_STORED = `(workspace_id, whatsapp_message_id) where whatsapp_message_id is not null`;

/** Stores the rows of `m` in the order of `m.place`; ids are drawn in that order. */
const ADDED = (conversationId: string, from: string): string => `
  insert into message (conversation_id, sender_type, type, body, payload, sent_at, delivered_at, whatsapp_message_id,
                       whatsapp_status)
  select ${conversationId}, 'contact', m.type, m.body, m.payload, m.sent_at, now(), m.external_id, 'delivered'
  from ${from} order by m.place
  on conflict ${ALREADY_STORED} do nothing
  returning id, conversation_id, whatsapp_message_id, type, sent_at`;

/** Counts what was `added`. The array names the conversations for the planner, which otherwise may walk the whole workspace. */
const COUNTED = (ids: string): string => `
  update conversation set
    unread_count = unread_count + n.messages, read = false, last_message_id = n.newest, last_message_at = now(),
    window_expires_at = greatest(window_expires_at, n.opened_at + interval '24 hours'), updated_at = now()
  from (select conversation_id, count(*)::int as messages, max(id) as newest,
               max(least(sent_at, now())) filter (where type <> all ('{${TYPES_WITHOUT_WINDOW.join(',')}}')) as opened_at
        from added group by conversation_id) n
  where conversation.id = n.conversation_id and conversation.id = any (${ids})`;

const STORED = `select id, whatsapp_message_id as "externalId" from added order by id`;

/** As `Date.toISOString` writes it; connections work in UTC. */
const ISO = (column: string): string => `to_char(${column}, 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"')`;

const quoted = (text: string): string => `'"' || ${text} || '"'`;
const orNull = (json: string): string => `coalesce(${json}, 'null')`;

/**
 * SQL for the text of a JSON object of which each value is SQL for text, never null. Half the price of
 * json_build_object, which looks every argument's type up for every row.
 */
function objectText(values: Record<string, string>): string {
  const members = Object.entries(values).map(
    ([key, value], at) => `'${at === 0 ? '{' : ','}"${key}":' || ${value}`,
  );
  return `${members.join(' || ')} || '}'`.replaceAll(`' || '`, '');
}

/** Of a message `m` and its conversation `c`, both changed by this transaction, whose time is `moment.text`. */
const newMessageText = (attachments: string): string =>
  objectText({
    id: 'm.id',
    conversation_id: 'm.conversation_id',
    sender_type: `'"contact"'`,
    sender_user: `'null'`,
    sender_bot: `'null'`,
    type: 'to_json(m.type)',
    body: orNull('to_json(m.body)::text'),
    payload: orNull('m.payload::text'),
    reply_to_id: orNull('m.reply_to_id::text'),
    client_message_id: `'null'`,
    whatsapp_message_id: 'to_json(m.whatsapp_message_id)',
    whatsapp_status: quoted('m.whatsapp_status'),
    created_at: quoted('moment.text'),
    sent_at: quoted(ISO('m.sent_at')),
    delivered_at: quoted('moment.text'),
    read_at: `'null'`,
    failed_at: `'null'`,
    error_code: `'null'`,
    error_reason: `'null'`,
    edited_at: `'null'`,
    deleted_at: `'null'`,
    deleted_by: `'null'`,
    attachments,
    conversation: objectText({
      id: 'c.id',
      channel: quoted('c.channel'),
      status: quoted('c.status'),
      assigned_user: orNull('c.assigned_user::text'),
      assigned_bot: orNull('c.assigned_bot::text'),
      unread_count: 'c.unread_count',
      read: 'c.read::text',
      last_message_at: quoted('moment.text'),
      window_expires_at: orNull(quoted(ISO('c.window_expires_at'))),
      updated_at: quoted('moment.text'),
    }),
  });

/** Entries of the journal for messages `m` with their conversations `c`, in the order of their ids. */
const ANNOUNCED = (attachments: string, from: string, where = 'true'): string => `
  insert into event (type, conversation_id, audience, payload)
  select '${MESSAGE_EVENTS.NEW}', m.conversation_id, case when c.assigned_user is not null then array[c.assigned_user] end,
    (${newMessageText(attachments)})::json
  from (select ${ISO('now()')} as text offset 0) moment, ${from} where ${where} order by m.id`;

/** All SQL of what customers say. Within an open unit of work. */
@Injectable()
export class InboundRepository {
  constructor(private readonly work: UnitOfWork) {}

  /**
   * Stores messages in their order and counts them on their conversations, which must be locked. One that is stored
   * already (same external id) is left out of the answer and changes nothing.
   */
  async insert(rows: (InboundRow & { conversationId: number })[]): Promise<StoredInbound[]> {
    return await this.work.current.prepared<StoredInbound>(
      'inbound_insert',
      `with added as (${ADDED(
        'm.conversation_id',
        `unnest($1::bigint[], $2::text[], $3::text[], $4::jsonb[], $5::timestamptz[], $6::text[])
           with ordinality as m(conversation_id, type, body, payload, sent_at, external_id, place)`,
      )}), counted as (${COUNTED('$1')}) ${STORED}`,
      [rows.map((r) => r.conversationId), ...columnsOf(rows)],
    );
  }

  /**
   * One message, into a conversation that is locked and whose customer may be answered freely at any time: stored,
   * counted, and without files also announced, in one statement, which then is the last of the unit of work. Null where
   * its external id is taken.
   */
  async insertOne(
    conversationId: number,
    row: InboundRow & { replyToId: number | null },
    withFiles: boolean,
  ): Promise<Message | null> {
    const statement: Statement = {
      name: 'inbound_insert_one',
      sql: `with added as (
         insert into message (conversation_id, sender_type, type, body, payload, sent_at, delivered_at, whatsapp_message_id,
                              whatsapp_status, reply_to_id)
         values ($1, 'contact', $2, $3, $4, $5, now(), $6, 'delivered', $7)
         on conflict ${ALREADY_STORED} do nothing
         returning *
       ), counted as (
         update conversation set unread_count = unread_count + 1, read = false, last_message_id = added.id,
           last_message_at = now(), updated_at = now()
         from added where conversation.id = $1
         returning conversation.*
       ), announced as (${ANNOUNCED(`'[]'`, 'added m, counted c', 'not $8')})
       select ${MESSAGE_ROW}, '[]'::json as attachments from added message`,
      values: [
        conversationId,
        row.type,
        row.body,
        row.payload === null ? null : JSON.stringify(row.payload),
        row.sentAt,
        row.externalId,
        row.replyToId,
        withFiles,
      ],
    };
    const tx = this.work.current;
    const [added] = await (withFiles
      ? tx.prepared<Message>(statement.name, statement.sql, statement.values)
      : tx.preparedLast<Message>(statement));
    return added ?? null;
  }

  /**
   * What is usual, in one way there and back, which ends the unit of work: messages of customers of whom there is nothing
   * to learn, into their open conversations, which it locks in the order of their ids; with what follows. Nothing is stored
   * where one of the customers is another; a message whose thread has none open is left out, as is one that is there.
   * Answers the external ids of those stored.
   */
  async takeUsual(
    rows: (InboundRow & Omit<Thread, 'contactId'>)[],
    senders: AskedSender[],
    followUps: Statement[],
  ): Promise<string[]> {
    const stored = await this.work.current.preparedLast<StoredInbound>(
      {
        name: 'inbound_take_usual',
        // "is true": see `ConversationsRepository.lockOpen`. Ids are drawn after the sorting, and so under the locks.
        sql: `with known as materialized (${KNOWN_SENDERS(
          `unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::boolean[], $6::text[], $7::bigint[], $8::text[],
                  $9::text[], $10::jsonb[], $11::timestamptz[], $12::text[]) with ordinality
             as said(scheme, value, other_scheme, other_value, named, channel, integration_id, type, body, payload,
                     sent_at, external_id, place)`,
        )}), open as materialized (
          select id, contact_id, channel, integration_id from conversation
          where (select count(*) from known) = cardinality($1)
            and contact_id = any (array(select contact_id from known)) and (channel = any ($6)) is true
            and ${OPEN_OF_THREAD}
          order by id for no key update
        ), added as (${ADDED(
          'open.id',
          `known as m join open on open.contact_id = m.contact_id and open.channel = m.channel
             and open.integration_id is not distinct from m.integration_id`,
        )}), counted as (${COUNTED('array(select id from open)')}) ${STORED}`,
        values: [
          senders.map((s) => s.scheme),
          senders.map((s) => s.value),
          senders.map((s) => s.otherScheme),
          senders.map((s) => s.otherValue),
          senders.map((s) => s.named),
          rows.map((r) => r.channel),
          rows.map((r) => r.integrationId),
          ...columnsOf(rows),
        ],
      },
      ...followUps,
    );
    return stored.map(({ externalId }) => externalId);
  }

  /** For the open unit of work, which need not wait for them. */
  send(statements: Statement[]): void {
    for (const { name, sql, values } of statements) this.work.current.send(name, sql, values);
  }

  /**
   * Journals `message:new` for those of these messages that its own transaction stored. The payload is put together by the
   * database, which has the rows at hand: for a thousand messages a second, fetching them, building objects and sending
   * those back was the larger part of the work. It equals `toMessageDto` with `toConversationState`, and the audience
   * `audienceOf`; tests compare. `withFiles`: some of them show files; else nobody looks for any.
   */
  announcing(externalIds: string[], withFiles: boolean): Statement {
    return {
      name: withFiles ? 'inbound_announce_files' : 'inbound_announce',
      sql: ANNOUNCED(
        withFiles ? `${attachmentsOf('m.id')}::text` : `'[]'`,
        `unnest(${ofAnyLength('$1', 'text')}) as told(external_id)
         cross join lateral (select * from message where ${storedHere('told.external_id')} limit 1) m
         cross join lateral (select * from conversation where conversation.id = m.conversation_id limit 1) c`,
      ),
      values: [externalIds],
    };
  }

  /** Points those of these messages that its own transaction stored to what they quote, where that is in the same conversation. */
  linkingReplies(replies: { externalId: string; quoted: string }[]): Statement {
    return {
      name: 'inbound_link_replies',
      sql: `update message set reply_to_id = quoted.id
       from unnest($1::text[], $2::text[]) as reply(id, quoted), message quoted
       where ${storedHere('reply.id', 'message')} and message.whatsapp_message_id = any ($1)
         and quoted.whatsapp_message_id = reply.quoted and quoted.whatsapp_message_id = any ($2)
         and quoted.conversation_id = message.conversation_id and quoted.id <> message.id`,
      values: [replies.map((r) => r.externalId), replies.map((r) => r.quoted)],
    };
  }

  /** Which of these ids of the provider's are taken. */
  async findStored(externalIds: string[]): Promise<Set<string>> {
    const rows = await this.work.current.prepared<{ externalId: string }>(
      'inbound_find_stored',
      `select wanted.id as "externalId" from unnest($1::text[]) as wanted(id)
       cross join lateral (select from message where whatsapp_message_id = wanted.id limit 1) m`,
      [externalIds],
    );
    return new Set(rows.map((row) => row.externalId));
  }
}

function columnsOf(rows: InboundRow[]): unknown[][] {
  return [
    rows.map((r) => r.type),
    rows.map((r) => r.body),
    rows.map((r) => (r.payload === null ? null : JSON.stringify(r.payload))),
    rows.map((r) => r.sentAt),
    rows.map((r) => r.externalId),
  ];
}
