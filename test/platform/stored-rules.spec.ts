import { makeConversations, startPlatform, type TestPlatform } from '../support/platform';

let platform: TestPlatform;
let conversation: number;
let user: number;
let bot: number;

const added = async (statement: string): Promise<number> =>
  (await platform.sql<{ id: number }>(`${statement} returning id`))[0]!.id;

beforeAll(async () => {
  platform = await startPlatform({ poolSize: 2 });
  [conversation] = (await makeConversations(platform, 1)) as [number];
  await platform.sql(`update contact set external_id = 'taken', phone_number = '+5511999990000'`);
  user = await added(
    `insert into users (workspace_id, name, username, password, role_id)
     select 1, 'Ana', 'ana', 'hash', id from roles where workspace_id = 1 and name = 'employer'`,
  );
  bot = await added(`insert into bot (workspace_id, name) values (1, 'Bot')`);
  for (const table of ['tag', 'server', 'application', 'device'])
    await added(`insert into ${table} (workspace_id, name) values (1, 'taken')`);
  await added(
    `insert into whatsapp_integration_config (workspace_id, phone_number_id, access_token) values (1, '4711', 'sealed')`,
  );
});
afterAll(() => platform.stop());

const message = (type: string, more: Record<string, number | string> = {}): string => {
  const columns = ['workspace_id', 'conversation_id', 'sender_type', ...Object.keys(more)];
  const values = [1, conversation, `'${type}'`, ...Object.values(more)];
  return `insert into message (${columns.join(', ')}) values (${values.join(', ')})`;
};
const name = (table: string): string => `insert into ${table} (workspace_id, name) values (1, 'taken')`;
const column = (table: string, field: string, value: string): string =>
  `update ${table} set ${field} = '${value}'`;

describe('the database itself refuses', () => {
  test.each<[string, () => string]>([
    [
      'a conversation of a user and a bot at once',
      () => `update conversation set assigned_user = ${user}, assigned_bot = ${bot}`,
    ],
    ['a message of a user without the user', () => message('user')],
    ['a message of a bot without the bot', () => message('bot')],
    ['a message of a contact with a user', () => message('contact', { sender_user: user })],
    ['a message of a user with a bot', () => message('user', { sender_user: user, sender_bot: bot })],
    ['a message of somebody else', () => message('robot')],
    ['a message in another state', () => message('contact', { whatsapp_status: "'lost'" })],
    ['a conversation in another state', () => column('conversation', 'status', 'open')],
    ['a negative count', () => column('conversation', 'unread_count', '-1')],
    ['a user in another state', () => column('users', 'status', 'asleep')],
    [
      'a note of another kind',
      () =>
        `insert into conversation_note (workspace_id, conversation_id, author_user, kind, body)
         values (1, ${conversation}, ${user}, 'message', 'x')`,
    ],
    [
      'an attachment of another kind',
      () =>
        `with m as (${message('contact')} returning id) insert into message_attachment (workspace_id, message_id, state, kind, mime_type)
         select 1, id, 'pending', 'hologram', 'x/y' from m`,
    ],
  ])('%s', async (_, statement) => {
    await expect(platform.sql(statement())).rejects.toMatchObject({ code: '23514' });
  });

  test.each<[string, () => string]>([
    ['an external id', () => `insert into contact (workspace_id, external_id) values (1, 'taken')`],
    [
      'a phone number',
      () => `insert into contact (workspace_id, external_id, phone_number) values (1, 'x', '+5511999990000')`,
    ],
    [
      'a username',
      () =>
        `insert into users (workspace_id, name, username, password, role_id) select 1, 'Eva', 'ana', 'hash', role_id from users`,
    ],
    [
      'a username in another case',
      () =>
        `insert into users (workspace_id, name, username, password, role_id) select 1, 'Eva', 'ANA', 'hash', role_id from users`,
    ],
    [
      'the name of a role',
      () => `insert into roles (workspace_id, name, access_level) values (1, 'admin', 'admin')`,
    ],
    ['the name of a tag', () => name('tag')],
    ['the name of a server', () => name('server')],
    ['the name of an application', () => name('application')],
    ['the name of a device', () => name('device')],
  ])('%s a second time in a workspace', async (_, statement) => {
    await expect(platform.sql(statement())).rejects.toMatchObject({ code: '23505' });
  });
});

test('what is not said is what the contract says', async () => {
  const of = async (id: number, table: string): Promise<object | undefined> =>
    (await platform.sql<object>(`select * from ${table} where id = $1`, [id]))[0];
  const theirs = await added(message('contact'));
  const [fresh] = await makeConversations(platform, 1);
  expect(await of(theirs, 'message')).toMatchObject({
    whatsapp_status: 'pending',
    delivered_at: null,
    read_at: null,
  });
  expect(await of(fresh!, 'conversation')).toMatchObject({
    status: 'queue',
    unread_count: 0,
    read: true,
    assigned_user: null,
    assigned_bot: null,
  });
  expect(await of(user, 'users')).toMatchObject({ online: false, status: 'offline' });
  const numbers = await platform.sql('select api_version from whatsapp_integration_config');
  expect(numbers).toEqual([{ api_version: 'v25.0' }]);
});

/** Name, length or type, and whether it may be empty. Where these are wider than the contract's, decision 4 says why. */
const COLUMNS: Record<string, string> = {
  users:
    'id, name 100, username 150, password 255, role_id, online boolean, created_at time, updated_at time',
  roles: 'id, name 50, created_at time, updated_at time',
  contact: 'id, external_id 150, name? 150, phone_number? 20, created_at time, updated_at time',
  conversation:
    'id, contact_id, integration_id?, assigned_user?, assigned_bot?, unread_count integer, read boolean, created_at time, updated_at time',
  message:
    'id, conversation_id, sender_type 10, sender_user?, sender_bot?, body? text, created_at time, delivered_at? time, read_at? time, whatsapp_message_id? 512, whatsapp_status 50',
  message_attachment: 'id, message_id, kind 10, mime_type 255, name? 255',
  upload: 'file_size, duration_ms? integer, width? integer, height? integer',
  whatsapp_integration_config:
    'id, access_token text, phone_number_id 50, business_account_id? 50, api_version 10, created_at time, updated_at time',
  bot: 'id, name 100, description? text, created_at time',
  tag: 'id, name 100, created_at time, updated_at time',
  contact_user_account:
    'id, contact_id, username_final 150, password_final text, server_id, id_line_server?, date_exp? time, application_id?, device_id?, created_at time, updated_at time',
  server: 'id, name 100, created_at time, updated_at time',
  application: 'id, name 100, created_at time, updated_at time',
  device: 'id, name 100, created_at time, updated_at time',
};
const SHORT: Record<string, string> = { bigint: '', 'timestamp with time zone': ' time' };

test.each(Object.entries(COLUMNS))('%s has the columns of the contract', async (table, expected) => {
  const rows = await platform.sql<{ column_name: string; is_nullable: string; type: string }>(
    `select column_name, is_nullable, coalesce(character_maximum_length::text, data_type) as type
     from information_schema.columns where table_schema = 'public' and table_name = $1`,
    [table],
  );
  const found = rows.map(
    ({ column_name, is_nullable, type }) =>
      `${column_name}${is_nullable === 'YES' ? '?' : ''}${SHORT[type] ?? ` ${type}`}`,
  );
  expect(found).toEqual(expect.arrayContaining(expected.split(', ')));
});

test('every foreign key that the features follow begins an index', async () => {
  const bare = await platform.sql(
    `select k.conrelid::regclass::text as "table", k.conname from pg_constraint k
     where k.contype = 'f' and k.connamespace = 'public'::regnamespace
       and k.conrelid::regclass::text not in ('journal_set_aside', 'webhook_set_aside')
       and not exists (
         select from pg_index i
         where i.indrelid = k.conrelid
           and (i.indkey::int2[])[0 : cardinality(k.conkey) - 1] @> k.conkey)`,
  );
  expect(bare).toEqual([]);
});
