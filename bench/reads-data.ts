import type { Client } from 'pg';

/** Messages of an ordinary conversation, on average. */
const PER_CONVERSATION = 10;
/** The first conversation holds this many. */
export const LONG_CONVERSATION = 10_000;
export const COMMON_WORD = 'hola';
export const RARE_WORD = 'cancelacion';
export const UNIQUE_WORD = 'ornitorrinco';
/** A word of the made-up language, and the beginning of some two hundred. */
export const MIDDLING_WORD = 'maña40';
export const PREFIX = 'maña4';

/** Every so manieth message shows a file. */
const PER_FILE = 30;
const WORDS = 30_000;
const EMPLOYERS = 20;

/**
 * A shop's history: texts of nine words, of which some are frequent and most rare, a third of the conversations
 * unassigned, every tenth unread. The same numbers each time.
 */
export async function makeHistory(db: Client, messages: number): Promise<void> {
  const conversations = messages / PER_CONVERSATION;
  await db.query(`select set_config('app.workspace_id', '1', false), setseed(0.5)`);
  const { rows } = await db.query<{ id: string }>(
    `insert into users (name, username, password, role_id)
     select 'reader ' || n, 'reader' || n, '-', (select id from roles where workspace_id = 1 and name = 'employer')
     from generate_series(1, $1) n returning id`,
    [EMPLOYERS],
  );
  const employers = rows.map((row) => Number(row.id));
  await db.query(
    `insert into contact (external_id, name) select 'c' || n, 'Contact ' || n from generate_series(1, $1) n`,
    [conversations],
  );
  await db.query(
    `insert into conversation (contact_id, channel, integration_id, status, assigned_user, created_at)
     select id, 'whatsapp', (select min(id) from whatsapp_integration_config), case when id % 3 = 0 then 'queue' else 'active' end,
       case when id % 3 > 0 then ($1::bigint[])[1 + id % $2] end, now() - interval '100 days' from contact order by id`,
    [employers, EMPLOYERS],
  );
  await db.query(
    `insert into message (conversation_id, sender_type, sender_user, body, created_at, sent_at, delivered_at, whatsapp_message_id,
       whatsapp_status)
     select (select min(id) from conversation) + case when n % 100 = 0 and n / 100 <= $5 then 0 else floor(random() * $2)::int end,
       case when n % 2 = 0 then 'contact' else 'user' end, case when n % 2 = 1 then ($3::bigint[])[1 + n % $4] end,
       said.text || case when n % 6 = 0 then ' ${COMMON_WORD}' else '' end || case when n % 3907 = 0 then ' Cancelación' else '' end
         || case when n = 77 then ' ${UNIQUE_WORD}' else '' end,
       now() - interval '100 days' + n * interval '100 days' / $1, now(), now(), 'wamid.' || n, 'delivered'
     from generate_series(1, $1::int) n cross join lateral (
       select string_agg((array['pedi', 'sí', 'não', 'env', 'fac', 'São', 'prob', 'maña', 'prec', 'pré'])[1 + w % 10] || to_hex(w), ' ') as text
       from (select floor(${WORDS} * power(random() + n * 0, 4))::int as w from generate_series(1, 8)) words) said`,
    [messages, conversations, employers, EMPLOYERS, LONG_CONVERSATION],
  );
  await db.query(
    `update conversation set last_message_id = m.id, last_message_at = m.created_at,
       unread_count = case when conversation.id % 10 = 0 then 1 else 0 end, read = conversation.id % 10 <> 0,
       read_up_to_id = m.id - case when conversation.id % 10 = 0 then 1 else 0 end, read_at = m.created_at
     from (select distinct on (conversation_id) conversation_id, id, created_at from message order by conversation_id, id desc) m
     where m.conversation_id = conversation.id`,
  );
  await makeMarksAndFiles(db);
  // As the server would have kept them.
  await db.query(`set role apicechat_app; select rebuild_analytics(); reset role`);
  await db.query('vacuum analyze');
}

/** Staff read on at about every fourth message. */
async function makeMarksAndFiles(db: Client): Promise<void> {
  await db.query(
    `insert into conversation_read (conversation_id, up_to_id, read_at)
     select c.id, m.id, m.created_at from message m join conversation c on c.id = m.conversation_id
     where m.id % 4 = 0 and m.id < c.read_up_to_id
     union all select id, read_up_to_id, read_at from conversation where read_up_to_id > 0`,
  );
  await db.query(
    `with file as (
       insert into upload (kind, mime_type, name, file_size, sha256, storage_key, thumbnail_key)
       select 'image', 'image/jpeg', 'picture ' || id, 123456, repeat('0', 64), 'bench/' || id, 'bench/small/' || id
       from message where id % ${PER_FILE} = 0 returning id, split_part(storage_key, '/', 2)::bigint as message_id)
     insert into message_attachment (message_id, state, upload_id, kind, mime_type, name)
     select message_id, 'ready', id, 'image', 'image/jpeg', 'picture ' || message_id from file`,
  );
}
