import fs from 'node:fs';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import type { Config } from '../../src/config/config';
import { Spool, TooLarge } from '../../src/platform/storage/spool';

let dataDir: string;
let spool: Spool;

beforeAll(async () => {
  dataDir = await mkdtemp(join(tmpdir(), 'apicechat-spool-'));
  spool = new Spool({ dataDir } as Config);
});
afterAll(() => rm(dataDir, { recursive: true, force: true }));

const left = (): Promise<string[]> => readdir(join(dataDir, 'files', 'incoming'));

const never = (): Promise<void> => Promise.reject(new Error('called'));

test.each<[string, () => Readable]>([
  [
    'was broken before it was read',
    () => new Readable({ read: () => undefined }).on('error', () => undefined).destroy(new Error('gone')),
  ],
  [
    'breaks at once',
    () =>
      new Readable({
        read() {
          this.destroy(new Error('gone'));
        },
      }),
  ],
  [
    'breaks later',
    () =>
      Readable.from(
        (function* () {
          yield Buffer.alloc(100_000);
          throw new Error('gone');
        })(),
      ),
  ],
])('nothing is left of a source that %s, however soon', async (_, source) => {
  await Promise.all(
    Array.from({ length: 200 }, async () => {
      await expect(spool.use(source(), 1_000_000, never)).rejects.toThrow(/gone|premature/i);
    }),
  );
  expect(await left()).toEqual([]);
});

test('nothing is left of what is too large, of what is refused, and of what is taken', async () => {
  await expect(spool.use(Buffer.alloc(11), 10, never)).rejects.toThrow(TooLarge);
  await expect(spool.use(Buffer.from('x'), 10, never)).rejects.toThrow('called');
  expect(await spool.use(Buffer.from('abc'), 10, ({ size }) => Promise.resolve(size))).toBe(3);
  expect(await left()).toEqual([]);
});

test('nothing is left where the disk makes the file only after its source broke', async () => {
  const { open } = fs;
  const slow = jest.spyOn(fs, 'open').mockImplementation((...args: Parameters<typeof open>) => {
    setTimeout(() => open(...args), 50);
  });
  try {
    const source = new Readable({ read: () => undefined }).on('error', () => undefined);
    await expect(spool.use(source.destroy(new Error('gone')), 10, never)).rejects.toThrow(/gone|premature/i);
    expect(slow).toHaveBeenCalledTimes(1);
    await new Promise((done) => setTimeout(done, 100)); // longer than the disk takes
    expect(await left()).toEqual([]);
  } finally {
    slow.mockRestore();
  }
});
