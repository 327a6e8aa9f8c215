import { noFaults } from '../../simulator/faults';
import sharp from 'sharp';
import { UploadsService } from '../../src/uploads/uploads.service';
import { eventually } from '../support/eventually';
import {
  becomes,
  codeOf,
  conversationOf,
  newPhone,
  reply,
  type Shown,
  waitsWithReason,
} from '../support/sending';
import { ACCESS_TOKEN, type Answer, type Caller, PHONE_NUMBER_ID, TestSystem } from '../support/system';

const OTHER_NUMBER = '206540352242922';
const PDF = Buffer.from('%PDF-1.4\n1 0 obj\n<<>>\nendobj\ntrailer\n<<>>\n%%EOF\n');

interface Sent extends Shown {
  followed_by: number[];
  attachments: { kind: string; url: string; mime_type: string; name: string }[];
}

let system: TestSystem;
let admin: Caller;
let phone: string;
let conversation: number;
let png: Buffer;

beforeAll(async () => {
  system = await TestSystem.start({ config: { whatsapp: { sendTimeoutSeconds: 2 } } });
  admin = await system.signIn('admin');
  png = await sharp({ create: { width: 40, height: 30, channels: 3, background: 'red' } })
    .png()
    .toBuffer();
});
beforeEach(async () => {
  system.meta.reset();
  phone = newPhone();
  conversation = await conversationOf(system, phone);
});
afterAll(() => system.stop());

/** Stored as `POST /upload/…` stores it. */
async function upload(bytes: Buffer = png, name = 'photo.png', workspaceId = 1): Promise<number> {
  const uploads = system.app.get(UploadsService, { strict: false });
  return (await uploads.store({ workspaceId, userId: null }, bytes, { name })).id;
}

const post = (content: object, id = conversation): Promise<Answer<Sent>> =>
  admin.post<Sent>('/messages', { conversation_id: id, ...content });
const attach = (...ids: number[]): object => ({ attachments: ids.map((upload_id) => ({ upload_id })) });
const uploadsToMeta = (number = PHONE_NUMBER_ID): number[] =>
  system.meta.requests.filter(({ path }) => path.endsWith(`${number}/media`)).map(({ status }) => status);
const sent = (): Record<string, unknown>[] => system.meta.acceptedFor(phone).map((one) => one.body);
const messagesIn = async (id: number): Promise<number> =>
  (await system.sql('select 1 from message where conversation_id = $1', [id])).length;

test('a file is brought to WhatsApp byte for byte and then sent by its id', async () => {
  const answer = await post({ body: 'Look', ...attach(await upload()) });
  expect(answer).toMatchObject({
    status: 201,
    body: {
      type: 'image',
      body: 'Look',
      payload: { kind: 'image', caption: 'Look', mime_type: 'image/png' },
      followed_by: [],
      attachments: [{ kind: 'image', mime_type: 'image/png', name: 'photo.png', state: 'ready' }],
    },
  });
  await becomes(admin, answer.body, 'read');
  const { image } = sent()[0] as { image: { id: string; caption: string } };
  expect(image.caption).toBe('Look');
  expect(system.meta.media.find(image.id)).toMatchObject({ bytes: png, mimeType: 'image/png' });
});

test('several files are several messages, sent in order, the words with the first', async () => {
  const listener = await system.listen(admin);
  await reply(admin, conversation, 'before');
  const ids = [await upload(png, 'a.png'), await upload(PDF, 'b.pdf'), await upload(png, 'c.png')];
  const answer = await post({
    body: 'Three files',
    attachments: [{ upload_id: ids[0] }, { upload_id: ids[1], caption: 'The bill' }, { upload_id: ids[2] }],
  });
  const last = await reply(admin, conversation, 'after');

  expect(answer.body.followed_by).toHaveLength(2);
  await becomes(admin, last, 'read');
  expect(sent()).toMatchObject([
    { type: 'text', text: { body: 'before' } },
    { type: 'image', image: { caption: 'Three files' } },
    { type: 'document', document: { caption: 'The bill', filename: 'b.pdf' } },
    { type: 'image', image: { id: expect.any(String) as string } },
    { type: 'text', text: { body: 'after' } },
  ]);
  expect(sent()[3]!['image']).not.toHaveProperty('caption');
  const all = [answer.body.id, ...answer.body.followed_by];
  expect(listener.of('message:new').map((heard) => heard.payload['id'])).toEqual(
    expect.arrayContaining(all) as number[],
  );
  const heard = listener.of('message:new').filter((one) => all.includes(one.payload['id'] as number));
  expect(heard.map((one) => one.payload['id'])).toEqual(all);
  expect(heard.map((one) => (one.payload['attachments'] as unknown[]).length)).toEqual([1, 1, 1]);
});

test('a file goes to Meta once for each number, however often it is sent', async () => {
  system.meta.addNumber({
    phoneNumberId: OTHER_NUMBER,
    displayPhoneNumber: '15550000000',
    businessAccountId: '1',
  });
  await admin.post('/whatsapp-integration-config', {
    phone_number_id: OTHER_NUMBER,
    access_token: ACCESS_TOKEN,
  });
  const elsewhere = await conversationOf(system, newPhone(), OTHER_NUMBER);
  const id = await upload();
  await becomes(admin, (await post(attach(id))).body, 'read');
  await becomes(admin, (await post(attach(id))).body, 'read');
  await becomes(admin, (await post(attach(id), elsewhere)).body, 'read');
  expect([uploadsToMeta(), uploadsToMeta(OTHER_NUMBER)]).toEqual([[200], [200]]);
});

test('a file that is about to go at Meta is brought again', async () => {
  const id = await upload();
  await becomes(admin, (await post(attach(id))).body, 'read');
  await system.sql(
    `update whatsapp_media set expires_at = now() + interval '1 minute' where upload_id = $1`,
    [id],
  );
  await becomes(admin, (await post(attach(id))).body, 'read');
  expect(uploadsToMeta()).toEqual([200, 200]);
});

test('a file that Meta has lost is brought again, and the message goes out once', async () => {
  const id = await upload();
  await becomes(admin, (await post(attach(id))).body, 'read');
  system.meta.media.clear();
  await becomes(admin, (await post(attach(id))).body, 'read');
  expect(uploadsToMeta()).toEqual([200, 200]);
  expect(sent()).toHaveLength(2);
});

describe('what goes wrong on the way to Meta', () => {
  test.each<[string, object]>([
    ['a passing error', { failNext: { code: 131016, on: 'media' } }],
    ['an HTML 502', { failNext: { body: 'html', httpStatus: 502, on: 'media' } }],
    ['an empty 500', { failNext: { body: 'empty', httpStatus: 500, on: 'media' } }],
    ['silence', { latencyMs: { ms: 3_000, times: 1 } }],
    ['a connection that is refused', { refuseConnections: { times: 1 } }],
  ])('%s: it is tried again, never uncertain, and what is behind it waits', async (_, faults) => {
    const id = await upload();
    Object.assign(system.meta.faults, faults);
    const file = (await post(attach(id))).body;
    const behind = await reply(admin, conversation, 'behind');
    const states = new Set<string>();
    await eventually(
      async () => {
        const { body } = await admin.get<Shown>(`/messages/${file.id}`);
        states.add(body.whatsapp_status);
        return body.whatsapp_status === 'read';
      },
      { timeoutMs: 20_000, what: 'the file' },
    );
    await becomes(admin, behind, 'read');
    expect(states).not.toContain('uncertain');
    expect(states).not.toContain('failed');
    expect(sent().map((body) => body['type'])).toEqual(['image', 'text']);
  });

  test('what Meta will never take fails with its reason, and what is behind it goes out', async () => {
    const id = await upload();
    system.meta.faults.failNext = { code: 131053, on: 'media' };
    const file = (await post(attach(id))).body;
    const behind = await reply(admin, conversation, 'behind');
    const failed = await becomes(admin, file, 'failed');
    expect([failed.error_code, failed.error_reason]).toEqual([131053, expect.any(String)]);
    await becomes(admin, behind, 'read');
    expect(sent().map((body) => body['type'])).toEqual(['text']);
  });

  test('a dead token stops the number at the file, and a new one lets it go on', async () => {
    const id = await upload();
    system.meta.faults.failNext = { code: 190, on: 'media' };
    const file = (await post(attach(id))).body;
    const waiting = await waitsWithReason(admin, file);
    expect(waiting.error_reason).toMatch(/token/i);
    const [paused] = await system.sql<{ id: number }>(
      'select id from whatsapp_integration_config where sending_paused_until > now()',
    );
    system.meta.faults = noFaults();
    await admin.patch(`/whatsapp-integration-config/${paused!.id}`, { access_token: ACCESS_TOKEN });
    await becomes(admin, file, 'read');
  });

  test('tries of the file count, so that a message does not wait for ever', async () => {
    const id = await upload();
    system.meta.faults.failNext = { code: 131016, on: 'media', times: 2 };
    await becomes(admin, (await post(attach(id))).body, 'read');
    const [row] = await system.sql<{ tries: number }>(
      'select send_attempts as tries from message where conversation_id = $1 order by id desc limit 1',
      [conversation],
    );
    expect(row!.tries).toBe(3);
  });
});

describe('POST /messages refuses before anything is stored', () => {
  test.each<[string, string, object, RegExp]>([
    [
      'an image of 5 MB and a byte',
      `file_size = 5 * 1024 * 1024 + 1`,
      {},
      /up to 5 MB; "photo.png" has 5.1 MB/,
    ],
    [
      'an image that is WebP',
      `mime_type = 'image/webp'`,
      {},
      /image\/jpeg or image\/png; "photo.png" is image\/webp/,
    ],
    [
      'a video of 16 MB and a byte',
      `kind = 'video', mime_type = 'video/mp4', file_size = 16777217`,
      {},
      /up to 16 MB/,
    ],
    [
      'a video that is QuickTime',
      `kind = 'video', mime_type = 'video/quicktime'`,
      {},
      /video\/mp4 or video\/3gpp/,
    ],
    ['an audio that is WAV', `kind = 'audio', mime_type = 'audio/wav'`, {}, /an audio as/],
    [
      'a document that is a program',
      `kind = 'document', mime_type = 'application/x-msdownload'`,
      {},
      /a document as/,
    ],
    ['an image as a sticker', '', { type: 'sticker' }, /a sticker as image\/webp/],
    [
      'a sticker of 500 kB and a byte',
      `mime_type = 'image/webp', file_size = 512001`,
      { type: 'sticker' },
      /up to 500 kB/,
    ],
    ['an image as a document', '', { type: 'document' }, /a document as/],
  ])('%s', async (_, change, more, words) => {
    const id = await upload();
    if (change !== '') await system.sql(`update upload set ${change} where id = $1`, [id]);
    const answer = await post({ ...more, ...attach(id) });
    expect(answer).toMatchObject({ status: 400, body: { details: [{ field: 'attachments' }] } });
    expect(answer.body['message']).toMatch(words);
    expect(await messagesIn(conversation)).toBe(1);
  });

  test('all of several files where one cannot be sent', async () => {
    const [good, bad] = [await upload(), await upload()];
    await system.sql(`update upload set mime_type = 'image/webp' where id = $1`, [bad]);
    expect((await post(attach(good, bad))).status).toBe(400);
    expect(await messagesIn(conversation)).toBe(1);
  });

  test('a file of another workspace, which answers like one that does not exist', async () => {
    const { id } = await system.createWorkspace('others');
    const foreign = await upload(png, 'secret.png', id);
    const answer = await post(attach(foreign));
    const missing = await post(attach(999_999));
    expect(answer.status).toBe(400);
    expect(JSON.stringify(answer.body)).not.toContain('secret');
    expect({ ...answer.body, requestId: '' }).toEqual({ ...missing.body, requestId: '' });
  });
});

test('the same request again, at once and later, is the same messages in the same answer', async () => {
  const ids = [await upload(), await upload(PDF, 'b.pdf')];
  const again = (): Promise<Answer<Sent>> => post({ body: 'Two', ...attach(...ids), client_message_id: 'k' });
  const answers = await Promise.all([again(), again(), again()]);
  const [first] = answers;
  expect(first.body.followed_by).toHaveLength(1);
  for (const { status, body } of answers)
    expect([status, body.id, body.followed_by]).toEqual([201, first.body.id, first.body.followed_by]);
  await becomes(admin, { id: first.body.followed_by[0]! }, 'read');
  await system.sql(`update conversation set status = 'closed' where id = $1`, [conversation]);
  expect((await again()).body).toMatchObject({
    id: first.body.id,
    followed_by: first.body.followed_by,
    whatsapp_status: 'read',
    attachments: [{ name: 'photo.png' }],
  });
  expect(sent()).toHaveLength(2);
  for (const other of [attach(ids[1]!, ids[0]!), attach(ids[0]!), { ...attach(...ids), body: 'Too' }]) {
    const answer = await post({ body: 'Two', ...other, client_message_id: 'k' });
    expect([answer.status, codeOf(answer)]).toEqual([409, 'IDEMPOTENCY_KEY_REUSED']);
  }
});

test('a file above buttons and one above a template are brought and named', async () => {
  const id = await upload();
  const header = { type: 'image', upload_id: id };
  const buttons = await post({
    type: 'interactive',
    body: 'This one?',
    payload: { interactive_type: 'button', header, buttons: [{ id: 'y', title: 'Yes' }] },
  });
  const template = await post({ type: 'template', payload: { name: 'shown', language: 'en', header } });
  expect([buttons.body.attachments, template.body.attachments]).toMatchObject([
    [{ kind: 'image' }],
    [{ kind: 'image' }],
  ]);
  await becomes(admin, template.body, 'read');
  const media = { id: expect.any(String) as string };
  expect(sent()).toMatchObject([
    { interactive: { header: { type: 'image', image: media } } },
    { template: { components: [{ type: 'header', parameters: [{ type: 'image', image: media }] }] } },
  ]);
  expect(uploadsToMeta()).toEqual([200]);
});

test('send-media takes an upload, too', async () => {
  const answer = await admin.post<Sent>('/meta-whatsapp/webhook/send-media', {
    to: `+${phone}`,
    upload_id: await upload(PDF, 'b.pdf'),
    caption: 'The bill',
    phone_number_id: PHONE_NUMBER_ID,
  });
  expect(answer).toMatchObject({ status: 201, body: { type: 'document', conversation_id: conversation } });
  await becomes(admin, answer.body, 'read');
  expect(sent()).toMatchObject([{ document: { caption: 'The bill', filename: 'b.pdf' } }]);
});

test('a worker that dies while it brings a file leaves a message that is simply sent later', async () => {
  const id = await upload();
  system.meta.faults.latencyMs = { ms: 60_000, times: 1 };
  const file = (await post(attach(id))).body;
  await eventually(() => uploadsToMeta().length === 1, { what: 'the upload under way' });
  // Its hold runs out, as it does for a process that was killed.
  await system.sql(`update job set held_by = null, run_at = now() where task = 'messages.send'`);
  await becomes(admin, file, 'read');
  expect(sent()).toHaveLength(1);
});
