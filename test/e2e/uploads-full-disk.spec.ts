import fs from 'node:fs';
import promises from 'node:fs/promises';
import type { UploadDto } from '../../src/uploads/upload.types';
import { form, picture, post } from '../support/files';
import { filesOnDisk, strays } from '../support/stored-files';
import { type Answer, type Caller, TestSystem } from '../support/system';

let system: TestSystem;
let agent: Caller;

beforeAll(async () => {
  system = await TestSystem.start();
  agent = await system.signIn('employer');
});
afterAll(() => system.stop());
afterEach(() => jest.restoreAllMocks());

const upload = (content: Buffer | string): Promise<Answer<UploadDto>> =>
  post<UploadDto>(system, agent, '/upload/single', form({ content }));

const full = (): Error =>
  Object.assign(new Error('ENOSPC: no space left on device, write'), { code: 'ENOSPC' });

/** The disk takes the first bytes of a file that arrives, and then no more. */
function fullWhileItArrives(): void {
  const create = fs.createWriteStream;
  jest.spyOn(fs, 'createWriteStream').mockImplementationOnce((path, options) => {
    let first = true;
    type Written = (error: Error | null, bytes?: number) => void;
    const write = (
      fd: number,
      buffer: Buffer,
      offset: number,
      length: number,
      at: number,
      done: Written,
    ): void => {
      if (!first) return done(full());
      first = false;
      fs.write(fd, buffer, offset, length, at, done);
    };
    return create(path, { ...(options as object), fs: { ...fs, write, writev: undefined } });
  });
}

/** The disk takes the file, and half of the second of its smaller pictures. */
function fullWhileItIsKept(): void {
  const open = promises.open;
  let pictures = 0;
  jest.spyOn(promises, 'open').mockImplementation(async (path, ...more) => {
    const file = await open(path, ...more);
    if (more[0] === 'w' && ++pictures === 2) {
      jest.spyOn(file, 'writeFile').mockImplementation(async () => {
        await file.write('half');
        throw full();
      });
    }
    return file;
  });
}

test.each<[string, () => void, () => Promise<Buffer> | Buffer]>([
  ['while a file arrives', fullWhileItArrives, () => Buffer.alloc(1_000_000, 'a')],
  ['while a picture is made smaller', fullWhileItIsKept, () => picture('png')],
])('a disk that is full %s is a 503, and nothing of the file stays', async (_, fill, make) => {
  const content = await make();
  const before = filesOnDisk(system);
  fill();
  const answer = await upload(content);
  expect(answer.body).toMatchObject({
    code: 'STORAGE_UNAVAILABLE',
    message: expect.stringMatching(/^Files cannot/),
  });
  expect(answer.status).toBe(503);
  expect(filesOnDisk(system)).toEqual(before);
  expect(await strays(system)).toEqual({ orphans: [], missing: [] });
  expect(await system.sql('select from unclaimed_file')).toEqual([]);

  jest.restoreAllMocks();
  expect((await upload(content)).status).toBe(201);
});
