import { rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { Client } from 'pg';
import { findRunningPostgres } from '../../src/platform/database/embedded-postgres';
import { MIGRATIONS } from '../../src/platform/database/migrations';
import { killAll, type NodeProcess, spawnNode } from '../support/processes';
import { DIST, newDataDir, nothingRunsOn, serverEnvironment, startServer } from '../support/server-process';

const NEWEST = MIGRATIONS.at(-1)!.name;
const dataDir = newDataDir();

afterEach(async () => {
  await killAll();
  await nothingRunsOn(dataDir);
});
afterAll(() => rm(dirname(dataDir), { recursive: true, force: true, maxRetries: 5, retryDelay: 100 }));

async function run(
  script: string,
  args: string[] = [],
  env: Record<string, string | undefined> = {},
): Promise<{ code: number | null; stdout: string; stderr: string }> {
  const process: NodeProcess = spawnNode(join(DIST, `scripts/${script}.js`), {
    args,
    env: { ...serverEnvironment(dataDir), LOG_LEVEL: undefined, ...env },
  });
  const { code } = await process.exited;
  const { stdout, stderr } = process;
  return { code, stdout, stderr };
}

it('accounts are made once and listed, without a server and beside one', async () => {
  const empty = await run('list-users');
  expect(empty).toMatchObject({ code: 0, stdout: expect.stringContaining('There are no users yet') });
  const made = await run('create-users');
  expect([made.code, made.stdout.trim().split('\n')]).toEqual([
    0,
    [
      'made    admin / admin123 (admin)',
      'made    supervisor / supervisor123 (supervisor)',
      'made    employer / employer123 (employer)',
    ],
  ]);
  await nothingRunsOn(dataDir, 3_000);

  const server = await startServer(dataDir);
  const again = await run('create-users');
  expect([again.code, again.stdout.match(/^exists {2}/gm)?.length]).toEqual([0, 3]);
  const listed = await run('list-users');
  expect([listed.code, listed.stderr]).toEqual([0, '']);
  for (const username of ['admin', 'supervisor', 'employer']) expect(listed.stdout).toContain(username);
  expect(listed.stdout + made.stdout).not.toMatch(/\$2[aby]\$/); // no password hashes
  const login = await fetch(`${server.url}/auth/login`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ username: 'admin', password: 'admin123' }),
  });
  expect(login.status).toBe(200);
  server.process.kill('SIGTERM');
  await server.process.exited;
});

it('made-up conversations can be looked at, whatever is run before and how often', async () => {
  const shop = await run('seed-database', ['--customers', '8']);
  expect([shop.code, shop.stdout]).toEqual([0, expect.stringMatching(/^conversations +8\/8$/m)]);
  const again = await run('seed-database', ['--customers', '8']);
  expect([again.code, again.stdout]).toEqual([0, expect.stringContaining('all 8 exist, left as they are')]);
  const simple = await run('seed-simple-messages');
  expect([simple.code, simple.stdout]).toEqual([0, expect.stringMatching(/^messages +5\/5$/m)]);
  const supervisor = await run('create-supervisor', ['--username', 'sonia', '--password', 'a long password']);
  expect([supervisor.code, supervisor.stdout]).toEqual([0, 'made    sonia / (as given) (supervisor)\n']);

  const server = await startServer(dataDir);
  const direct = await run('seed-direct-messages', ['--count', '250']); // beside the running server
  expect([direct.code, direct.stdout]).toEqual([0, expect.stringMatching(/^messages +250\/250$/m)]);
  const call = async <Body>(path: string, token?: string, body?: object): Promise<Body> => {
    const response = await fetch(`${server.url}${path}`, {
      method: body === undefined ? 'GET' : 'POST',
      headers: {
        ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      },
      body: body === undefined ? undefined : JSON.stringify(body),
    });
    return (await response.json()) as Body;
  };
  const { access_token: token } = await call<{ access_token: string }>('/auth/login', undefined, {
    username: 'sonia',
    password: 'a long password',
  });
  const inbox = await call<{
    data: { id: number; status: string; assigned_user: number | null; assigned_bot: number | null }[];
    meta: { total: number };
  }>('/conversations?limit=100', token);
  expect(inbox.meta.total).toBe(10);
  expect(inbox.data.some((one) => one.assigned_user !== null)).toBe(true);
  expect(inbox.data.some((one) => one.assigned_bot !== null)).toBe(true);
  expect(inbox.data.some((one) => one.status === 'queue')).toBe(true);
  const named = async (path: string): Promise<string[]> =>
    (await call<{ data: { name: string }[] }>(path, token)).data.map(({ name }) => name);
  expect(await named('/tags')).toEqual(['Mayorista', 'Nuevo', 'Pago pendiente', 'Reclamo', 'VIP']);
  expect(await named('/bots')).toEqual(['Recepción']);
  const { access_token: admin } = await call<{ access_token: string }>('/auth/login', undefined, {
    username: 'admin',
    password: 'admin123',
  });
  const vip = await call<{ data: { id: number }[] }>('/tags?search=VIP', token);
  const tagged = await call<{ data: object[] }>(`/contacts?tag_id=${vip.data[0]!.id}&limit=100`, admin);
  expect(tagged).toMatchObject({ data: [{}, {}] });
  // By the same rules as whatever staff does.
  const changes = await call<{ data: { action: string }[] }>('/audit-log?limit=100', admin);
  const counted = (action: string): number => changes.data.filter((one) => one.action === action).length;
  expect([counted('tag.create'), counted('bot.create'), counted('contact.tag')]).toEqual([5, 1, 8]);
  const [, id] = /conversation (\d+)/.exec(direct.stdout)!;
  const long = await call<{ meta: { total: number } }>(`/messages/conversation/${id}`, token);
  expect(long.meta.total).toBe(250);
  // Nothing that is made up goes out to anybody.
  const waiting = await call<{ meta: { total: number } }>('/messages?whatsapp_status=pending', token);
  expect(waiting.meta.total).toBe(0);
  server.process.kill('SIGTERM');
  await server.process.exited;
}, 120_000);

it('migrations run and are undone by hand', async () => {
  expect((await run('db-migrate')).code).toBe(0);
  const undone = await run('db-migrate', ['--revert', '1']);
  expect([undone.code, undone.stdout]).toEqual([0, `undone ${NEWEST}\ndone\n`]);
  const done = await run('db-migrate');
  expect([done.code, done.stdout]).toEqual([0, `migrated ${NEWEST}\ndone\n`]);
});

it('secrets are sealed anew beside a server, and a lost key is told with an exit code', async () => {
  const [first, second, third] = ['a', 'b', 'c'].map((letter) => letter.repeat(40));
  const server = await startServer(dataDir, {
    env: { WHATSAPP_ACCESS_TOKEN: 'a-secret-token', ENCRYPTION_KEY: first },
  });
  const rotate = (current: string, previous?: string): ReturnType<typeof run> =>
    run('rotate-secrets', [], { ENCRYPTION_KEY: current, ENCRYPTION_KEY_PREVIOUS: previous });
  const rotated = await rotate(second!, first);
  expect(rotated).toMatchObject({
    code: 0,
    stdout: expect.stringContaining('done: 2 sealed anew, 0 were current, 0 unreadable'),
    stderr: '',
  });
  expect(rotated.stdout).not.toContain('a-secret-token');
  expect(await rotate(second!)).toMatchObject({
    code: 0,
    stdout: expect.stringContaining('done: 0 sealed anew, 2 were current, 0 unreadable'),
  });
  expect(await rotate(third!, first)).toMatchObject({
    code: 1,
    stdout: expect.stringContaining('done: 0 sealed anew, 0 were current, 2 unreadable'),
    stderr: expect.stringContaining('Add it to ENCRYPTION_KEY_PREVIOUS'),
  });
  server.process.kill('SIGTERM');
  await server.process.exited;
}, 120_000);

it('what was set aside of the journal is listed, and handed over once more beside a server', async () => {
  expect(await run('journal-set-aside', ['--retry', '9'])).toMatchObject({
    code: 1,
    stderr: expect.stringMatching(/^9 is not set aside/m),
  });
  expect(await run('journal-set-aside')).toMatchObject({ code: 0, stdout: 'Nothing is set aside.\n' });

  const server = await startServer(dataDir);
  const client = new Client({ connectionString: (await findRunningPostgres(dataDir))!.url });
  await client.connect();
  const {
    rows: [bad, good],
  } = await client.query<{ id: number }>(
    `insert into journal_set_aside (workspace_id, consumer, event_id, cursor, type, conversation_id, payload, happened_at, error)
     values (1, 'former', 1, '1:1:', 'message:new', 7, '{}', now(), 'TypeError: no such thing'),
       (1, 'bots', 2, '1:1:', 'conversation:assigned', null, '{"id": 1, "assigned_bot": null}', now(), 'Error: away')
     returning id`,
  );
  const listed = await run('journal-set-aside');
  expect(listed.stdout).toMatch(/former.*'message:new'.*TypeError: no such thing/);
  expect(listed.stdout).toMatch(/bots.*'conversation:assigned'.*Error: away/);
  expect(await run('journal-set-aside', ['--retry', 'all'])).toMatchObject({
    code: 1,
    stdout: `${good!.id} is done.\n`,
    stderr: `${bad!.id} stays set aside: There is no journal consumer "former" any more.\n`,
  });
  const { rows } = await client.query('select id from journal_set_aside');
  expect(rows).toEqual([{ id: bad!.id }]);
  await client.end();
  server.process.kill('SIGTERM');
  await server.process.exited;
}, 60_000);

it('the numbers of the dashboards are counted anew, beside a server', async () => {
  const server = await startServer(dataDir);
  const client = new Client({ connectionString: (await findRunningPostgres(dataDir))!.url });
  await client.connect();
  await client.query(
    `insert into analytics_day (workspace_id, user_id, day, channel, inbound) values (1, 0, '2026-01-01', 'wrong', 7)`,
  );
  expect(await run('rebuild-analytics')).toMatchObject({ code: 0, stdout: 'default is counted anew.\n' });
  expect((await client.query(`select from analytics_day where channel = 'wrong'`)).rowCount).toBe(0);
  await client.end();
  server.process.kill('SIGTERM');
  await server.process.exited;
}, 60_000);

it.each([
  ['create-users', ['--force']],
  ['rebuild-analytics', ['now']],
  ['journal-set-aside', ['--retry', 'some']],
  ['rotate-secrets', ['now']],
  ['list-users', ['all']],
  ['create-supervisor', ['--role', 'admin']],
  ['create-supervisor', ['--name']],
  ['seed-database', ['--customers', '0']],
  ['seed-database', ['--customers', '10001']],
  ['seed-direct-messages', ['--count', 'many']],
  ['seed-simple-messages', ['5']],
  ['db-migrate', ['--revert', '0']],
  ['db-migrate', ['--revert', '1', '2']],
])('%s %j says how it is used, and does nothing', async (script, args) => {
  const { code, stdout, stderr } = await run(script, args);
  expect([code, stdout]).toEqual([1, '']);
  expect(stderr).toMatch(/^npm run /);
  expect(stderr).not.toContain('    at ');
});

it('--help is no mistake', async () => {
  expect(await run('db-migrate', ['--help'])).toMatchObject({
    code: 0,
    stdout: expect.stringMatching(/^npm run /),
    stderr: '',
  });
});

describe('in production', () => {
  const production = {
    NODE_ENV: 'production',
    JWT_SECRET: 'x'.repeat(32),
    ENCRYPTION_KEY: 'y'.repeat(32),
    WHATSAPP_WEBHOOK_VERIFY_TOKEN: 'z'.repeat(8),
  };

  it.each(['create-supervisor', 'seed-database', 'seed-direct-messages', 'seed-simple-messages'])(
    '%s refuses unless it is told to',
    async (script) => {
      const { code, stdout, stderr } = await run(script, [], production);
      expect([code, stdout]).toEqual([1, '']);
      expect(stderr).toContain('-- --allow-production');
    },
  );

  it('nobody makes well-known accounts by accident', async () => {
    const { code, stdout, stderr } = await run('create-users', [], production);
    expect([code, stdout]).toEqual([1, '']);
    expect(stderr).toContain('-- --allow-production');
    const demo = await run('demo', [], production);
    expect([demo.code, demo.stdout]).toEqual([1, '']);
    expect(demo.stderr).toContain('not for NODE_ENV=production');
  });

  it('missing secrets are listed by scripts too', async () => {
    const { code, stderr } = await run('db-migrate', [], { NODE_ENV: 'production' });
    expect(code).toBe(1);
    expect(stderr).toMatch(/^The configuration has 3 problems:\n {2}- JWT_SECRET is missing/);
  });
});

it('a database that is not there is one line', async () => {
  const { code, stderr } = await run('list-users', [], {
    DATABASE_URL: 'postgres://me:hunter2@127.0.0.1:9/shop',
  });
  expect(code).toBe(1);
  expect(stderr.trim().split('\n')).toEqual([
    expect.stringMatching(/^This cannot be done: the database .* cannot be reached/),
  ]);
});
