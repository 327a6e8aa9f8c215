import { mkdtempSync, rmSync } from 'node:fs';
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ClamdAddress } from '../../src/platform/storage/clamd-scanner';

/** The harmless text that every scanner finds; in two halves, so that none finds it here. */
export const EICAR = ['X5O!P%@AP[4\\PZX54(P^)7CC)7}$EICAR', '-STANDARD-ANTIVIRUS-TEST-FILE!$H+H*'].join('');
export const EICAR_NAME = 'Eicar-Test-Signature';

type Fault =
  /** Takes everything and never answers. */
  | 'silent'
  /** Takes nothing, not even from the network. */
  | 'deaf'
  /** Hangs up after the first piece. */
  | 'dies'
  /** Says that all is well after the first piece, and hangs up. */
  | 'hasty'
  /** Answers and stays on the line. */
  | 'lingers'
  /** Answers without end. */
  | 'babbles'
  /** Hangs up in the middle of its answer. */
  | 'mumbles'
  /** Hangs up on what is too large, and its answer does not arrive, as many times. */
  | { loses: number }
  /** Hangs up so long, in ms, after the file has come. */
  | { tiresAfter: number }
  /** Any other answer. */
  | { says: string };

/** What ClamAV's daemon is on the network: its commands, its framing, its answers, the way it hangs up. */
export class FakeClamd {
  fault: Fault | null = null;
  /** StreamMaxLength, in bytes. */
  limit = 100 * 1024 * 1024;
  /** The files that came whole. */
  readonly scanned: Buffer[] = [];
  readonly sockets = new Set<Socket>();
  connections = 0;

  private constructor(
    private readonly server: Server,
    readonly address: ClamdAddress,
    private readonly folder: string,
  ) {
    server.on('connection', (socket) => this.serve(socket));
  }

  static async start(kind: 'tcp' | 'unix' = 'tcp'): Promise<FakeClamd> {
    const folder = mkdtempSync(join(tmpdir(), 'apicechat-clamd-'));
    const server = createServer();
    const path = join(folder, 'clamd.ctl');
    await new Promise<void>((ready) =>
      kind === 'tcp' ? server.listen(0, '127.0.0.1', ready) : server.listen(path, ready),
    );
    const address =
      kind === 'tcp' ? { host: '127.0.0.1', port: (server.address() as AddressInfo).port } : { path };
    return new FakeClamd(server, address, folder);
  }

  async stop(): Promise<void> {
    for (const socket of this.sockets) socket.destroy();
    await new Promise((done) => this.server.close(done));
    rmSync(this.folder, { recursive: true, force: true });
  }

  private serve(socket: Socket): void {
    this.connections++;
    this.sockets.add(socket);
    socket.on('close', () => this.sockets.delete(socket));
    socket.on('error', () => undefined);
    if (this.fault === 'deaf') return;
    void this.converse(socket).catch(() => socket.destroy());
  }

  private async converse(socket: Socket): Promise<void> {
    const input = new Input(socket);
    const command = await input.until(0);
    if (command === 'zPING') return say(socket, 'PONG\0');
    if (command !== 'zINSTREAM') return say(socket, 'UNKNOWN COMMAND\0');
    const pieces: Buffer[] = [];
    for (let left = this.limit; ;) {
      const length = (await input.take(4)).readUInt32BE();
      if (length === 0) break;
      if (length > left) return this.refuse(socket);
      left -= length;
      pieces.push(await input.take(length));
      if (this.fault === 'dies') return void socket.destroy();
      if (this.fault === 'hasty') return say(socket, 'stream: OK\0');
    }
    const content = Buffer.concat(pieces);
    this.scanned.push(content);
    if (this.fault === 'silent') return;
    if (typeof this.fault === 'object' && this.fault !== null && 'tiresAfter' in this.fault)
      return void setTimeout(() => socket.resetAndDestroy(), this.fault.tiresAfter).unref();
    if (this.fault === 'lingers') return void socket.write('stream: OK\0');
    if (this.fault === 'babbles') return void socket.write('x'.repeat(10_000));
    if (this.fault === 'mumbles') return say(socket, 'stream: OK');
    if (typeof this.fault === 'object' && this.fault !== null && 'says' in this.fault)
      return say(socket, `${this.fault.says}\0`);
    say(socket, content.includes(EICAR) ? `stream: ${EICAR_NAME} FOUND\0` : 'stream: OK\0');
  }

  /** The answer to what is too large overtakes the rest of it; where clamd hangs up at once it may be lost. */
  private refuse(socket: Socket): void {
    if (
      typeof this.fault === 'object' &&
      this.fault !== null &&
      'loses' in this.fault &&
      this.fault.loses-- > 0
    )
      return void socket.resetAndDestroy();
    socket.end('INSTREAM size limit exceeded. ERROR\0');
    socket.resume();
  }
}

/** Whatever still comes is not read any more. */
function say(socket: Socket, answer: string): void {
  socket.write(answer, () => socket.destroy());
}

/** Bytes as they come, taken as they are needed. */
class Input {
  private readonly bytes: AsyncIterator<Buffer>;
  private rest: Buffer = Buffer.alloc(0);

  constructor(socket: Socket) {
    this.bytes = (socket.iterator({ destroyOnReturn: false }) as AsyncIterable<Buffer>)[
      Symbol.asyncIterator
    ]();
  }

  async take(count: number): Promise<Buffer> {
    const got: Buffer[] = [this.rest];
    for (let size = this.rest.length; size < count;) {
      const { value, done } = await this.bytes.next();
      if (done === true) throw new Error('the client hung up');
      got.push(value);
      size += value.length;
    }
    const all = Buffer.concat(got);
    this.rest = all.subarray(count);
    return all.subarray(0, count);
  }

  async until(byte: number): Promise<string> {
    const got: number[] = [];
    for (;;) {
      const [next] = await this.take(1);
      if (next === byte) return Buffer.from(got).toString('latin1');
      got.push(next!);
    }
  }
}
