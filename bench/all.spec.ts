import { execFile } from 'node:child_process';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { Server as SocketServer } from 'socket.io';
import { parseAllOptions } from './all/options';
import { type Line, line } from './all/line';
import { sendPaced } from './all/paced-load';
import type { PartName } from './all/parts';
import { fallen, merged, rowOf, rowsIn, tableOf, written } from './all/table';
import { UsageError } from './options';
import { Frames, textFrame } from './sockets/frames';
import { LightSocket } from './sockets/light-socket';

// Built files: plain node runs no TypeScript. `npm test` builds first.
const BUILT = join(__dirname, '../dist/bench/all.js');
/** The others start many servers, which takes longer than they tell. */
const IN_CI: PartName[] = ['reads', 'fanout'];
const DOCUMENT = 'Before\n\n<!-- bench: begin -->\n\n<!-- bench: end -->\n\nafter\n';

const rate = (ours: number[], floor: number[], goal = 0.75): Line =>
  line({
    part: 'intake',
    figure: 'webhooks',
    ours,
    floor: { name: 'floor', values: floor },
    unit: '/s',
    digits: 0,
    better: 'higher',
    goal: { of: 'ratio', limit: goal },
    tolerance: 0.2,
  });
const delay = (ours: number[], floor: number[]): Line =>
  line({
    part: 'reply',
    figure: 'p50',
    ours,
    floor: { name: 'floor', values: floor },
    unit: 'ms',
    digits: 1,
    better: 'lower',
    goal: { of: 'figure', limit: 15 },
    tolerance: 0.5,
  });
const unknown = {
  part: 'new',
  figure: 'never measured before',
  ours: [1],
  floor: null,
  unit: '',
  digits: 0,
  better: 'lower',
  tolerance: 0,
} as const;
const documentWith = (...lines: Line[]): string => written(DOCUMENT, tableOf(lines.map(rowOf)));

describe('a line of the table', () => {
  it('takes the ratios by repetition, and judges their middle', () => {
    const found = rate([100, 900, 80], [200, 1_000, 100]);
    expect(found).toMatchObject({ ratio: 0.8, ratioShown: '0.80 [0.50..0.90]', reached: true });
    expect(found.ours).toBe('100 /s [80..900]');
    expect(rate([70], [100]).reached).toBe(false);
  });

  it('judges the figure itself where the goal is one of it', () => {
    expect(delay([15], [1])).toMatchObject({ goal: '≤ 15 ms', reached: true });
    expect(delay([15.1], [15])).toMatchObject({ reached: false });
  });
});

describe('the table in the document', () => {
  it('is read as it was written, and leaves what is around it', () => {
    const document = documentWith(rate([1_500], [2_000]), delay([3], [1]));
    expect(document).toMatch(/^Before\n/);
    expect(document).toMatch(/\nafter\n$/);
    expect(rowsIn(document)).toEqual([rowOf(rate([1_500], [2_000])), rowOf(delay([3], [1]))]);
    expect(() => written('no markers', 'x')).toThrow(/bench: begin/);
  });

  it('keeps the lines of parts that were not measured', () => {
    const old = [rate([1], [2]), delay([1], [1])].map(rowOf);
    expect(merged(old, [rowOf(rate([2], [2]))])).toEqual([rowOf(rate([2], [2])), rowOf(delay([1], [1]))]);
  });

  it('tells which ratios have become worse by more than they may', () => {
    const document = documentWith(rate([80], [100]), delay([2], [1]));
    expect(fallen(document, [rate([65], [100]), delay([2.9], [1])])).toEqual([]);
    expect(fallen(document, [rate([8_000], [10_000]), delay([20], [10])])).toEqual([]);
    expect(fallen(document, [rate([63], [100])])).toEqual([
      'intake: webhooks: the ratio is 0.63; it was 0.8, and may be at least 0.64',
    ]);
    expect(fallen(document, [delay([3.1], [1])])).toHaveLength(1);
    expect(fallen(document, [rate([1], [100], 0.5), line({ ...unknown, ours: [1] })])).toHaveLength(1);
    expect(() => fallen(DOCUMENT, [rate([1], [100])])).toThrow(/no table/);
  });
});

describe('the options of the whole benchmark', () => {
  it('takes the parts by name, and refuses what it does not understand', () => {
    expect(parseAllOptions(['--only', 'reply,start']).parts).toEqual(['reply', 'start']);
    expect(parseAllOptions(['--messages', '10000000']).size).toMatchObject({ history: 10_000_000 });
    for (const bad of [
      ['--only', 'speed'],
      ['--messages', '100'],
      ['--profile', 'x', '--write'],
      ['--repetitions', '0'],
      ['--quick', '--check'],
      ['--tiny', '--write'],
      ['--fast'],
      ['extra'],
    ]) {
      expect(() => parseAllOptions(bad)).toThrow(UsageError);
    }
  });
});

describe('light sockets', () => {
  it('cut frames of every length, wherever the chunks end', () => {
    const texts = ['2', 'x'.repeat(125), 'y'.repeat(126), 'z'.repeat(70_000)];
    const bytes = Buffer.concat(texts.map(serverFrame));
    for (const step of [1, 7, 1_000, bytes.length]) {
      const heard: string[] = [];
      const frames = new Frames((buffer, from, length) =>
        heard.push(buffer.toString('utf8', from, from + length)),
      );
      for (let at = 0; at < bytes.length; at += step) frames.push(bytes.subarray(at, at + step));
      expect(heard).toEqual(texts);
    }
    expect(textFrame('40/crm,')).toHaveLength(2 + 4 + 7);
  });

  it('come in, hear each event and answer pings; a refused one says why', async () => {
    const http = createServer();
    const io = new SocketServer(http, { pingInterval: 50, pingTimeout: 5_000 });
    const namespace = io.of('/crm').use((socket, next) => {
      next(socket.handshake.auth['token'] === 'good' ? undefined : new Error('not you'));
    });
    const url = await listen(http);
    const heard: string[] = [];
    const hear = (buffer: Buffer, from: number, to: number): void =>
      void heard.push(buffer.toString('utf8', from, to));
    await expect(LightSocket.open(url, 'bad', hear)).rejects.toThrow('not you');
    const gone = jest.fn<void, []>();
    namespace.on('connection', (socket) => socket.on('disconnect', gone));
    const socket = await LightSocket.open(url, 'good', hear);
    await new Promise((done) => setTimeout(done, 250)); // several pings long
    namespace.emit('message:new', { id: 7 });
    namespace.emit('last');
    for (let tries = 0; heard.length < 2 && tries < 100; tries++)
      await new Promise((done) => setTimeout(done, 10));
    expect(heard).toEqual(['["message:new",{"id":7}]', '["last"]']);
    expect(gone).not.toHaveBeenCalled();
    socket.close();
    await io.close();
  });
});

describe('a paced load', () => {
  it('sends each request once, at its rate, and tells what was refused', async () => {
    let served = 0;
    const http = createServer((_request, response) => {
      response.statusCode = ++served % 10 === 0 ? 503 : 200;
      response.end('ok');
    });
    const url = await listen(http);
    const request = Buffer.from('GET / HTTP/1.1\r\nHost: x\r\n\r\n');
    const started = performance.now();
    const { wanted, refused } = await sendPaced(
      Array.from({ length: 50 }, () => request),
      {
        url,
        perSecond: 200,
        status: 200,
      },
    );
    expect(served).toBe(50);
    expect(refused).toEqual({ 503: 5 });
    expect(performance.now() - started).toBeGreaterThanOrEqual(240);
    expect(wanted.at(-1)! - wanted[0]!).toBeGreaterThan(200);
    http.close();
  });
});

describe('npm run bench', () => {
  it('runs and loses nothing', async () => {
    const { stdout } = await promisify(execFile)(
      process.execPath,
      [BUILT, '--tiny', '--only', IN_CI.join(',')],
      {
        timeout: 290_000,
      },
    );
    for (const part of IN_CI) expect(stdout).toMatch(new RegExp(`^-- ${part}: `, 'm'));
    const rows = stdout.split('\n').filter((text) => text.startsWith('| '));
    expect(rows.length).toBeGreaterThan(25);
    expect(stdout).not.toMatch(/NaN|Infinity/);
  }, 300_000);
});

function serverFrame(text: string): Buffer {
  const payload = Buffer.from(text);
  const head = Buffer.alloc(payload.length < 126 ? 2 : payload.length < 65_536 ? 4 : 10);
  head[0] = 0x81;
  head[1] = payload.length < 126 ? payload.length : payload.length < 65_536 ? 126 : 127;
  if (head.length === 4) head.writeUInt16BE(payload.length, 2);
  if (head.length === 10) head.writeBigUInt64BE(BigInt(payload.length), 2);
  return Buffer.concat([head, payload]);
}

async function listen(http: Server): Promise<string> {
  await new Promise<void>((ready) => http.listen(0, '127.0.0.1', ready));
  return `http://127.0.0.1:${(http.address() as AddressInfo).port}`;
}
