import { inbound } from '../../simulator/inbound-content';
import type { UploadDto } from '../../src/uploads/upload.types';
import { eventually } from '../support/eventually';
import { form, picture, post } from '../support/files';
import { FakeSupabase } from '../support/supabase';
import { type Caller, TestSystem } from '../support/system';
import { stranger } from '../support/webhooks';

let supabase: FakeSupabase;
let system: TestSystem;
let agent: Caller;
let png: Buffer;

const storage = () => ({ supabase: { url: supabase.url, key: supabase.key, bucket: 'attachments' } });

beforeAll(async () => {
  supabase = await FakeSupabase.start();
  system = await TestSystem.start({ config: { storage: storage() } });
  agent = await system.signIn('admin');
  png = await picture('png', { width: 600, height: 400 });
});
afterAll(async () => {
  await system.stop();
  supabase.stop();
});
afterEach(() => {
  supabase.failing = null;
});

test('files lie in the bucket, by kind and time, and are read through signed links of this server', async () => {
  const { status, body } = await post<UploadDto>(system, agent, '/upload/image', form({ content: png }));
  expect(status).toBe(201);
  const keys = [...supabase.objects.keys()];
  const month = new Date().toISOString().slice(0, 7).replace('-', '/');
  expect(keys).toHaveLength(3);
  for (const key of keys)
    expect(key).toMatch(
      new RegExp(`^uploads/1/image/${month}/[0-9a-f]{32}(\\.png|-(thumbnail|preview)\\.webp)$`),
    );
  expect(body.url).toMatch(/^\/files\//);
  const whole = await fetch(`${system.url}${body.url}`);
  expect(Buffer.from(await whole.arrayBuffer())).toEqual(png);
  const part = await fetch(`${system.url}${body.url}`, { headers: { range: 'bytes=5-9' } });
  expect([part.status, Buffer.from(await part.arrayBuffer())]).toEqual([206, png.subarray(5, 10)]);
  const thumbnail = await fetch(`${system.url}${body.thumbnail_url}`);
  expect([thumbnail.status, thumbnail.headers.get('content-type')]).toEqual([200, 'image/webp']);
});

test('with a public bucket the addresses are its own', async () => {
  const open = await system.startAnother({ storage: { ...storage(), public: true } });
  const { body } = await post<UploadDto>(
    open,
    open.callerWith(agent.token),
    '/upload/image',
    form({ content: png }),
  );
  for (const url of [body.url, body.thumbnail_url!, body.preview_url!]) {
    expect(url.startsWith(`${supabase.url}/storage/v1/object/public/attachments/uploads/1/image/`)).toBe(
      true,
    );
    expect((await fetch(url)).status).toBe(200);
  }
});

test('while the bucket is away uploads are refused and leave nothing, and text goes on', async () => {
  const rows = () => system.sql('select id from upload order by id');
  const before = { rows: await rows(), keys: [...supabase.objects.keys()] };
  supabase.failing = 503;
  const answer = await post(system, agent, '/upload/single', form({ content: png }));
  expect(answer.body).toMatchObject({ statusCode: 503, code: 'STORAGE_UNAVAILABLE' });
  expect(await system.call('GET', '/health/ready')).toMatchObject({
    status: 200,
    body: { status: 'ok', checks: { database: 'up', files: 'down' } },
  });
  expect((await system.meta.customerSays(stranger(), 'text')).response.status).toBe(200);
  expect({ rows: await rows(), keys: [...supabase.objects.keys()] }).toEqual(before);
});

test('what a customer sends while the bucket is away is kept as soon as it is back', async () => {
  supabase.failing = 500;
  const { wamid, response } = await system.meta.customerSays(
    stranger(),
    inbound.image(system.meta.putMedia(png, 'image/png')),
  );
  expect(response.status).toBe(200);
  const attachment = async () =>
    (
      await system.sql(
        `select a.state, a.attempts from message_attachment a join message m on m.id = a.message_id
         where m.whatsapp_message_id = $1`,
        [wamid],
      )
    )[0]!;
  await eventually(async () => (await attachment())['attempts'] === 1, { what: 'a first try' });
  supabase.failing = null;
  await system.sql(`update message_attachment set try_after = now()`);
  await system.sql(`update job set run_at = now() where task = 'whatsapp.fetch-media' and held_by is null`);
  await eventually(async () => (await attachment())['state'] === 'ready', { what: 'the file' });
});
