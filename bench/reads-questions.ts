import type { Client } from 'pg';
import { COMMON_WORD, LONG_CONVERSATION, MIDDLING_WORD, PREFIX, RARE_WORD, UNIQUE_WORD } from './reads-data';

/** What is asked of the server, and of PostgreSQL by the best SQL we could write by hand for the same answer. */
export interface Question {
  name: string;
  who: 'admin' | 'employer';
  path(random: () => number): string;
  sql: string;
  values(random: () => number): unknown[];
  /** Whether PostgreSQL plans the statement anew each time, as a good plan depends on the words. */
  planned?: 'once' | 'each time';
}

const CONVERSATION = `c.id, c.contact_id, c.channel, c.integration_id, c.status, c.priority, c.assigned_user, c.assigned_bot, c.transfer_note,
  c.unread_count, c.read, c.read_up_to_id, c.read_at, c.last_message_at, c.window_expires_at, c.created_at, c.updated_at,
  k.id as contact, k.uuid, k.external_id, k.name, k.phone_number`;
/** All that the API shows of a message: when a customer's was read, and its files with their signed addresses. */
const MESSAGE = `m.id, m.conversation_id, m.sender_type, m.sender_user, m.sender_bot, m.type, m.body, m.payload, m.reply_to_id,
  m.client_message_id, m.created_at, m.sent_at, m.delivered_at, m.failed_at, m.whatsapp_message_id, m.whatsapp_status,
  m.error_code, m.error_reason, m.edited_at, m.deleted_at, m.deleted_by,
  case when m.sender_type <> 'contact' then m.read_at else (select r.read_at from conversation_read r
    where r.workspace_id = 1 and r.conversation_id = m.conversation_id and r.up_to_id >= m.id order by r.up_to_id limit 1) end as read_at,
  (select json_agg(json_build_object('id', a.id, 'kind', u.kind, 'url', file_url(u.workspace_id, u.uuid, '', u.storage_key),
      'mime_type', u.mime_type, 'name', u.name, 'file_size', u.file_size, 'duration_ms', u.duration_ms, 'width', u.width,
      'height', u.height, 'thumbnail_url', file_url(u.workspace_id, u.uuid, 'thumbnail', u.thumbnail_key),
      'preview_url', file_url(u.workspace_id, u.uuid, 'preview', u.preview_key), 'state', a.state, 'error', a.error) order by a.position)
    from message_attachment a left join upload u on u.workspace_id = 1 and u.id = a.upload_id
    where a.workspace_id = 1 and a.message_id = m.id) as attachments`;

/** Such as the server has with its connections, so that addresses of files can be signed. */
export const FILE_KEYS = `select set_config('app.file_key_inner', repeat('36', 64), false),
  set_config('app.file_key_outer', repeat('5c', 64), false)`;

/** The newest 51 of each part first, then what belongs to them; with `counted`, how many there are in all. */
const inbox = (counted: boolean, ...parts: string[]): string =>
  `select ${CONVERSATION}, ${MESSAGE}${counted ? `, (${parts.map((part) => `(select count(*) from conversation where workspace_id = 1 and ${part})`).join(' + ')}) as total` : ''}
   from (select * from (${parts
     .map(
       (part) =>
         `(select * from conversation where workspace_id = 1 and ${part} order by active_at desc, id desc limit 51)`,
     )
     .join(' union all ')}) either order by active_at desc, id desc limit 51) c
   join contact k on k.workspace_id = 1 and k.id = c.contact_id
   left join message m on m.workspace_id = 1 and m.id = c.last_message_id
   order by c.active_at desc, c.id desc`;

/** What the best SQL by hand would have: a full-text index as one makes it for a single tenant, and one of what is unread. */
export const HAND_MADE_INDEXES = `
  create extension if not exists unaccent;
  create or replace function plain(text) returns text language sql immutable return unaccent('unaccent'::regdictionary, $1);
  create index if not exists hand_made on message using gin (to_tsvector('simple', plain(body)));
  create index if not exists hand_made_unread on conversation (workspace_id, assigned_user) include (unread_count)
    where unread_count > 0;`;
export const WITHOUT_HAND_MADE_INDEXES = 'drop index hand_made, hand_made_unread';

/** The ids first: it is for them that PostgreSQL plans anew, and what is shown of them it plans once. */
const found = (more = ''): string =>
  `select m.id from message m where m.workspace_id = 1 and to_tsvector('simple', plain(m.body)) @@ to_tsquery('simple', $1) ${more}
   order by m.id desc limit 21`;
const SEEN = `and exists (select from conversation c where c.workspace_id = 1 and c.id = m.conversation_id
  and (c.assigned_user is null or c.assigned_user = $2))`;

/** @param first the smallest id of a conversation; the first one is the long one */
export function questionsOf(first: number, conversations: number, employer: number): Question[] {
  const any = (random: () => number): number => first + 1 + Math.floor(random() * (conversations - 1));
  const searches: Question[] = (
    [
      ['one message', UNIQUE_WORD],
      ['a rare word', RARE_WORD],
      ['a common word', COMMON_WORD],
      ['two words', `${COMMON_WORD} ${RARE_WORD}`],
      ['two words that often meet', `${COMMON_WORD} ${MIDDLING_WORD}`],
      ['a middling word', MIDDLING_WORD],
      ['the beginning of words', PREFIX],
    ] as const
  ).flatMap(([what, words]) => {
    const query = words
      .split(' ')
      .map((word) => `${word.normalize('NFD').replace(/[\u0300-\u036f]/g, '')}:*`)
      .join(' & ');
    const path = (): string => `/messages/search?q=${encodeURIComponent(words)}`;
    return [
      {
        name: `search: ${what}`,
        who: 'admin',
        path,
        sql: found(),
        values: () => [query],
        planned: 'each time',
      },
      {
        name: `search: ${what}`,
        who: 'employer',
        path,
        sql: found(SEEN),
        values: () => [query, employer],
        planned: 'each time',
      },
    ] as Question[];
  });
  return [
    {
      name: 'nothing: the way there and back',
      who: 'admin',
      path: () => '/health/live',
      sql: 'select 1',
      values: () => [],
    },
    ...[true, false].flatMap((counted): Question[] => {
      const name = counted ? 'inbox, 50 and their total' : 'inbox, 50';
      const path = (): string => `/conversations?limit=50&with_total=${counted}`;
      const mine = inbox(counted, 'assigned_user is null', 'assigned_user = $1');
      return [
        { name, who: 'admin', path, sql: inbox(counted, 'true'), values: () => [] },
        { name, who: 'employer', path, sql: mine, values: () => [employer] },
      ];
    }),
    {
      name: 'history, 50 of an ordinary conversation',
      who: 'admin',
      path: (random) => `/messages/conversation/${any(random)}/cursor?limit=50`,
      sql: `select ${MESSAGE} from message m where m.workspace_id = 1 and m.conversation_id = $1 order by m.id desc limit 51`,
      values: (random) => [any(random)],
    },
    {
      name: 'history, 50 at a place in a long one',
      who: 'admin',
      path: (random) =>
        `/messages/conversation/${first}/cursor?limit=50&cursor=${Buffer.from(
          JSON.stringify([first, Math.ceil(random() * LONG_CONVERSATION * 100)]),
        ).toString('base64url')}`,
      sql: `select ${MESSAGE} from message m where m.workspace_id = 1 and m.conversation_id = $1 and m.id < $2 order by m.id desc limit 51`,
      values: (random) => [first, Math.ceil(random() * LONG_CONVERSATION * 100)],
    },
    {
      name: 'unread in all',
      who: 'admin',
      path: () => '/messages/unread-count',
      sql: `select sum(unread_count), count(*) from conversation where workspace_id = 1 and unread_count > 0`,
      values: () => [],
    },
    {
      name: 'unread in all',
      who: 'employer',
      path: () => '/messages/unread-count',
      sql: `select sum(unread_count), count(*) from conversation
            where workspace_id = 1 and unread_count > 0 and (assigned_user is null or assigned_user = $1)`,
      values: () => [employer],
    },
    {
      name: 'unread in one',
      who: 'admin',
      path: (random) => `/messages/unread-count?conversationId=${any(random)}`,
      sql: 'select unread_count from conversation where workspace_id = 1 and id = $1',
      values: (random) => [any(random)],
    },
    {
      name: 'search one conversation',
      who: 'admin',
      path: (random) => `/messages/conversation/${any(random)}/search?q=${COMMON_WORD}`,
      sql: found('and m.conversation_id = $2'),
      values: (random) => [`${COMMON_WORD}:*`, any(random)],
      planned: 'each time',
    },
    {
      name: 'search a long conversation',
      who: 'admin',
      path: () => `/messages/conversation/${first}/search?q=${RARE_WORD}`,
      sql: found('and m.conversation_id = $2'),
      values: () => [`${RARE_WORD}:*`, first],
      planned: 'each time',
    },
    ...searches,
  ];
}

/** What a search has found. */
const WHOLE = `select ${MESSAGE} from message m where m.workspace_id = 1 and m.id = any ($1) order by m.id desc`;

/** One answer of PostgreSQL. */
export async function ask(db: Client, question: Question, random: () => number): Promise<void> {
  const { sql, name, who } = question;
  const once = question.planned === 'each time' ? {} : { name: `${name} ${who}`.slice(0, 60) };
  const { rows } = await db.query<{ id: string }>({ text: sql, values: question.values(random), ...once });
  if (question.planned === 'each time')
    await db.query({ name: 'whole', text: WHOLE, values: [rows.map((row) => row.id)] });
}
