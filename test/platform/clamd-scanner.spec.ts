import fs, { mkdtempSync, type ReadStream, rmSync, writeFileSync } from 'node:fs';
import net, { Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { AppError } from '../../src/common/app-error';
import { ClamdScanner } from '../../src/platform/storage/clamd-scanner';
import { EICAR, EICAR_NAME, FakeClamd } from '../support/clamd';
import { eventually } from '../support/eventually';

const TIMEOUT_MS = 400;
const PIECE = 64 * 1024;
const LARGE = 40 * 1024 * 1024;

const folder = mkdtempSync(join(tmpdir(), 'apicechat-scanner-'));
const path = join(folder, 'file');
const bytes = (length: number): Buffer => Buffer.alloc(length, 'abc');
let clamd: FakeClamd;
let scanner: ClamdScanner;

beforeEach(async () => {
  clamd = await FakeClamd.start();
  scanner = new ClamdScanner(clamd.address, TIMEOUT_MS);
});
afterEach(async () => {
  jest.restoreAllMocks();
  await clamd.stop();
});
afterAll(() => rmSync(folder, { recursive: true }));

/** Why nothing could be said. */
async function failure(): Promise<string> {
  const error = await scanner.scan(path).then(
    (verdict) => expect(verdict).toBe('no verdict'),
    (thrown: AppError) => thrown,
  );
  expect(error).toMatchObject({ code: 'SCANNER_UNAVAILABLE', status: 503, retryAfterSeconds: 10 });
  return ((error as AppError).cause as Error).message;
}

async function noConnectionStays(): Promise<void> {
  for (const socket of clamd.sockets) socket.resume(); // or it would not hear that the other side hung up
  await eventually(() => clamd.sockets.size === 0, { what: 'no connection' });
}

describe.each<'tcp' | 'unix'>(['tcp', 'unix'])('over %s', (kind) => {
  beforeEach(async () => {
    await clamd.stop();
    clamd = await FakeClamd.start(kind);
    scanner = new ClamdScanner(clamd.address, 20_000);
  });

  test.each([0, 1, PIECE - 1, PIECE, PIECE + 1, 5_000_000])(
    'a file of %d bytes arrives whole',
    async (size) => {
      writeFileSync(path, bytes(size));
      expect(await scanner.scan(path)).toEqual({ kind: 'clean' });
      expect(clamd.scanned).toHaveLength(1);
      expect(clamd.scanned[0]!.equals(bytes(size))).toBe(true);
      await noConnectionStays();
    },
  );

  test.each([0, PIECE - 20, 3_000_000])('what is found behind %d bytes is named', async (before) => {
    writeFileSync(path, Buffer.concat([bytes(before), Buffer.from(EICAR), bytes(100)]));
    expect(await scanner.scan(path)).toEqual({ kind: 'infected', signature: EICAR_NAME });
  });

  test('a file may be as large as clamd takes, and no larger', async () => {
    clamd.limit = 1_000_000;
    writeFileSync(path, bytes(clamd.limit));
    expect(await scanner.scan(path)).toEqual({ kind: 'clean' });
    writeFileSync(path, bytes(clamd.limit + 1));
    expect(await scanner.scan(path)).toEqual({ kind: 'too_large' });
  });

  test('it is up while it answers', async () => {
    expect(await scanner.isUp()).toBe(true);
    clamd.fault = 'deaf';
    expect(await scanner.isUp()).toBe(false);
    await clamd.stop();
    expect(await scanner.isUp()).toBe(false);
  });
});

test('an answer that is lost because clamd hangs up is asked for once more', async () => {
  clamd.limit = 1_000_000;
  writeFileSync(path, bytes(LARGE));
  scanner = new ClamdScanner(clamd.address, 20_000);
  clamd.fault = { loses: 1 };
  expect(await scanner.scan(path)).toEqual({ kind: 'too_large' });
  expect(clamd.connections).toBe(2);
  clamd.fault = { loses: 3 };
  await failure();
  expect(clamd.connections).toBe(4);
});

test('what is asked for once more has only what is left of the time', async () => {
  writeFileSync(path, 'abc');
  scanner = new ClamdScanner(clamd.address, 2_000);
  clamd.fault = { tiresAfter: 1_200 };
  const [, ms] = /^no answer of clamd within (\d+) ms$/.exec(await failure()) ?? [];
  expect(Number(ms)).toBeLessThanOrEqual(800);
  expect(clamd.connections).toBe(2);
});

test.each<[string, FakeClamd['fault'], RegExp]>([
  ['takes a file and says nothing', 'silent', /^no answer of clamd within 400 ms$/],
  ['takes nothing', 'deaf', /^no answer of clamd within 400 ms$/],
  ['dies in the middle of a file', 'dies', /hung up|EPIPE|ECONNRESET|premature/i],
  ['dies in the middle of its answer', 'mumbles', /hung up/],
  ['says that all is well before it has heard all', 'hasty', /^clamd answered: stream: OK$|EPIPE|ECONNRESET/],
  ['has no memory', { says: "stream: Can't allocate memory ERROR" }, /^clamd answered: .*memory ERROR$/],
  ['waited too long', { says: 'COMMAND READ TIMED OUT' }, /^clamd answered: COMMAND/],
  ['says nothing with a NUL', { says: '' }, /^clamd answered: $/],
  ['almost says that all is well', { says: 'stream: OK FOUND me' }, /^clamd answered: stream: OK FOUND me$/],
  ['speaks of another file', { says: '/etc/passwd: OK' }, /^clamd answered/],
  ['says so in two lines', { says: 'stream: OK\nstream: OK' }, /^clamd answered: stream: OK\?stream: OK$/],
  ['never ends its answer', 'babbles', /^clamd does not end its answer$/],
])('no verdict where clamd %s', async (_, fault, reason) => {
  const inTheMiddle = fault === 'deaf' || fault === 'dies' || fault === 'hasty';
  writeFileSync(path, inTheMiddle ? bytes(LARGE) : 'abc');
  clamd.fault = fault;
  if (fault !== 'silent' && fault !== 'deaf') scanner = new ClamdScanner(clamd.address, 20_000);
  expect(await failure()).toMatch(reason);
  await noConnectionStays();
});

test('a clamd that stays on the line is hung up on', async () => {
  writeFileSync(path, 'abc');
  clamd.fault = 'lingers';
  expect(await scanner.scan(path)).toEqual({ kind: 'clean' });
  await noConnectionStays();
});

test('no verdict where nobody listens', async () => {
  writeFileSync(path, 'abc');
  await clamd.stop();
  expect(await failure()).toMatch(/ECONNREFUSED/);
});

test('no verdict where no connection comes about', async () => {
  writeFileSync(path, 'abc');
  const socket = Object.assign(new Socket(), { connecting: true });
  jest.spyOn(net, 'connect').mockReturnValueOnce(socket);
  expect(await failure()).toBe('no connection to clamd within 400 ms');
  expect(socket.destroyed).toBe(true);
});

test('no verdict on a file that cannot be read', async () => {
  rmSync(path, { force: true });
  expect(await failure()).toMatch(/ENOENT/);
  await noConnectionStays();
});

test('a name is printable and not endless', async () => {
  writeFileSync(path, 'abc');
  clamd.fault = { says: `stream: \x1b[31mé${'x'.repeat(1_000)} FOUND` };
  const verdict = await scanner.scan(path);
  expect(verdict).toEqual({ kind: 'infected', signature: expect.stringMatching(/^[\x20-\x7e]{200}$/) });
});

test('of a large file no more is read than clamd takes, and nothing stays open', async () => {
  writeFileSync(path, bytes(LARGE));
  let stream: ReadStream | undefined;
  const create = fs.createReadStream;
  jest.spyOn(fs, 'createReadStream').mockImplementation((...args) => (stream = create(...args)));
  clamd.fault = 'deaf';
  await failure();
  expect(stream!.bytesRead).toBeLessThan(LARGE / 2);
  expect(stream!.destroyed).toBe(true);
  await noConnectionStays();
});
