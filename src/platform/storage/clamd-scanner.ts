import { createReadStream } from 'node:fs';
import { connect, type Socket } from 'node:net';
import { pipeline } from 'node:stream/promises';
import { AppError } from '../../common/app-error';
import { type Verdict, VirusScanner } from './virus-scanner';

export type ClamdAddress = { host: string; port: number } | { path: string };

const CONNECT_MS = 5_000;
const PING_MS = 2_000;
const PIECE = 64 * 1024;
/** Far more than any answer has. */
const MAX_ANSWER = 4_096;
const RETRY_AFTER_SECONDS = 10;

/** The daemon of ClamAV, asked over its own protocol: https://docs.clamav.net/manual/Usage/ClamdProtocol.html */
export class ClamdScanner extends VirusScanner {
  readonly description: string;

  /** @param timeoutMs for one file, from the first connection to the answer, also where it is asked for twice */
  constructor(
    private readonly address: ClamdAddress,
    private readonly timeoutMs: number,
  ) {
    super();
    this.description = `scanned by clamd at ${'path' in address ? address.path : `${address.host}:${address.port}`}`;
  }

  async scan(path: string): Promise<Verdict> {
    const began = performance.now();
    try {
      return await this.judge(path, this.timeoutMs).catch(async (error: unknown) => {
        const left = Math.ceil(this.timeoutMs - (performance.now() - began));
        if (!brokeOff(error) || left <= 0) throw error;
        return await this.judge(path, left);
      });
    } catch (cause) {
      throw new AppError('SCANNER_UNAVAILABLE', 'Files cannot be scanned for viruses right now.', undefined, {
        cause,
        retryAfterSeconds: RETRY_AFTER_SECONDS,
      });
    }
  }

  async isUp(): Promise<boolean> {
    const ping = [Buffer.from('zPING\0')];
    return await this.ask(ping, PING_MS).then(
      (answer) => answer === 'PONG',
      () => false,
    );
  }

  private async judge(path: string, withinMs: number): Promise<Verdict> {
    let asked = false;
    async function* question(): AsyncGenerator<Buffer> {
      yield Buffer.from('zINSTREAM\0');
      for await (const piece of createReadStream(path, { highWaterMark: PIECE })) {
        const bytes = piece as Buffer;
        yield Buffer.concat([lengthOf(bytes), bytes]);
      }
      asked = true;
      yield lengthOf(Buffer.alloc(0));
    }
    const answer = await this.ask(question(), withinMs);
    const signature = /^stream: (.+) FOUND$/.exec(answer)?.[1];
    if (signature !== undefined) return { kind: 'infected', signature: printable(signature) };
    if (answer === 'INSTREAM size limit exceeded. ERROR') return { kind: 'too_large' };
    // Nobody can have judged a file before its end.
    if (answer === 'stream: OK' && asked) return { kind: 'clean' };
    throw new Error(`clamd answered: ${printable(answer)}`);
  }

  /** What clamd answers, maybe before it has heard all. */
  private async ask(question: Iterable<Buffer> | AsyncIterable<Buffer>, withinMs: number): Promise<string> {
    const socket = connect(this.address);
    const endAfter = (ms: number, what: string): NodeJS.Timeout =>
      setTimeout(() => socket.destroy(new Error(`${what} within ${ms} ms`)), ms);
    const connecting = endAfter(Math.min(CONNECT_MS, withinMs), 'no connection to clamd');
    const waiting = endAfter(withinMs, 'no answer of clamd');
    socket.once('connect', () => clearTimeout(connecting));
    const answer = answerOn(socket);
    const asked = pipeline(question, socket, { end: false });
    try {
      return await Promise.race([answer, asked.then(() => answer)]);
    } finally {
      clearTimeout(connecting);
      clearTimeout(waiting);
      socket.destroy();
    }
  }
}

/** Each piece of a file comes behind its length; the length 0 ends it. */
function lengthOf(piece: Buffer): Buffer {
  const length = Buffer.alloc(4);
  length.writeUInt32BE(piece.length);
  return length;
}

/** All up to the NUL that ends it. */
async function answerOn(socket: Socket): Promise<string> {
  return await new Promise((resolve, reject) => {
    let text = '';
    socket.on('data', (piece) => {
      text += piece.toString('latin1');
      const end = text.indexOf('\0');
      if (end >= 0) resolve(text.slice(0, end));
      else if (text.length > MAX_ANSWER) reject(new Error('clamd does not end its answer'));
    });
    socket.on('error', reject);
    socket.on('close', () => reject(new Error('clamd hung up')));
  });
}

/** clamd hangs up on what is too large while more of it comes, and its answer may be lost with the connection. */
function brokeOff(error: unknown): boolean {
  const { code, syscall } = error as NodeJS.ErrnoException;
  return code === 'EPIPE' || (code === 'ECONNRESET' && syscall !== 'connect');
}

function printable(text: string): string {
  return text.replace(/[^\x20-\x7e]/g, '?').slice(0, 200);
}
