import { createLogger } from '../../src/platform/observability/logger';
import type { UploadDto } from '../../src/uploads/upload.types';
import type { UploadListDto } from '../../src/uploads/uploads.dto';
import { inbound } from '../../simulator/inbound-content';
import { openChat } from '../support/chat';
import { EICAR, EICAR_NAME, FakeClamd } from '../support/clamd';
import { eventually } from '../support/eventually';
import { form, type FormPart, picture, post, zip } from '../support/files';
import { filesOnDisk, strays } from '../support/stored-files';
import { type Answer, type Caller, type Listener, TestSystem } from '../support/system';
import { stranger } from '../support/webhooks';

let system: TestSystem;
let clamd: FakeClamd;
let admin: Caller;
let agent: Caller;
let listener: Listener;
let png: Buffer;

beforeAll(async () => {
  clamd = await FakeClamd.start();
  system = await TestSystem.start({ config: { scanner: { clamd: clamd.address, timeoutSeconds: 0.5 } } });
  [admin, agent] = [await system.signIn('admin'), await system.signIn('employer')];
  listener = await system.listen(admin);
  png = await picture('png');
});
afterAll(async () => {
  await system.stop();
  await clamd.stop();
});
beforeEach(() => {
  clamd.fault = null;
  clamd.limit = 100 * 1024 * 1024;
  clamd.scanned.length = 0;
});

const upload = (kind: string, ...parts: FormPart[]): Promise<Answer<UploadDto>> =>
  post(system, agent, `/upload/${kind}`, form(...parts));

const uploads = () => system.sql('select id, storage_key from upload order by id');

/** All that is kept of files anywhere. */
const kept = async () => ({ rows: await uploads(), files: filesOnDisk(system) });

async function nothingIsLeft(): Promise<void> {
  await eventually(async () => (await system.sql('select from unclaimed_file')).length === 0, {
    what: 'swept',
  });
  expect(await strays(system)).toEqual({ orphans: [], missing: [] });
}

/** What another server tells of infected files while it is asked. */
async function logOf(ask: (server: TestSystem) => Promise<void>): Promise<object[]> {
  let text = '';
  const logger = createLogger('info', { write: (line) => (text += line) });
  await ask(await system.startAnother({ scanner: system.config.scanner, role: 'api' }, { logger }));
  return text
    .split('\n')
    .filter((line) => line.includes('a file was refused in which clamd found something'))
    .map((line) => JSON.parse(line) as object);
}

test('a clean file is scanned whole, once, and kept', async () => {
  const { status, body } = await upload('image', { content: png });
  expect(status).toBe(201);
  expect(clamd.scanned).toEqual([png]);
  const shown = await fetch(`${system.url}${body.url}`);
  expect(Buffer.from(await shown.arrayBuffer())).toEqual(png);
});

describe('a file with a virus', () => {
  test.each<[string, string, FormPart[]]>([
    ['as a text', 'single', [{ content: EICAR, name: 'readme.txt' }]],
    ['as a document', 'document', [{ content: `${'a,b\n'.repeat(50_000)}${EICAR}`, name: 'a.csv' }]],
    ['between others', 'multiple', [{ content: 'one' }, { content: EICAR }, { content: 'three' }]],
  ])('is refused %s, its signature named, and nothing of it is kept', async (_, kind, parts) => {
    const before = await kept();
    const { status, body } = await upload(kind, ...parts);
    expect({ status, ...body }).toMatchObject({
      status: 422,
      code: 'FILE_INFECTED',
      message: `The virus scanner found ${EICAR_NAME} in the file, which was not kept.`,
      details: { signature: EICAR_NAME },
    });
    await eventually(async () => expect(await kept()).toEqual(before) === undefined, {
      what: 'all as before',
    });
    await nothingIsLeft();
  });

  test('is refused from a user of the live chat as well, and no message tells of it', async () => {
    const user = await openChat(system);
    const said = await user.post<{ data: { conversation_id: number } }>('/api/chat/messages', {
      message: 'Hi',
    });
    const before = await kept();
    const parts = form({ content: EICAR, name: 'readme.txt' });
    parts.append('conversation_id', String(said.body.data.conversation_id));
    parts.append('message_type', 'file');
    expect(await post(system, user, '/api/chat/upload', parts)).toMatchObject({
      status: 422,
      body: { status: 'error', error_code: 'FILE_INFECTED' },
    });
    expect(await kept()).toEqual(before);
    const { body } = await user.get<{ data: { messages: object[] } }>('/api/chat/messages');
    expect(body.data.messages).toHaveLength(1);
  });

  test('of staff in the live chat is in the audit log, and in the log as theirs; a user’s as a customer’s', async () => {
    const user = await openChat(system);
    const said = await user.post<{ data: { conversation_id: number } }>('/api/chat/messages', {
      message: 'Hi',
    });
    const refused = await logOf(async (server) => {
      for (const caller of [user, agent]) {
        const parts = form({ content: EICAR, name: 'chat.txt' });
        parts.append('conversation_id', String(said.body.data.conversation_id));
        parts.append('message_type', 'file');
        expect((await post(server, caller, '/api/chat/upload', parts)).status).toBe(422);
      }
    });
    expect(refused).toMatchObject([
      { userId: null, from: 'customer' },
      { userId: agent.user.id, from: 'staff' },
    ]);
    const { body } = await admin.get<{ data: object[] }>(
      `/audit-log?user=${agent.user.id}&action=upload.refuse`,
    );
    expect(body.data[0]).toMatchObject({ details: { name: 'chat.txt', signature: EICAR_NAME } });
  });

  test('is refused before anything takes it apart', async () => {
    const damaged = Buffer.concat([png.subarray(0, 60), Buffer.from(EICAR)]);
    expect((await upload('image', { content: damaged })).body).toMatchObject({ code: 'FILE_INFECTED' });
    clamd.fault = { says: 'stream: OK' };
    expect((await upload('image', { content: damaged })).body).toMatchObject({
      code: 'UNSUPPORTED_MEDIA_TYPE',
    });
  });

  test('is told in the log and in the audit: who, which file, which signature', async () => {
    const refused = await logOf(async (server) => {
      expect(
        (await post(server, agent, '/upload/single', form({ content: EICAR, name: 'a\0b.txt' }))).status,
      ).toBe(422);
    });
    const file = { name: 'ab.txt', size: EICAR.length, sha256: expect.stringMatching(/^[0-9a-f]{64}$/) };
    expect(refused).toEqual([
      expect.objectContaining({
        level: 'warn',
        workspaceId: 1,
        userId: agent.user.id,
        from: 'staff',
        file,
        signature: EICAR_NAME,
      }),
    ]);
    const { body } = await admin.get<{ data: object[] }>(
      `/audit-log?user=${agent.user.id}&action=upload.refuse`,
    );
    expect(body.data[0]).toMatchObject({
      user_id: agent.user.id,
      user_name: agent.user.username,
      subject_type: 'upload',
      subject_id: null,
      details: { ...file, signature: EICAR_NAME },
    });
  });
});

test.each<[string, () => Buffer | string]>([
  ['a page', () => '<html><script>'],
  ['an archive', () => zip({ 'a.txt': 'a' })],
])('%s is refused for what it is, however clean, and not even scanned', async (_, content) => {
  expect(await upload('single', { content: content() })).toMatchObject({
    status: 415,
    body: { code: 'UNSUPPORTED_MEDIA_TYPE' },
  });
  expect(clamd.scanned).toEqual([]);
});

test('a file that is larger than clamd takes is refused, and the answer says so', async () => {
  clamd.limit = 100_000;
  const before = await kept();
  expect(await upload('single', { content: 'a'.repeat(clamd.limit + 1) })).toMatchObject({
    status: 413,
    body: { code: 'PAYLOAD_TOO_LARGE', message: 'The virus scanner takes no file of that size.' },
  });
  expect(await kept()).toEqual(before);
});

test.each<[string, FakeClamd['fault']]>([
  ['says nothing', 'silent'],
  ['dies in the middle', 'dies'],
  ['has an error of its own', { says: "stream: Can't create temporary file ERROR" }],
])('while clamd %s no file is taken, whatever is in it; then all goes on', async (_, fault) => {
  const before = await kept();
  clamd.fault = fault;
  for (const content of ['a'.repeat(200_000), EICAR, png]) {
    const { status, headers, body } = await upload('single', { content });
    expect({ status, ...body }).toMatchObject({ status: 503, code: 'SCANNER_UNAVAILABLE' });
    expect(Number(headers.get('retry-after'))).toBeGreaterThan(0);
  }
  expect(await kept()).toEqual(before);
  await nothingIsLeft();
  clamd.fault = null;
  expect((await upload('single', { content: png })).status).toBe(201);
});

test('one of several that cannot be scanned keeps back the others', async () => {
  const before = await kept();
  clamd.limit = 100;
  const parts = [{ content: 'one' }, { content: 'x'.repeat(200) }];
  const answer = await post<UploadListDto>(system, agent, '/upload/multiple', form(...parts));
  expect(answer.status).toBe(413);
  await eventually(async () => expect(await kept()).toEqual(before) === undefined, { what: 'all as before' });
});

test('whether clamd answers is told, and without it text goes on', async () => {
  const health = () => system.call('GET', '/health/ready');
  expect((await health()).body).toEqual({
    status: 'ok',
    checks: { process: 'up', database: 'up', files: 'up', scanner: 'up' },
  });
  clamd.fault = 'deaf';
  expect(await health()).toMatchObject({ status: 200, body: { checks: { files: 'up', scanner: 'down' } } });
  expect((await system.meta.customerSays(stranger(), 'text')).response.status).toBe(200);
});

test.each<[string, object, string]>([
  ['with clamd', { clamd: { path: '/run/clamav/clamd.ctl' } }, 'scanned by clamd at /run/clamav/clamd.ctl'],
  ['without', { clamd: null }, 'not scanned'],
])('a start %s says so', async (_, scanner, said) => {
  let text = '';
  const logger = createLogger('info', { write: (line) => (text += line) });
  await system.startAnother({ scanner, role: 'api' }, { logger });
  expect(text).toContain(`"uploads":"${said}"`);
});

describe('what a customer sends', () => {
  interface Shown {
    id: number;
    attachments: { state: string; url: string | null; error: string | null }[];
  }

  const updates = (id: number) =>
    listener.of('message:updated').filter(({ payload }) => payload['id'] === id);

  async function say(bytes: Buffer): Promise<Shown> {
    const media = system.meta.putMedia(bytes, 'text/plain');
    const { wamid, response } = await system.meta.customerSays(
      stranger(),
      inbound.document({ ...media, filename: 'a.txt' }),
    );
    expect(response.status).toBe(200);
    const find = () =>
      listener.of('message:new').find(({ payload }) => payload['whatsapp_message_id'] === wamid);
    await eventually(find, { what: 'message:new' });
    return find()!.payload as unknown as Shown;
  }

  async function settled(message: Shown): Promise<Shown> {
    await eventually(() => updates(message.id).length > 0, { what: 'message:updated' });
    return (await admin.get<Shown>(`/messages/${message.id}`)).body;
  }

  const tries = async (message: Shown): Promise<Record<string, unknown>> =>
    (
      await system.sql('select state, attempts from message_attachment where message_id = $1', [message.id])
    )[0]!;

  async function hurry(): Promise<void> {
    await system.sql(`update message_attachment set try_after = now() where state = 'pending'`);
    await system.sql(`update job set run_at = now() where task = 'whatsapp.fetch-media' and held_by is null`);
  }

  test('stays without a file that has a virus; the file is not tried again', async () => {
    const before = await kept();
    const message = await say(Buffer.from(EICAR));
    expect((await settled(message)).attachments).toEqual([
      expect.objectContaining({
        state: 'failed',
        url: null,
        error: `The virus scanner found ${EICAR_NAME} in the file, which was not kept.`,
      }),
    ]);
    expect(await kept()).toEqual(before);
    await nothingIsLeft();
    expect(clamd.scanned).toHaveLength(1);
    const waiting = () => system.sql(`select from job where task = 'whatsapp.fetch-media'`);
    await eventually(async () => (await waiting()).length === 0, { what: 'nothing left to fetch' });
    await settled(await say(Buffer.from('another one')));
    expect(clamd.scanned.filter((file) => file.includes(EICAR))).toHaveLength(1);
    expect(updates(message.id)).toHaveLength(1);
  });

  test('is told as failed where clamd takes no file of that size', async () => {
    clamd.limit = 1_000;
    const message = await say(Buffer.alloc(1_001, 'a'));
    expect((await settled(message)).attachments[0]).toMatchObject({
      state: 'failed',
      error: 'The virus scanner takes no file of that size.',
    });
  });

  test.each<[string, FakeClamd['fault']]>([
    ['is silent', 'silent'],
    ['dies', 'dies'],
  ])('waits while clamd %s, and is kept when it is back', async (_, fault) => {
    clamd.fault = fault;
    const bytes = Buffer.alloc(100_000, `while it ${JSON.stringify(fault)} `);
    const message = await say(bytes);
    for (const attempts of [1, 2]) {
      await eventually(async () => (await tries(message))['attempts'] === attempts, { what: 'a try' });
      expect(await tries(message)).toEqual({ state: 'pending', attempts });
      if (attempts === 2) clamd.fault = null;
      await hurry();
    }
    const { attachments } = await settled(message);
    expect(attachments[0]).toMatchObject({ state: 'ready', error: null });
    const file = await fetch(`${system.url}${attachments[0]!.url}`);
    expect(Buffer.from(await file.arrayBuffer())).toEqual(bytes);
  });
});
