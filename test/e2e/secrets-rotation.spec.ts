import { rotateSecrets, type RotationCounts, SEALED_COLUMNS } from '../../scripts/secret-rotation';
import { BotSecrets } from '../../src/bots/bot-secrets';
import { WhatsappIntegrationsService } from '../../src/meta-whatsapp/whatsapp-integrations.service';
import { SecretBox } from '../../src/platform/crypto/secret-box';
import { SealedRows } from '../../src/platform/database/sealed-rows';
import { UnitOfWork } from '../../src/platform/database/unit-of-work';
import { eventually } from '../support/eventually';
import { conversationOf, newPhone, reply } from '../support/sending';
import { type Caller, TestSystem } from '../support/system';

const NEW_KEY = 'the-next-encryption-key-the-next-encryption-key';
const PATH = '/whatsapp-integration-config';

let system: TestSystem;
let oldKey: string;
let admin: Caller;
let theirAdmin: Caller;
let theirs: number;
let numbers = 500_000_000;

beforeEach(async () => {
  system = await TestSystem.start();
  oldKey = system.config.security.encryptionKey;
  admin = await system.signIn('admin');
  theirs = (await system.createWorkspace('rivals')).id;
  theirAdmin = await system.signIn('admin', { workspaceId: theirs });
});
afterEach(() => system.stop());

/** A server that has this key, and opens what was sealed with those. */
const keyed = (encryptionKey: string, previousEncryptionKeys: string[] = []): Promise<TestSystem> =>
  system.startAnother({ security: { encryptionKey, previousEncryptionKeys } });

async function rotate(
  server: TestSystem,
  log: (line: string) => void = () => undefined,
): Promise<RotationCounts> {
  const services = {
    work: server.app.get(UnitOfWork, { strict: false }),
    box: new SecretBox(server.config),
  };
  return await rotateSecrets(services, [1, theirs], log);
}

async function connect(who: Caller, token: string): Promise<number> {
  const body = { phone_number_id: String(++numbers), access_token: token };
  const answer = await who.post<{ id: number }>(PATH, body);
  expect(answer.status).toBe(201);
  return answer.body.id;
}

async function account(who: Caller, workspaceId: number, password: string): Promise<number> {
  const [contact] = await system.sql<{ id: string }>(
    'insert into contact (workspace_id, external_id) values ($1, $2) returning id',
    [workspaceId, `contact ${++numbers}`],
  );
  const server = await who.post<{ id: number }>('/servers', { name: `server ${++numbers}` });
  const answer = await who.post<{ id: number }>('/contact-user-accounts', {
    contact_id: Number(contact!.id),
    username_final: 'ana',
    password_final: password,
    server_id: server.body.id,
  });
  expect(answer.status).toBe(201);
  return answer.body.id;
}

async function bot(who: Caller, secret: string): Promise<number> {
  const config = { url: 'https://bot.example.org/hook' };
  const answer = await who.post<{ id: number }>('/bots', { name: 'Hook', kind: 'webhook', config, secret });
  expect([answer.status, answer.body]).toEqual([201, answer.body]);
  return answer.body.id;
}

/** The ends of the secrets that a server can read. */
async function ends(server: TestSystem, who: Caller): Promise<unknown[]> {
  const caller = server.callerWith(who.token);
  const list = async (path: string, field: string): Promise<unknown[]> =>
    (await caller.get<{ data: Record<string, unknown>[] }>(`${path}?limit=100`)).body.data.map(
      (row) => row[field],
    );
  return [
    ...(await list(PATH, 'access_token_end')),
    ...(await list('/contact-user-accounts', 'password_final_end')),
  ];
}

const sealed = async (): Promise<string[]> =>
  (
    await system.sql<{ text: string }>(
      `select access_token as text from whatsapp_integration_config
       union all select password_final from contact_user_account
       union all select secret from bot where secret is not null
       union all select secret from chat_app`,
    )
  ).map(({ text }) => text);

test('every secret of every workspace is sealed anew, once, and then opens without the old key', async () => {
  await connect(admin, 'a-token-of-ours-1111');
  await connect(theirAdmin, 'a-token-of-theirs-2222');
  await account(admin, 1, 'a password 3333');
  await account(theirAdmin, theirs, 'a password 4444');
  const secretOf = await bot(admin, 'a-secret-of-a-bot-5555');
  const before = await system.sql('select id, updated_at from whatsapp_integration_config order by id');
  const both = await keyed(NEW_KEY, [oldKey]);
  const seen = [await ends(both, admin), await ends(both, theirAdmin)];
  expect(seen).toEqual([
    ['oken', '1111', '3333'],
    ['2222', '4444'],
  ]);
  const lines: string[] = [];

  expect(await rotate(both, (line) => lines.push(line))).toEqual({ resealed: 7, current: 0, unreadable: 0 });

  const box = new SecretBox(both.config);
  expect((await sealed()).map((text) => box.isCurrent(text))).toEqual(Array(7).fill(true));
  const fresh = await keyed(NEW_KEY);
  expect([await ends(fresh, admin), await ends(fresh, theirAdmin)]).toEqual(seen);
  const opened = await fresh.app.get(UnitOfWork, { strict: false }).run({ workspaceId: 1 }, async (tx) => {
    const [row] = await tx.query<{ secret: string }>('select secret from bot where id = $1', [secretOf]);
    return fresh.app.get(BotSecrets, { strict: false }).open({ id: secretOf, secret: row!.secret });
  });
  expect(opened).toBe('a-secret-of-a-bot-5555');
  expect(await system.sql('select id, updated_at from whatsapp_integration_config order by id')).toEqual(
    before,
  );
  const texts = await sealed();
  expect(await rotate(both)).toEqual({ resealed: 0, current: 7, unreadable: 0 });
  expect(await sealed()).toEqual(texts);
  expect(lines).toContain(
    `workspace ${theirs}, contact_user_account.password_final: 1 sealed anew, 0 current, 0 unreadable`,
  );
  expect(lines.join('\n')).not.toMatch(/1111|2222|3333|4444|5555|v2:/);
});

test('what no key opens is counted and named, and stays as it is', async () => {
  const id = await connect(admin, 'a-token-of-ours-1111');
  const stranger = await keyed('a-key-that-nobody-keeps-a-key-that-nobody-keeps');
  await stranger.callerWith(admin.token).patch(`${PATH}/${id}`, { access_token: 'sealed-by-the-lost-key' });
  const [before] = await system.sql('select * from whatsapp_integration_config where id = $1', [id]);
  const both = await keyed(NEW_KEY, [oldKey]);
  const lines: string[] = [];
  expect(await rotate(both, (line) => lines.push(line))).toEqual({ resealed: 0, current: 2, unreadable: 1 });
  expect(lines).toContain(`workspace 1, whatsapp_integration_config ${id}: access_token cannot be read`);
  expect(await system.sql('select * from whatsapp_integration_config where id = $1', [id])).toEqual([before]);
});

test('more than a batch of them', async () => {
  const box = new SecretBox(system.config);
  const server = await admin.post<{ id: number }>('/servers', { name: 'one' });
  const [contact] = await system.sql<{ id: string }>(
    `insert into contact (workspace_id, external_id) values (1, 'many') returning id`,
  );
  await system.sql(
    `insert into contact_user_account (workspace_id, id, contact_id, username_final, password_final, server_id)
     overriding system value
     select 1, u.id, $1, 'ana', u.sealed, $2 from unnest($3::bigint[], $4::text[]) as u(id, sealed)`,
    [
      contact!.id,
      server.body.id,
      Array.from({ length: 450 }, (_, i) => i + 1),
      Array.from({ length: 450 }, (_, i) =>
        box.seal(`password ${i + 1}`, `contact_user_account.password_final/1/${i + 1}`),
      ),
    ],
  );
  const both = await keyed(NEW_KEY, [oldKey]);
  // The token of the number in the environment was sealed by the first server.
  expect(await rotate(both)).toEqual({ resealed: 452, current: 0, unreadable: 0 });
  const fresh = await keyed(NEW_KEY);
  expect((await fresh.callerWith(admin.token).get('/contact-user-accounts/450')).body).toMatchObject({
    password_final_end: ' 450',
  });
});

describe('beside a running server', () => {
  test('a token that is entered meanwhile is not overwritten', async () => {
    const id = await connect(admin, 'a-token-of-ours-1111');
    const both = await keyed(NEW_KEY, [oldKey]);
    const rows = new SealedRows(both.app.get(UnitOfWork, { strict: false }), 1, SEALED_COLUMNS[0]!);
    const read = await rows.after(id - 1, 1);
    await admin.patch(`${PATH}/${id}`, { access_token: 'entered-meanwhile-2222' });
    expect(await rows.replace([{ ...read[0]!, anew: 'stale' }])).toEqual(new Set());
    expect((await admin.get(`${PATH}/${id}`)).body).toMatchObject({ access_token_end: '2222' });
  });

  test('however often tokens are entered, the last one counts, and all end up with the new key', async () => {
    const ids = await Promise.all([1, 2, 3].map(() => connect(admin, 'a-token-of-ours-0000')));
    const both = await keyed(NEW_KEY, [oldKey]);
    const entering = (async () => {
      for (let round = 1; round <= 15; round++)
        for (const id of ids)
          await admin.patch(`${PATH}/${id}`, { access_token: `token-number-${1000 + round}` });
    })();
    let rounds = 0;
    const rotating = (async () => {
      while (rounds < 15) {
        await rotate(both);
        rounds++;
      }
    })();
    await Promise.all([entering, rotating]);
    expect(await rotate(both)).toMatchObject({ unreadable: 0 });
    const fresh = await keyed(NEW_KEY);
    const shown = await ends(fresh, admin);
    expect(shown).toEqual(['oken', '1015', '1015', '1015']);
  });

  test('a number is paused for a refusal that it learnt of before, and messages go on', async () => {
    const both = await keyed(NEW_KEY, [oldKey]);
    const integrations = both.app.get(WhatsappIntegrationsService, { strict: false });
    const state = await both.app
      .get(UnitOfWork, { strict: false })
      .run({ workspaceId: 1 }, () => integrations.sendingState(1));
    const { tokenVersion } = state as { tokenVersion: string };
    await rotate(both);
    await integrations.pause(1, 1, tokenVersion, 'mended', 'The account is stopped.');
    const caller = both.callerWith(admin.token);
    expect((await caller.get(`${PATH}/1`)).body).toMatchObject({
      sending_paused: { until: null, reason: 'The account is stopped.' },
    });

    await caller.patch(`${PATH}/1`, { access_token: 'test-access-token' });
    await integrations.pause(1, 1, tokenVersion, 'mended', 'News of the old token.');
    expect((await caller.get(`${PATH}/1`)).body).toMatchObject({ sending_paused: null });
  });
});

test('a server that knows only the new key sends with the tokens that were sealed anew', async () => {
  const both = await keyed(NEW_KEY, [oldKey]);
  await rotate(both);
  await both.close();
  const sent = await reply(admin, await conversationOf(system, newPhone()), 'still here');
  // The first server cannot read the token any more; its message waits for one that can. As both do jobs, it may be
  // the first one again that takes it, and pauses the number once more.
  const caller = (await keyed(NEW_KEY)).callerWith(admin.token);
  const state = async (): Promise<string> =>
    String((await caller.get(`/messages/${sent.id}`)).body['whatsapp_status']);
  await eventually(
    async () => {
      await caller.patch(`${PATH}/1`, { name: 'try again' });
      return await eventually(
        async () =>
          (await state()) === 'read' || (await caller.get(`${PATH}/1`)).body['sending_paused'] !== null,
        { what: 'the end of a try' },
      ).then(async () => (await state()) === 'read');
    },
    { what: 'the message', timeoutMs: 20_000 },
  );
});

test('no column holds sealed texts that a rotation would leave out', async () => {
  const app = await admin.post<{ id: number }>('/chat-apps', { name: 'With two secrets' });
  await admin.post(`/chat-apps/${app.body.id}/secret`, { keep_previous: true });
  await connect(admin, 'a-token-of-ours-1111');
  await account(admin, 1, 'a password 3333');
  await bot(admin, 'a-secret-of-a-bot-5555');
  const columns = await system.sql<{ name: string; field: string }>(
    `select table_name as name, column_name as field from information_schema.columns
     where table_schema = 'public' and data_type in ('text', 'character varying', 'json', 'jsonb')`,
  );
  const holding: string[] = [];
  for (const { name, field } of columns) {
    const found = await system.sql(
      `select 1 from ${name} where ${field}::text ~ 'v[12]:[\\w-]{8,16}:[\\w-]+:[\\w-]+' limit 1`,
    );
    if (found.length > 0) holding.push(`${name}.${field}`);
  }
  expect(holding.sort()).toEqual(SEALED_COLUMNS.map(({ table, column }) => `${table}.${column}`).sort());
});
