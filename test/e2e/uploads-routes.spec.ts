import { existsSync, readdirSync, statSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { crc32 } from 'node:zlib';
import sharp from 'sharp';
import type { UploadDto } from '../../src/uploads/upload.types';
import { eventually } from '../support/eventually';
import {
  compound,
  docx,
  form,
  type FormPart,
  mp3,
  mp4,
  ogg,
  pdf,
  picture,
  post,
  wav,
  webm,
  xlsx,
} from '../support/files';
import { type Answer, type Caller, TestSystem } from '../support/system';

let system: TestSystem;
let agent: Caller;
const MB = 1024 * 1024;

beforeAll(async () => {
  system = await TestSystem.start();
  agent = await system.signIn('employer');
});
afterAll(() => system.stop());

const upload = (path: string, ...parts: FormPart[]): Promise<Answer<UploadDto>> =>
  post<UploadDto>(system, agent, path, form(...parts));

function filesOnDisk(folder = join(system.config.dataDir, 'files')): string[] {
  if (!existsSync(folder)) return [];
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .map((name) => join(folder, name))
    .filter((path) => statSync(path).isFile());
}

async function traces(): Promise<object> {
  const [rows] = await system.sql(
    'select (select count(*) from upload) as uploads, (select count(*) from unclaimed_file) as unclaimed',
  );
  return { ...rows, files: filesOnDisk().length };
}

const OFFICE = 'application/vnd.openxmlformats-officedocument';

test.each<[string, () => Promise<Buffer> | Buffer, object]>([
  ['image', () => picture('png'), { mime_type: 'image/png', name: 'a name.png', width: 40, height: 30 }],
  ['image', () => picture('jpeg'), { mime_type: 'image/jpeg', name: 'a name.jpg', width: 40 }],
  ['image', () => picture('webp'), { mime_type: 'image/webp', name: 'a name.webp', width: 40 }],
  ['image', () => picture('gif'), { mime_type: 'image/gif', name: 'a name.gif', width: 40 }],
  [
    'video',
    () => mp4(),
    { mime_type: 'video/mp4', name: 'a name.mp4', duration_ms: 3_000, width: 640, height: 360 },
  ],
  ['video', () => mp4({ brand: 'qt' }), { mime_type: 'video/quicktime', name: 'a name.mov' }],
  ['video', () => webm(), { mime_type: 'video/webm', name: 'a name.webm', duration_ms: 3_000 }],
  [
    'audio',
    () => webm({ track: 'audio' }),
    { mime_type: 'audio/webm', name: 'a name.webm', duration_ms: 3_000 },
  ],
  [
    'video',
    () => Buffer.concat([Buffer.from('000001ba44000400', 'hex'), Buffer.alloc(64)]),
    { mime_type: 'video/mpeg', name: 'a name.mpg' },
  ],
  ['audio', () => wav(2), { mime_type: 'audio/wav', name: 'a name.wav', duration_ms: 2_000 }],
  ['audio', () => mp3(), { mime_type: 'audio/mpeg', name: 'a name.mp3' }],
  ['audio', () => ogg(), { mime_type: 'audio/ogg', name: 'a name.ogg', duration_ms: 4_000 }],
  ['document', () => pdf(), { mime_type: 'application/pdf', name: 'a name.pdf' }],
  ['document', () => docx(), { mime_type: `${OFFICE}.wordprocessingml.document`, name: 'a name.docx' }],
  ['document', () => xlsx(), { mime_type: `${OFFICE}.spreadsheetml.sheet`, name: 'a name.xlsx' }],
  ['document', () => compound('WordDocument'), { mime_type: 'application/msword', name: 'a name.doc' }],
  ['document', () => compound('Workbook'), { mime_type: 'application/vnd.ms-excel', name: 'a name.xls' }],
  ['document', () => Buffer.from('Olá ☕\n'), { mime_type: 'text/plain', name: 'a name.txt' }],
])('POST /upload/%s and /upload/single take it by its content', async (kind, make, expected) => {
  const content = await make();
  for (const path of [`/upload/${kind}`, '/upload/single']) {
    const answer = await upload(path, { content, name: 'a name.exe', type: 'application/x-msdownload' });
    expect(answer.body).toMatchObject({ ...expected, kind, size: content.length, file_size: content.length });
    expect(answer.status).toBe(201);
    expect(Object.keys(answer.body).sort()).toEqual(
      [
        'created_at',
        'duration_ms',
        'file_size',
        'height',
        'id',
        'kind',
        'mime_type',
        'name',
        'preview_url',
      ].concat(['size', 'thumbnail_url', 'url', 'uuid', 'width']),
    );
    const stored = await fetch(`${system.url}${answer.body.url}`);
    expect(Buffer.from(await stored.arrayBuffer())).toEqual(content);
  }
});

test('a name keeps an extension that belongs to its content, and letters of any language', async () => {
  const names = ['relatório.csv', 'Foto №1.JPEG', '.htaccess', 'con.txt', '../../x/y.txt', 'a‮gpj.exe'];
  const contents = [
    Buffer.from('a;b\n'),
    await picture('jpeg'),
    ...Array.from({ length: 4 }, () => Buffer.from('x')),
  ];
  const shown = [];
  for (const [i, name] of names.entries())
    shown.push((await upload('/upload/single', { content: contents[i]!, name })).body.name);
  expect(shown).toEqual(['relatório.csv', 'Foto №1.jpeg', 'htaccess.txt', 'file.txt', 'y.txt', 'agpj.txt']);
});

test('POST /upload/multiple takes up to ten files and answers them in their order', async () => {
  const parts = Array.from({ length: 10 }, (_, i) => ({
    content: `text ${i}`,
    name: `${i}.txt`,
    field: 'files',
  }));
  const answer = await post<{ data: UploadDto[] }>(system, agent, '/upload/multiple', form(...parts));
  expect(answer.status).toBe(201);
  expect(answer.body.data.map((each) => each.name)).toEqual(parts.map((part) => part.name));
});

test('a picture is measured as it is shown, and its smaller versions tell nothing of where it was taken', async () => {
  const content = await sharp({ create: { width: 2_000, height: 1_000, channels: 3, background: 'blue' } })
    .withExif({ IFD0: { Make: 'Camera' }, IFD3: { GPSLatitudeRef: 'S', GPSLatitude: '23/1 33/1 0/1' } })
    .jpeg()
    .withMetadata({ orientation: 6 })
    .toBuffer();
  const { body } = await upload('/upload/image', { content });
  expect(body).toMatchObject({ width: 1_000, height: 2_000 });
  for (const [url, width, height] of [
    [body.thumbnail_url, 160, 320],
    [body.preview_url, 640, 1_280],
  ] as const) {
    const answer = await fetch(`${system.url}${url}`);
    expect(answer.headers.get('content-type')).toBe('image/webp');
    const meta = await sharp(Buffer.from(await answer.arrayBuffer())).metadata();
    expect(meta).toMatchObject({ width, height, format: 'webp' });
    expect(meta.exif).toBeUndefined();
    expect(meta.orientation).toBeUndefined();
  }
});

/** A PNG whose header names another width. */
function claiming(png: Buffer, width: number): Buffer {
  const claim = Buffer.from(png);
  claim.writeUInt32BE(width, 16);
  claim.writeUInt32BE(crc32(claim.subarray(12, 29)), 29);
  return claim;
}

const boundary = 'x';
const rawForm = (text: string): [string, Record<string, string>] => [
  text,
  { 'content-type': `multipart/form-data; boundary=${boundary}` },
];

test.each<[string, number, string, RegExp, () => Promise<Answer>]>([
  [
    'nobody signed in',
    401,
    'UNAUTHENTICATED',
    /./,
    () => post(system, null, '/upload/single', form({ content: 'x' })),
  ],
  ['no form', 415, 'UNSUPPORTED_MEDIA_TYPE', /multipart/, () => agent.post('/upload/single', { file: 'x' })],
  ['nothing at all', 415, 'UNSUPPORTED_MEDIA_TYPE', /multipart/, () => agent.post('/upload/single')],
  [
    'a form without a file',
    400,
    'VALIDATION_FAILED',
    /no file/,
    () => post(system, agent, '/upload/single', new FormData()),
  ],
  [
    'another field',
    400,
    'VALIDATION_FAILED',
    /field "file"/,
    () => upload('/upload/single', { content: 'x', field: 'photo' }) as never,
  ],
  [
    'a field of an object',
    400,
    'MALFORMED_BODY',
    /./,
    () => upload('/upload/single', { content: 'x', field: '__proto__' }) as never,
  ],
  [
    'an empty file',
    400,
    'VALIDATION_FAILED',
    /empty/,
    () => upload('/upload/single', { content: '' }) as never,
  ],
  [
    'two files for one',
    400,
    'VALIDATION_FAILED',
    /1 file\b/,
    () => upload('/upload/single', { content: 'x' }, { content: 'y' }) as never,
  ],
  [
    'eleven files',
    400,
    'VALIDATION_FAILED',
    /10 files/,
    () =>
      upload(
        '/upload/multiple',
        ...Array.from({ length: 11 }, () => ({ content: 'x', field: 'files' })),
      ) as never,
  ],
  [
    'one of several refused',
    415,
    'UNSUPPORTED_MEDIA_TYPE',
    /HTML/,
    () => upload('/upload/multiple', { content: 'x' }, { content: '<html>' }, { content: 'y' }) as never,
  ],
  [
    'a form that breaks off',
    400,
    'MALFORMED_BODY',
    /form/,
    () =>
      system.call(
        'POST',
        '/upload/single',
        `--x\r\nContent-Disposition: form-data; name="file"; filename="a.txt"\r\n\r\nhal`,
        {
          ...rawForm('')[1],
          authorization: `Bearer ${agent.token}`,
        },
      ),
  ],
  [
    'a form without a boundary',
    400,
    'MALFORMED_BODY',
    /form/,
    () =>
      system.call('POST', '/upload/single', 'x', {
        'content-type': 'multipart/form-data',
        authorization: `Bearer ${agent.token}`,
      }),
  ],
  [
    'a form for a route that takes none',
    415,
    'UNSUPPORTED_MEDIA_TYPE',
    /json/,
    () => post(system, agent, '/messages', form({ content: 'x' })),
  ],
  [
    'a video for an image',
    415,
    'UNSUPPORTED_MEDIA_TYPE',
    /video\/mp4.*JPEG/,
    () => upload('/upload/image', { content: mp4(), name: 'x.png', type: 'image/png' }) as never,
  ],
  [
    'a text for a sound',
    415,
    'UNSUPPORTED_MEDIA_TYPE',
    /text\/plain.*MP3/,
    () => upload('/upload/audio', { content: 'x' }) as never,
  ],
  [
    'a sound in MP4',
    415,
    'UNSUPPORTED_MEDIA_TYPE',
    /audio\/mp4/,
    () => upload('/upload/video', { content: mp4({ track: 'soun' }) }) as never,
  ],
  [
    'a large text',
    413,
    'PAYLOAD_TOO_LARGE',
    /10 MB/,
    () => upload('/upload/single', { content: Buffer.alloc(10 * MB + 1, 'a') }) as never,
  ],
  [
    'a large document',
    413,
    'PAYLOAD_TOO_LARGE',
    /10 MB/,
    () => upload('/upload/document', { content: Buffer.alloc(10 * MB + 1, 'a') }) as never,
  ],
  [
    'a large video',
    413,
    'PAYLOAD_TOO_LARGE',
    /50 MB/,
    () => upload('/upload/video', { content: mp4({ padding: 50 * MB }) }) as never,
  ],
  [
    'a picture of more than 100 megapixels',
    413,
    'PAYLOAD_TOO_LARGE',
    /100 megapixels/,
    async () =>
      upload('/upload/image', { content: await picture('png', { width: 10_001, height: 10_000 }) }) as never,
  ],
  [
    'a picture that says it has more than there are bytes',
    413,
    'PAYLOAD_TOO_LARGE',
    /100 megapixels/,
    async () => upload('/upload/single', { content: claiming(await picture('png'), 4_000_000) }) as never,
  ],
  [
    'far too much',
    413,
    'PAYLOAD_TOO_LARGE',
    /MB/,
    () => upload('/upload/image', { content: Buffer.alloc(30 * MB, 'a') }) as never,
  ],
])('%s is refused, and nothing of it stays', async (_, status, code, says, send) => {
  const before = await traces();
  const answer = await send();
  expect(answer.body).toMatchObject({ code, message: expect.stringMatching(says) });
  expect(answer.status).toBe(status);
  const swept = () =>
    system.sql(
      `update job set run_at = now() where task = 'uploads.sweep' and held_by is null and run_at > now()`,
    );
  const clean = async (): Promise<boolean> => {
    await swept();
    return isDeepStrictEqual(await traces(), before);
  };
  await eventually(clean, { what: 'nothing left', timeoutMs: 3_000 });
});

test('a picture of 100 megapixels is accepted', async () => {
  const content = await picture('png', { width: 10_000, height: 10_000 });
  const answer = await upload('/upload/image', { content });
  expect(answer.body).toMatchObject({ width: 10_000, height: 10_000, preview_url: expect.any(String) });
});

test('exactly the limit is accepted', async () => {
  const answer = await upload('/upload/document', { content: Buffer.alloc(10 * MB, 'a') });
  expect(answer.status).toBe(201);
});

test('an upload that the client breaks off leaves nothing behind', async () => {
  const before = await traces();
  const { port } = new URL(system.url);
  for (const bytes of [5_000, 200_000]) {
    const socket = connect(Number(port), '127.0.0.1');
    socket.on('error', () => undefined);
    socket.write(
      `POST /upload/single HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${agent.token}\r\nContent-Length: 1000000\r\n` +
        'Content-Type: multipart/form-data; boundary=x\r\n\r\n' +
        '--x\r\nContent-Disposition: form-data; name="file"; filename="a.txt"\r\n\r\n' +
        'a'.repeat(bytes),
    );
    const folder = join(system.config.dataDir, 'files', 'incoming');
    await eventually(() => filesOnDisk(folder).length === 1, { what: 'the file on its way' });
    socket.destroy();
    await eventually(() => filesOnDisk(folder).length === 0, { what: 'the file gone' });
  }
  expect(await traces()).toEqual(before);
});
