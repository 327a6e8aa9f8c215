import {
  appConnectionOptions,
  APP_ROLE,
  connectApp,
  PLATFORM_ROLE,
} from '../../src/platform/database/connections';
import { makeConversations, startPlatform, type TestPlatform, twoWorkspaces } from '../support/platform';

/** Machinery that reads all workspaces at once, in an order of its own. */
const OWN_KEY = ['event', 'job', 'journal_set_aside', 'webhook_set_aside'];
/** Holds what came before anybody knew whose it is, so it may belong to no workspace. */
const MAYBE_NOBODYS = ['webhook_set_aside'];

/** All that the machinery's role may do, over all tables. */
const PLATFORM_RIGHTS = {
  'auto_assignment (enabled, workspace_id)': 'select',
  'bot (deleted_at, workspace_id)': 'select',
  bot_trigger: 'delete, select',
  chat_app: 'select',
  chat_session: 'delete, select',
  chat_signature: 'delete, select',
  early_delivery_report: 'delete, select',
  event: 'delete, select',
  job: 'delete, select, update',
  journal_consumer: 'insert, select, update',
  journal_floor: 'select, update',
  journal_set_aside: 'delete, insert, select',
  presence_process: 'delete, insert, select, update',
  user_connection: 'select',
  user_session: 'delete, select',
  webhook_delivery: 'delete, insert, select',
  webhook_set_aside: 'delete, insert, select',
  'whatsapp_integration_config (id, phone_number_id, workspace_id)': 'select',
  workspace: 'insert, select, update',
};

let platform: TestPlatform;
let north: number;
let south: number;

beforeAll(async () => {
  platform = await startPlatform({ poolSize: 2 });
  [north, south] = await twoWorkspaces(platform);
});
afterAll(() => platform.stop());

const tenantTables = async (): Promise<string[]> => {
  const rows = await platform.sql<{ name: string }>(
    `select c.relname as name from pg_class c join pg_attribute a on a.attrelid = c.oid and a.attname = 'workspace_id'
     where c.relnamespace = 'public'::regnamespace and c.relkind in ('r', 'p') order by 1`,
  );
  return rows.map((row) => row.name);
};

describe('every table with a workspace', () => {
  it('is there to be looked at', async () => {
    expect(await tenantTables()).toEqual(
      expect.arrayContaining(['bot', 'contact', 'conversation', 'message', 'users']),
    );
  });

  it('has forced row-level security, and one policy for the features: their own workspace, to see and to write', async () => {
    const unprotected = await platform.sql(
      `select c.relname from pg_class c
       where c.oid = any ($1::regclass[]) and not (c.relrowsecurity and c.relforcerowsecurity and (
         select count(*) = 1 and bool_and(p.polpermissive and p.polcmd = '*'
             and pg_get_expr(p.polqual, c.oid) ~ '^\\(workspace_id = \\( SELECT current_workspace_id\\(\\)'
             and pg_get_expr(p.polwithcheck, c.oid) = pg_get_expr(p.polqual, c.oid))
         from pg_policy p where p.polrelid = c.oid and $2::regrole = any (p.polroles)))`,
      [await tenantTables(), APP_ROLE],
    );
    expect(unprotected).toEqual([]);
  });

  it('has no policy for everybody but the one by which a new workspace gets its roles', async () => {
    const open = await platform.sql(
      `select polrelid::regclass::text as on_table, polname, polcmd from pg_policy where 0 = any (polroles)`,
    );
    expect(open).toEqual([{ on_table: 'roles', polname: 'owner_adds_roles', polcmd: 'a' }]);
  });

  it('begins its primary key with the workspace, where it is not the machinery’s', async () => {
    const rows = await platform.sql<{ name: string }>(
      `select c.relname as name from pg_class c
       where c.oid = any ($1::regclass[]) and not exists (
         select from pg_constraint k join pg_attribute a on a.attrelid = c.oid and a.attnum = k.conkey[1]
         where k.conrelid = c.oid and k.contype = 'p' and a.attname = 'workspace_id')
       order by 1`,
      [await tenantTables()],
    );
    expect(rows.map((row) => row.name)).toEqual(OWN_KEY);
  });

  it('belongs to a workspace in every row', async () => {
    const rows = await platform.sql<{ name: string }>(
      `select c.relname as name from pg_class c join pg_attribute a on a.attrelid = c.oid and a.attname = 'workspace_id'
       where c.oid = any ($1::regclass[]) and not a.attnotnull order by 1`,
      [await tenantTables()],
    );
    expect(rows.map((row) => row.name)).toEqual(MAYBE_NOBODYS);
  });

  it('refers to another only together with the workspace', async () => {
    const loose = await platform.sql(
      `select k.conrelid::regclass::text as on_table, k.conname from pg_constraint k
       where k.contype = 'f' and k.conrelid = any ($1::regclass[]) and k.confrelid = any ($1::regclass[])
         and not exists (
           select from unnest(k.conkey, k.confkey) as pair(here, there)
           join pg_attribute a on a.attrelid = k.conrelid and a.attnum = pair.here and a.attname = 'workspace_id'
           join pg_attribute b on b.attrelid = k.confrelid and b.attnum = pair.there and b.attname = 'workspace_id')`,
      [await tenantTables()],
    );
    expect(loose).toEqual([]);
  });
});

describe('the features’ role', () => {
  it('is neither superuser nor owner nor above row-level security, and owns nothing', async () => {
    const [role] = await platform.source.query<Record<string, unknown>[]>(
      `select current_user as name, rolsuper, rolbypassrls, rolcreaterole, rolcreatedb, rolcanlogin
       from pg_roles where rolname = current_user`,
    );
    expect(role).toEqual({
      name: APP_ROLE,
      rolsuper: false,
      rolbypassrls: false,
      rolcreaterole: false,
      rolcreatedb: false,
      rolcanlogin: false,
    });
    const memberships = await platform.sql(
      `select roleid::regrole from pg_auth_members where member in ($1::regrole, $2::regrole)`,
      [APP_ROLE, PLATFORM_ROLE],
    );
    expect(memberships).toEqual([]);
  });

  it.each([
    ['a superuser', ''],
    ['an owner of tables', 'create role t_owner nologin; alter table bot owner to t_owner'],
    ['a role above row-level security', 'create role t_bypass nologin bypassrls'],
  ])('must not be %s: the server refuses to start', async (_, setUp) => {
    const role = /create role (\w+)/.exec(setUp)?.[1];
    const [owner] = await platform.sql<{ name: string }>('select current_user as name');
    await platform.sql(setUp);
    try {
      const options = appConnectionOptions(platform.url, 2);
      options.extra.options = `-c role=${role ?? owner!.name}`;
      await expect(connectApp(options)).rejects.toThrow(/can pass by row-level security/);
    } finally {
      if (role !== undefined)
        await platform.sql(`reassign owned by ${role} to current_user; drop role ${role}`);
    }
  });

  it('is also what the server becomes where the address brings connection options of its own', async () => {
    const url = new URL(platform.url);
    url.searchParams.set('options', '-c geqo=off');
    url.searchParams.set('application_name', 'mine');
    const source = await connectApp(appConnectionOptions(url.href, 2));
    try {
      expect(
        await source.query(`select current_user::text as role, current_setting('geqo') as geqo`),
      ).toEqual([{ role: APP_ROLE, geqo: 'off' }]);
    } finally {
      await source.destroy();
    }
  });

  it('without a workspace sees no row of any table and can add none', async () => {
    await makeConversations(platform, 1);
    const client = await platform.connect(APP_ROLE);
    for (const table of await tenantTables()) {
      expect([table, (await client.query(`select from ${table}`)).rowCount]).toEqual([table, 0]);
    }
    await expect(client.query(`insert into bot (name) values ('nobody’s')`)).rejects.toThrow(
      /row-level security|null value/,
    );
    await expect(client.query(`insert into bot (workspace_id, name) values (1, 'smuggled')`)).rejects.toThrow(
      /row-level security/,
    );
  });
});

describe('a unit of work', () => {
  const addBot = (workspaceId: number, name: string): Promise<number> =>
    platform.work.run({ workspaceId }, async (tx) => {
      const [row] = await tx.query<{ id: number }>('insert into bot (name) values ($1) returning id', [name]);
      return row!.id;
    });

  it('cannot read, change, remove or take over rows of another workspace', async () => {
    const id = await addBot(north, 'northern');
    await platform.work.run({ workspaceId: south }, async (tx) => {
      expect(await tx.query('select 1 from bot where id = $1', [id])).toEqual([]);
      expect(await tx.query(`update bot set name = 'taken' where id = $1 returning 1`, [id])).toEqual([]);
      expect(await tx.query('delete from bot where id = $1 returning 1', [id])).toEqual([]);
    });
    const own = await addBot(south, 'southern');
    await expect(
      platform.work.run({ workspaceId: south }, (tx) =>
        tx.query('update bot set workspace_id = $1 where id = $2', [north, own]),
      ),
    ).rejects.toThrow(/row-level security/);
    expect(await platform.sql('select name from bot where id = $1', [id])).toEqual([{ name: 'northern' }]);
  });

  it('cannot refer to a row of another workspace, although foreign keys look past row-level security', async () => {
    const bot = await addBot(north, 'foreign');
    const conversation = platform.work.run({ workspaceId: south }, async (tx) => {
      const [contact] = await tx.query<{ id: number }>(
        `insert into contact (external_id) values ('c') returning id`,
      );
      await tx.query(`insert into conversation (contact_id, channel, assigned_bot) values ($1, 'app', $2)`, [
        contact!.id,
        bot,
      ]);
    });
    await expect(conversation).rejects.toThrow(/violates foreign key constraint/);
  });

  it.each([
    ['SQL in the workspace', `1'; drop table bot; --`],
    ['a list of workspaces', [1, 2]],
    ['no number', Number.NaN],
    ['a fraction', 1.5],
    ['nothing', undefined],
  ])('is refused with %s, whatever the types promised', async (_, workspaceId) => {
    const work = platform.work.run({ workspaceId: workspaceId as number }, (tx) =>
      tx.query('select from bot'),
    );
    await expect(work).rejects.toThrow('is not a workspace');
    expect(await platform.sql(`select to_regclass('bot')::text as bot`)).toEqual([{ bot: 'bot' }]);
  });

  it('among 2,000 others, taking turns on two connections, never meets a foreign row', async () => {
    await addBot(north, 'seen by north');
    await addBot(south, 'seen by south');
    let foreign = 0;
    let own = 0;
    const look = async (workspaceId: number, n: number): Promise<void> => {
      const work = platform.work.run({ workspaceId }, async (tx) => {
        const rows = await tx.query<{ workspace_id: number }>('select workspace_id from bot');
        for (const row of rows) {
          if (row.workspace_id === workspaceId) own++;
          else foreign++;
        }
        if (n % 7 === 0) throw new Error('rolled back');
      });
      await work.catch((error: Error) => expect(error.message).toBe('rolled back'));
    };
    const turns = Array.from({ length: 2_000 }, (_, n) => n);
    const takeTurns = async (): Promise<void> => {
      for (let n = turns.pop(); n !== undefined; n = turns.pop()) await look(n % 2 ? north : south, n);
    };
    await Promise.all(Array.from({ length: 8 }, takeTurns));
    expect(foreign).toBe(0);
    expect(own).toBeGreaterThanOrEqual(2_000);
    // And what a transaction set is gone with it.
    const client = await platform.source.query<{ id: number | null }[]>(
      'select current_workspace_id() as id',
    );
    expect(client).toEqual([{ id: null }]);
  });
});

describe('the machinery’s role', () => {
  it('may do exactly this', async () => {
    const rows = await platform.sql<{ name: string; rights: string }>(
      `with rights as (
         select c.relname, c.oid, p.may from pg_class c,
           unnest(array['select', 'insert', 'update', 'delete', 'truncate', 'references', 'trigger']) p(may)
         where c.relnamespace = 'public'::regnamespace and c.relkind in ('r', 'p', 'v', 'm'))
       select relname as name, string_agg(may, ', ' order by may) as rights from rights
       where has_table_privilege($1, oid, may) group by relname
       union all
       select relname || ' (' || string_agg(a.attname, ', ' order by a.attname) || ')', may from rights
       join pg_attribute a on a.attrelid = oid and a.attnum > 0 and not a.attisdropped
       where may in ('select', 'insert', 'update') and not has_table_privilege($1, oid, may)
         and has_column_privilege($1, oid, a.attnum, may)
       group by relname, may
       order by 1`,
      [PLATFORM_ROLE],
    );
    expect(Object.fromEntries(rows.map((row) => [row.name, row.rights]))).toEqual(PLATFORM_RIGHTS);
  });

  it('reads no message, no contact and no password', async () => {
    for (const table of ['message', 'contact', 'users', 'conversation', 'message_attachment']) {
      await expect(platform.database.query(`select from ${table}`)).rejects.toThrow(/permission denied/);
    }
    await expect(
      platform.database.query('select access_token from whatsapp_integration_config'),
    ).rejects.toThrow(/permission denied/);
  });
});
