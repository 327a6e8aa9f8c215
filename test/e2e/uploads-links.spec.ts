import type { UploadDto } from '../../src/uploads/upload.types';
import { form, type FormPart, mp4, pdf, picture, post, wav } from '../support/files';
import { secondWorkspace } from '../support/crm';
import { type Caller, TestSystem } from '../support/system';

let system: TestSystem;
let agent: Caller;
let png: Buffer;
let image: UploadDto;

beforeAll(async () => {
  system = await TestSystem.start();
  agent = await system.signIn('employer');
  png = await picture('png', { width: 600, height: 400 });
  image = await upload({ content: png, name: 'Relatório "2026".png' });
});
afterAll(() => system.stop());

async function upload(part: FormPart, caller = agent): Promise<UploadDto> {
  const answer = await post<UploadDto>(system, caller, '/upload/single', form(part));
  expect(answer.status).toBe(201);
  return answer.body;
}

const open = (path: string, init: RequestInit = {}): Promise<Response> => fetch(`${system.url}${path}`, init);
const bytesOf = async (response: Response): Promise<Buffer> => Buffer.from(await response.arrayBuffer());

test('a link opens the file for whoever has it, with headers that make nothing of it run', async () => {
  const response = await open(image.url);
  expect(response.status).toBe(200);
  expect(await bytesOf(response)).toEqual(png);
  expect(Object.fromEntries(response.headers)).toMatchObject({
    'content-type': 'image/png',
    'content-length': String(png.length),
    'content-disposition': `inline; filename="Relat_rio _2026_.png"; filename*=UTF-8''Relat%C3%B3rio%20_2026_.png`,
    'content-security-policy': "default-src 'none'; sandbox",
    'x-content-type-options': 'nosniff',
    'cross-origin-resource-policy': 'cross-origin',
    'referrer-policy': 'no-referrer',
    'cache-control': expect.stringContaining('private'),
    'accept-ranges': 'bytes',
  });
});

test.each<[string, () => FormPart, string, string]>([
  ['a sound', () => ({ content: wav() }), 'audio/wav', 'inline'],
  ['a video', () => ({ content: mp4() }), 'video/mp4', 'inline'],
  ['a document', () => ({ content: pdf() }), 'application/pdf', 'attachment'],
  ['a text', () => ({ content: 'alert(1)', name: 'x.html' }), 'text/plain; charset=utf-8', 'attachment'],
])('%s is shown as what it is', async (_, part, type, disposition) => {
  const response = await open((await upload(part())).url);
  await response.arrayBuffer();
  expect(response.headers.get('content-type')).toBe(type);
  expect(response.headers.get('content-disposition')).toMatch(new RegExp(`^${disposition};`));
});

test.each<[string, number, string, () => string]>([
  ['no signature', 400, 'VALIDATION_FAILED', () => image.url.split('?')[0]!],
  ['an empty one', 400, 'VALIDATION_FAILED', () => `${image.url.split('=')[0]!}=`],
  ['another last digit', 403, 'FORBIDDEN', () => image.url.replace(/.$/, (c) => (c === '0' ? '1' : '0'))],
  ['another workspace', 403, 'FORBIDDEN', () => image.url.replace('signature=1.', 'signature=2.')],
  [
    'another file',
    403,
    'FORBIDDEN',
    () => image.url.replace(/files\/./, (c) => (c.endsWith('0') ? 'files/1' : 'files/0')),
  ],
  ['another picture of it', 403, 'FORBIDDEN', () => image.thumbnail_url!.replace('/thumbnail', '')],
  ['the file for its picture', 403, 'FORBIDDEN', () => image.url.replace('?', '/preview?')],
  ['capitals', 403, 'FORBIDDEN', () => image.url.replace(image.uuid, image.uuid.toUpperCase())],
  ['no id', 403, 'FORBIDDEN', () => image.url.replace(image.uuid, '..%2f..%2fetc%2fpasswd')],
  ['an unknown picture', 404, 'NOT_FOUND', () => image.url.replace('?', '/original?')],
  ['more in the query', 400, 'VALIDATION_FAILED', () => `${image.url}&x=1`],
  ['the signature twice', 400, 'VALIDATION_FAILED', () => `${image.url}&${image.url.split('?')[1]!}`],
])('a link with %s opens nothing, not even for who may sign in', async (_, status, code, url) => {
  const response = await open(url(), { headers: { authorization: `Bearer ${agent.token}` } });
  expect(await response.json()).toMatchObject({ statusCode: status, code });
  expect(response.status).toBe(status);
  expect(response.headers.get('content-type')).toMatch(/json/);
});

test('links of one workspace are not those of another', async () => {
  const theirs = await secondWorkspace(system, 'rivals');
  const file = await upload({ content: png }, theirs.admin);
  expect((await open(file.url)).status).toBe(200);
  expect((await open(file.url.replace(/signature=\d+/, 'signature=1'))).status).toBe(403);
  const [key] = await system.sql<{ storage_key: string }>('select storage_key from upload where uuid = $1', [
    file.uuid,
  ]);
  expect(key!.storage_key.split('/')[1]).toBe(String(theirs.id));
});

test('a file that is removed is gone behind its link', async () => {
  const file = await upload({ content: 'x', name: 'a.txt' });
  await system.sql('delete from upload where uuid = $1', [file.uuid]);
  const response = await open(file.url);
  expect(response.status).toBe(404);
  expect(await response.json()).toMatchObject({ code: 'NOT_FOUND' });
});

test.each<[string, number, string | null, (all: Buffer) => Buffer]>([
  ['bytes=0-9', 206, 'bytes 0-9/', (all) => all.subarray(0, 10)],
  ['bytes=10-', 206, 'bytes 10-', (all) => all.subarray(10)],
  ['bytes=-5', 206, 'bytes ', (all) => all.subarray(-5)],
  ['bytes=5-999999999', 206, 'bytes 5-', (all) => all.subarray(5)],
  ['bytes=0-1,5-6', 200, null, (all) => all],
  ['bytes=9-5', 200, null, (all) => all],
  ['lines=1-2', 200, null, (all) => all],
  ['bytes=999999999-', 416, 'bytes */', () => Buffer.alloc(0)],
  ['bytes=-0', 416, 'bytes */', () => Buffer.alloc(0)],
])('Range: %s answers %i', async (range, status, contentRange, part) => {
  const response = await open(image.url, { headers: { range } });
  expect(response.status).toBe(status);
  const shown = response.headers.get('content-range');
  if (contentRange === null) expect(shown).toBeNull();
  else expect(shown!.startsWith(contentRange)).toBe(true);
  if (status === 416) expect(await response.json()).toMatchObject({ code: 'RANGE_NOT_SATISFIABLE' });
  else expect(await bytesOf(response)).toEqual(part(png));
});

test('what a browser has it need not fetch again', async () => {
  const etag = (await open(image.url, { method: 'HEAD' })).headers.get('etag')!;
  const known = await open(image.url, { headers: { 'if-none-match': etag } });
  expect([known.status, await known.text()]).toEqual([304, '']);
  expect((await open(image.thumbnail_url!, { method: 'HEAD' })).headers.get('etag')).not.toBe(etag);
  const changed = await open(image.url, { headers: { range: 'bytes=0-9', 'if-range': '"another"' } });
  expect(changed.status).toBe(200);
  await changed.arrayBuffer();
});

test('HEAD tells what GET would', async () => {
  const [head, get] = [await open(image.url, { method: 'HEAD' }), await open(image.url)];
  await get.arrayBuffer();
  const names = ['content-type', 'content-length', 'content-disposition', 'etag'];
  expect(names.map((name) => head.headers.get(name))).toEqual(names.map((name) => get.headers.get(name)));
  expect(await head.text()).toBe('');
});

test('the database alone opens no file: it holds no link', async () => {
  const rows = await system.sql('select row_to_json(upload)::text as row from upload where uuid = $1', [
    image.uuid,
  ]);
  expect(String(rows[0]!['row'])).not.toContain(image.url.split('.')[1]);
  const [asked] = await system.sql(`select file_url(1, $1, '', 'x') as url`, [image.uuid]);
  expect(asked!['url']).toBeNull();
});
