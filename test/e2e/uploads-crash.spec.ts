import { buffer } from 'node:stream/consumers';
import { AppError } from '../../src/common/app-error';
import { UnitOfWork } from '../../src/platform/database/unit-of-work';
import { ObjectStorage } from '../../src/platform/storage/object-storage';
import type { Upload } from '../../src/uploads/upload.types';
import { UploadsService } from '../../src/uploads/uploads.service';
import { eventually } from '../support/eventually';
import { picture } from '../support/files';
import { filesOnDisk, strays } from '../support/stored-files';
import { TestSystem } from '../support/system';

let system: TestSystem;
let uploads: UploadsService;
let storage: ObjectStorage;
let png: Buffer;
const SCOPE = { workspaceId: 1, userId: null };

beforeAll(async () => {
  system = await TestSystem.start();
  uploads = system.app.get(UploadsService, { strict: false });
  storage = system.app.get(ObjectStorage, { strict: false });
  png = await picture('png');
});
afterAll(() => system.stop());
afterEach(() => jest.restoreAllMocks());

async function sweep(): Promise<void> {
  await system.sql(`update unclaimed_file set delete_after = now() - interval '1 hour'`);
  await system.sql(`update job set run_at = now(), generation = generation + 1 where task = 'uploads.sweep'`);
  const clean = async () => (await system.sql('select from unclaimed_file')).length === 0;
  await eventually(clean, { what: 'a sweep' });
}

/** A process that is killed: from here on nothing it would still do happens. */
function dies(): never {
  jest.spyOn(storage, 'delete').mockRejectedValueOnce(new AppError('STORAGE_UNAVAILABLE', 'killed'));
  throw new Error('killed');
}

test.each<[string, () => void]>([
  ['before the first file', () => jest.spyOn(storage, 'put').mockImplementationOnce(() => dies())],
  [
    'after the first of three files',
    () => {
      const put = storage.put.bind(storage);
      jest
        .spyOn(storage, 'put')
        .mockImplementationOnce(put)
        .mockImplementationOnce(() => dies());
    },
  ],
  [
    'after all files, before the row',
    () => {
      const put = storage.put.bind(storage);
      jest
        .spyOn(storage, 'put')
        .mockImplementationOnce(put)
        .mockImplementationOnce(put)
        .mockImplementationOnce(async (...args) => {
          await put(...args);
          dies();
        });
    },
  ],
])('a death %s leaves nothing that the sweep does not find', async (_, arrange) => {
  const before = filesOnDisk(system);
  arrange();
  await expect(uploads.store(SCOPE, png, { name: 'x' })).rejects.toThrow('killed');
  expect(await strays(system)).toEqual({ orphans: [], missing: [] });
  expect(await system.sql('select from unclaimed_file')).toHaveLength(3);
  await sweep();
  expect(filesOnDisk(system)).toEqual(before);
});

test('what belongs together happens together, or not at all', async () => {
  const before = { keys: filesOnDisk(system), rows: await system.sql('select id from upload') };
  const together = () => Promise.reject(new Error('no'));
  await expect(uploads.store(SCOPE, png, { name: 'x', together })).rejects.toThrow('no');
  expect({ keys: filesOnDisk(system), rows: await system.sql('select id from upload') }).toEqual(before);
  expect(await system.sql('select from unclaimed_file')).toEqual([]);
});

test('a file that was given up while it was stored is not claimed any more', async () => {
  const put = storage.put.bind(storage);
  jest.spyOn(storage, 'put').mockImplementation(async (...args) => {
    await put(...args);
    await system.sql(`update unclaimed_file set delete_after = now() - interval '1 second'`);
  });
  await expect(uploads.store(SCOPE, png, { name: 'x' })).rejects.toMatchObject({
    code: 'STORAGE_UNAVAILABLE',
  });
  jest.restoreAllMocks();
  await sweep();
  expect(await strays(system)).toEqual({ orphans: [], missing: [] });
});

describe('what nothing shows', () => {
  const age = (upload: Upload, days: number) =>
    system.sql(`update upload set created_at = now() - $2 * interval '1 day' where id = $1`, [
      upload.id,
      days,
    ]);
  const exists = async (upload: Upload): Promise<boolean> =>
    (await system.app.get(UnitOfWork, { strict: false }).run(SCOPE, () => uploads.find([upload.id])))
      .length === 1;

  test('is removed after a week, and what a message shows is kept until the message goes', async () => {
    const { wamid } = await system.meta.customerSays({ phone: '5511987650001' }, 'hi');
    const [fresh, stale, shown] = [
      await uploads.store(SCOPE, png, { name: 'fresh' }),
      await uploads.store(SCOPE, png, { name: 'stale' }),
      await uploads.store(SCOPE, png, { name: 'shown' }),
    ];
    await system.sql(
      `insert into message_attachment (workspace_id, message_id, state, upload_id, kind, mime_type)
       select 1, id, 'ready', $2, 'image', 'image/png' from message where whatsapp_message_id = $1`,
      [wamid, shown.id],
    );
    await age(fresh, 6);
    await age(stale, 8);
    await age(shown, 100);
    await sweep();
    await eventually(async () => !(await exists(stale)), { what: 'the stale one gone' });
    await sweep();
    expect([await exists(fresh), await exists(shown)]).toEqual([true, true]);
    expect((await buffer(await uploads.open(shown))).equals(png)).toBe(true);
    await expect(uploads.open(stale)).rejects.toMatchObject({ code: 'NOT_FOUND' });

    await system.sql(`delete from contact where id = (select contact_id from conversation limit 1)`);
    await sweep();
    await eventually(async () => !(await exists(shown)), { what: 'the shown one gone with its contact' });
    await sweep();
    await expect(uploads.open(shown)).rejects.toMatchObject({ code: 'NOT_FOUND' });
    expect(await strays(system)).toEqual({ orphans: [], missing: [] });
  });
});
