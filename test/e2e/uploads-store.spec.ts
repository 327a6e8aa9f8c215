import { existsSync, readdirSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import sharp from 'sharp';
import { UnitOfWork } from '../../src/platform/database/unit-of-work';
import { UploadsService } from '../../src/uploads/uploads.service';
import { TestSystem } from '../support/system';

let system: TestSystem;
let uploads: UploadsService;
let png: Buffer;
const SCOPE = { workspaceId: 1, userId: null };

beforeAll(async () => {
  system = await TestSystem.start();
  uploads = system.app.get(UploadsService, { strict: false });
  png = await sharp({ create: { width: 40, height: 30, channels: 3, background: 'red' } })
    .png()
    .toBuffer();
});
afterAll(() => system.stop());

const incoming = (): string[] => {
  const folder = join(system.config.dataDir, 'files', 'incoming');
  return existsSync(folder) ? readdirSync(folder) : [];
};

test.each([
  ['a buffer', () => png],
  ['a stream', () => Readable.from([png.subarray(0, 10), png.subarray(10)])],
])('a file given as %s is kept whole and can be read again', async (_, source) => {
  const upload = await uploads.store(SCOPE, source(), { name: '../../etc/photo.txt' });
  expect(upload).toMatchObject({
    kind: 'image',
    mimeType: 'image/png',
    name: 'photo.png',
    fileSize: png.length,
  });
  expect(await buffer(await uploads.open(upload))).toEqual(png);
  expect(await readFile(join(system.config.dataDir, 'files', upload.storageKey))).toEqual(png);
  const work = system.app.get(UnitOfWork, { strict: false });
  expect(await work.run(SCOPE, () => uploads.find([upload.id]))).toEqual([upload]);
  expect(incoming()).toEqual([]);
  expect(await system.sql('select * from unclaimed_file')).toEqual([]);
});
