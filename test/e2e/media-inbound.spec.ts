import type { InboundContent } from '../../simulator/inbound-content';
import { inbound } from '../../simulator/inbound-content';
import { apply, comparable, fetchState } from '../../faults/oracle/crm-state';
import { eventually } from '../support/eventually';
import { docx, mp4, ogg, picture } from '../support/files';
import { type Caller, type Listener, TestSystem } from '../support/system';
import { stranger } from '../support/webhooks';

let system: TestSystem;
let admin: Caller;
let agent: Listener;

beforeAll(async () => {
  system = await TestSystem.start();
  admin = await system.signIn('admin');
  agent = await system.listen(admin);
});
afterAll(() => system.stop());
afterEach(() => {
  system.meta.faults.failNext = null;
  system.meta.faults.latencyMs = 0;
});

interface Shown {
  id: number;
  conversation_id: number;
  attachments: { id: number; state: string; url: string; error: string | null; [key: string]: unknown }[];
}

async function say(content: InboundContent): Promise<Shown> {
  const { wamid, response } = await system.meta.customerSays(stranger(), content);
  expect(response.status).toBe(200);
  const find = () => agent.of('message:new').find(({ payload }) => payload['whatsapp_message_id'] === wamid);
  await eventually(find, { what: 'message:new' });
  return find()!.payload as unknown as Shown;
}

const get = async (id: number): Promise<Shown> => (await admin.get<Shown>(`/messages/${id}`)).body;
const updates = (id: number) => agent.of('message:updated').filter(({ payload }) => payload['id'] === id);

async function settled(message: Shown): Promise<Shown> {
  await eventually(() => updates(message.id).length > 0, { what: 'message:updated' });
  return updates(message.id).at(-1)!.payload as unknown as Shown;
}

/** Waits until the next try failed too, then lets the one after it come at once. */
async function failedTries(message: Shown, attempts: number): Promise<void> {
  const tried = async (): Promise<boolean> => {
    const [row] = await system.sql('select attempts from message_attachment where message_id = $1', [
      message.id,
    ]);
    return row!['attempts'] === attempts;
  };
  await eventually(tried, { what: `${attempts} tries` });
}

async function hurry(): Promise<void> {
  await system.sql(`update message_attachment set try_after = now() where state = 'pending'`);
  await system.sql(`update job set run_at = now() where task = 'whatsapp.fetch-media' and held_by is null`);
}

const put = (bytes: Buffer, mimeType: string) => system.meta.putMedia(bytes, mimeType);

test('a picture is announced as pending, and as soon as it is here its message is told anew', async () => {
  system.meta.faults.latencyMs = { ms: 300, times: 1 };
  const bytes = await picture('jpeg', { width: 800, height: 600 });
  const message = await say(inbound.image({ ...put(bytes, 'image/jpeg'), caption: 'Olha' }));
  expect(message.attachments).toEqual([
    {
      id: expect.any(Number),
      kind: 'image',
      url: null,
      mime_type: 'image/jpeg',
      name: null,
      size: null,
      file_size: null,
      duration_ms: null,
      width: null,
      height: null,
      thumbnail_url: null,
      preview_url: null,
      state: 'pending',
      error: null,
    },
  ]);

  const { attachments } = await settled(message);
  expect(attachments).toEqual([
    {
      ...message.attachments[0],
      url: expect.stringMatching(/^\/files\//),
      name: 'image.jpg',
      size: bytes.length,
      file_size: bytes.length,
      width: 800,
      height: 600,
      thumbnail_url: expect.stringMatching(/^\/files\/.*thumbnail/),
      preview_url: expect.stringMatching(/^\/files\/.*preview/),
      state: 'ready',
    },
  ]);
  const shown = await get(message.id);
  expect(shown).toEqual(updates(message.id)[0]!.payload);
  expect((await admin.get(`/conversations/${message.conversation_id}`)).body['last_message']).toEqual(shown);
  const file = await fetch(`${system.url}${attachments[0]!.url}`);
  expect(Buffer.from(await file.arrayBuffer())).toEqual(bytes);
});

test('state and events together are the state fetched anew, files included', async () => {
  const before = await fetchState(admin);
  const start = agent.heard.length;
  const message = await say(inbound.document({ ...put(docx(), 'application/zip'), filename: 'a.docx' }));
  await settled(message);
  const after = agent.heard.slice(start).reduce((state, heard) => apply(state, heard, null), before);
  const fresh = await fetchState(admin);
  expect(comparable(after, after.knownAfter)).toEqual(comparable(fresh, after.knownAfter));
});

test.each<[string, () => Promise<InboundContent> | InboundContent, object]>([
  [
    'a video',
    () => inbound.video(put(mp4(), 'video/mp4')),
    { kind: 'video', duration_ms: 3_000, name: 'video.mp4' },
  ],
  [
    'a voice message',
    () => inbound.audio({ ...put(ogg(), 'audio/ogg; codecs=opus'), voice: true }),
    { kind: 'audio', mime_type: 'audio/ogg', duration_ms: 4_000 },
  ],
  [
    'a sound in MP4',
    () => inbound.audio(put(mp4({ track: 'soun' }), 'audio/mp4')),
    { kind: 'audio', mime_type: 'audio/mp4' },
  ],
  [
    'a sticker',
    async () => inbound.sticker(put(await picture('webp'), 'image/webp')),
    { kind: 'image', mime_type: 'image/webp', width: 40 },
  ],
  [
    'a document of any type',
    () =>
      inbound.document({
        ...put(Buffer.from('\0\x01\x02'), 'application/x-any'),
        filename: '../Prüfung.any',
      }),
    { kind: 'document', mime_type: 'application/octet-stream', name: 'Prüfung.any', size: 3 },
  ],
  [
    'a page as a document',
    () => inbound.document({ ...put(Buffer.from('<html>'), 'text/html'), filename: 'a.html' }),
    { kind: 'document', mime_type: 'application/octet-stream' },
  ],
  [
    'a damaged picture',
    () => inbound.image(put(Buffer.from('ffd8ffe000104a464946', 'hex'), 'image/jpeg')),
    { kind: 'image', width: null, thumbnail_url: null },
  ],
])('%s arrives as what it is', async (_, make, expected) => {
  const { attachments } = await settled(await say(await make()));
  expect(attachments).toEqual([expect.objectContaining({ ...expected, state: 'ready', error: null })]);
});

test('a file that cannot be had now is fetched later', async () => {
  system.meta.faults.failNext = { on: 'media', httpStatus: 500, body: 'html', times: 2 };
  const message = await say(inbound.image(put(await picture('png'), 'image/png')));
  await failedTries(message, 1);
  expect((await get(message.id)).attachments[0]).toMatchObject({ state: 'pending', error: null });
  await hurry();
  await failedTries(message, 2);
  await hurry();
  expect((await settled(message)).attachments[0]).toMatchObject({ state: 'ready' });
});

test('a file that WhatsApp does not have any more is told as failed, once', async () => {
  const media = put(Buffer.from('gone'), 'text/plain');
  system.meta.media.delete(media.id);
  const message = await say(inbound.document({ ...media, filename: 'a.txt' }));
  expect((await settled(message)).attachments).toEqual([
    expect.objectContaining({
      state: 'failed',
      url: null,
      name: 'a.txt',
      error: 'WhatsApp does not have the file any more.',
    }),
  ]);
  expect(await get(message.id)).toEqual(updates(message.id)[0]!.payload);
  expect(updates(message.id)).toHaveLength(1);
});

test('other bytes than were announced are never shown', async () => {
  const media = put(Buffer.from('the right bytes'), 'text/plain');
  const stored = system.meta.media.find(media.id)!;
  const right = stored.bytes;
  stored.bytes = Buffer.from('the wrong bytes');
  const message = await say(inbound.document(media));
  for (const attempts of [1, 2]) {
    await failedTries(message, attempts);
    if (attempts === 2) stored.bytes = right;
    await hurry();
  }
  const { attachments } = await settled(message);
  const file = await fetch(`${system.url}${attachments[0]!.url}`);
  expect(await file.text()).toBe('the right bytes');
});

test('wrong bytes again and again end as failed', async () => {
  const media = put(Buffer.from('right'), 'text/plain');
  system.meta.media.find(media.id)!.bytes = Buffer.from('wrong');
  const message = await say(inbound.document(media));
  for (const attempts of [1, 2, 3, 4]) {
    await failedTries(message, attempts);
    await hurry();
  }
  expect((await settled(message)).attachments[0]).toMatchObject({
    state: 'failed',
    error: 'WhatsApp sent other bytes than it announced.',
  });
});

test('a webhook that comes three times brings one attachment and one file', async () => {
  const count = async () => (await system.sql('select count(*)::int as n from upload'))[0]!['n'] as number;
  const before = await count();
  system.meta.faults.duplicateWebhooks = { copies: 3, times: 1 };
  const message = await say(inbound.image(put(await picture('png', { width: 7 }), 'image/png')));
  await settled(message);
  expect((await get(message.id)).attachments).toHaveLength(1);
  expect(await count()).toBe(before + 1);
});

test('what waits for a token is fetched as soon as it is entered', async () => {
  await system.sql(
    `update whatsapp_integration_config set sending_paused_until = 'infinity', sending_paused_reason = 'dead'`,
  );
  const message = await say(inbound.image(put(await picture('png', { width: 9 }), 'image/png')));
  await failedTries(message, 1);
  await system.sql(
    `update message_attachment set try_after = now() + interval '1 hour' where state = 'pending'`,
  );
  const later = async (): Promise<boolean> => {
    const moved = await system.sql(
      `update job set run_at = now() + interval '1 hour' where task = 'whatsapp.fetch-media' and held_by is null returning id`,
    );
    return moved.length === 1;
  };
  await eventually(later, { what: 'the job waits' });
  const { body } = await admin.get<{ data: { id: number }[] }>('/whatsapp-integration-config');
  await admin.patch(`/whatsapp-integration-config/${body.data[0]!.id}`, { name: 'mended' });
  expect((await settled(message)).attachments[0]).toMatchObject({ state: 'ready' });
});

test('what a deleted message showed is gone, behind its links too', async () => {
  const bytes = await picture('png', { width: 11 });
  const message = await say(inbound.image(put(bytes, 'image/png')));
  const { attachments } = await settled(message);
  expect((await admin.delete(`/messages/${message.id}`)).status).toBe(204);
  expect((await get(message.id)).attachments).toEqual([]);
  for (const url of [attachments[0]!.url, attachments[0]!['thumbnail_url'] as string])
    expect((await fetch(`${system.url}${url}`)).status).toBe(404);
});

test('a message that is deleted while its file is on the way stays without it', async () => {
  const count = async () => (await system.sql('select count(*)::int as n from upload'))[0]!['n'] as number;
  const before = await count();
  const media = put(Buffer.from('never shown'), 'text/plain');
  system.meta.media.find(media.id)!.bytes = Buffer.from('wrong bytes');
  const message = await say(inbound.document(media));
  await failedTries(message, 1);
  system.meta.media.find(media.id)!.bytes = Buffer.from('never shown');
  expect((await admin.delete(`/messages/${message.id}`)).status).toBe(204);
  await hurry();
  const done = async () =>
    (await system.sql(`select from job where task = 'whatsapp.fetch-media'`)).length === 0;
  await eventually(done, { what: 'nothing left to fetch' });
  expect(await count()).toBe(before);
  await say(inbound.text('afterwards')); // whatever was told before it has been heard
  expect(updates(message.id)).toEqual([]);
});

test('nothing holds a transaction open while Meta is slow', async () => {
  system.meta.faults.latencyMs = { ms: 1_500, times: 4 };
  const images = await Promise.all([1, 2].map((n) => picture('png', { width: 20 + n })));
  const messages = await Promise.all(images.map((bytes) => say(inbound.image(put(bytes, 'image/png')))));
  let longest = 0;
  const allTold = async (): Promise<boolean> => {
    const [found] = await system.sql<{ ms: number }>(
      `select coalesce(max(extract(epoch from clock_timestamp() - xact_start) * 1000), 0)::int as ms from pg_stat_activity
       where datname = current_database() and state = 'idle in transaction'`,
    );
    longest = Math.max(longest, found!.ms);
    return messages.every(({ id }) => updates(id).length === 1);
  };
  await eventually(allTold, { what: 'both files' });
  expect(longest).toBeLessThan(1_000);
});
