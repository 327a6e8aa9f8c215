import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { SupabaseStorage } from '../../src/platform/storage/supabase-storage';
import { FakeSupabase } from '../support/supabase';

const KEY = 'uploads/1/image/2026/11/0123456789abcdef.png';

let supabase: FakeSupabase;
let storage: SupabaseStorage;
const folder = mkdtempSync(join(tmpdir(), 'apicechat-supabase-'));

beforeAll(async () => {
  supabase = await FakeSupabase.start();
  storage = new SupabaseStorage({ url: supabase.url, key: supabase.key, bucket: 'attachments' });
});
afterAll(() => {
  supabase.stop();
  rmSync(folder, { recursive: true });
});
beforeEach(() => {
  supabase.failing = null;
  supabase.objects.clear();
});

test('nothing is asked of Supabase before there is a file', () => expect(supabase.asked).toEqual([]));

test.each<[string, (bytes: Buffer) => Buffer | { file: string }]>([
  ['bytes', (bytes) => bytes],
  [
    'a file',
    (bytes) => {
      const file = join(folder, 'x');
      writeFileSync(file, bytes);
      return { file };
    },
  ],
])('%s can be stored, measured, read in part and whole, and deleted', async (_, content) => {
  const bytes = Buffer.from(Array.from({ length: 300_000 }, (__, i) => i % 251));
  await storage.put(KEY, content(bytes), { contentType: 'image/png' });
  expect(supabase.objects.get(KEY)!.bytes.equals(bytes)).toBe(true);
  expect(supabase.objects.get(KEY)!.type).toBe('image/png');
  expect(await storage.size(KEY)).toBe(bytes.length);
  expect((await buffer(await storage.open(KEY))).equals(bytes)).toBe(true);
  expect(await buffer(await storage.open(KEY, { start: 10, end: 19 }))).toEqual(bytes.subarray(10, 20));
  await storage.put(KEY, content(bytes), { contentType: 'image/png' }); // a try whose answer was lost
  await storage.delete([KEY]);
  expect(supabase.objects.size).toBe(0);
  await storage.delete([KEY]);
});

test('what is not there is told as missing', async () => {
  expect(await storage.size(KEY)).toBeNull();
  await expect(storage.open(KEY)).rejects.toMatchObject({ code: 'NOT_FOUND' });
});

test('trouble of Supabase is unavailability, whatever was asked', async () => {
  supabase.failing = 500;
  const unavailable = { code: 'STORAGE_UNAVAILABLE', status: 503 };
  await expect(storage.put(KEY, Buffer.from('x'), { contentType: 'text/plain' })).rejects.toMatchObject(
    unavailable,
  );
  await expect(storage.open(KEY)).rejects.toMatchObject(unavailable);
  await expect(storage.size(KEY)).rejects.toMatchObject(unavailable);
  await expect(storage.delete([KEY])).rejects.toMatchObject(unavailable);
  expect(await storage.isUp()).toBe(false);
  supabase.failing = null;
  expect(await storage.isUp()).toBe(true);
});
