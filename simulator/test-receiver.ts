import { createHmac } from 'node:crypto';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { isObject, listAt, type JsonObject } from './json-values';

export const SECRET = 'shh: the app secret';

/** A webhook as the server under test would see it. */
export interface ReceivedPost {
  raw: string;
  body: unknown;
  signature: string | undefined;
  /** The signature fits the raw bytes. */
  signed: boolean;
  userAgent: string;
}

/** A server that takes webhooks and checks their signature over the raw bytes; for tests of the simulator. */
export class Receiver {
  readonly posts: ReceivedPost[] = [];
  /** Statuses for the next posts; 200 when empty. */
  answers: number[] = [];

  private constructor(
    private readonly server: Server,
    readonly url: string,
  ) {}

  static async start(): Promise<Receiver> {
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const receiver = new Receiver(server, `http://127.0.0.1:${(server.address() as AddressInfo).port}/hook`);
    server.on('request', (request, response) => {
      const url = new URL(request.url ?? '/', receiver.url);
      if (request.method === 'GET') {
        const known = url.searchParams.get('hub.verify_token') === 'let me in';
        response.statusCode = known ? 200 : 403;
        response.end(known ? url.searchParams.get('hub.challenge') : '');
        return;
      }
      const chunks: Buffer[] = [];
      request.on('data', (chunk: Buffer) => chunks.push(chunk));
      request.on('end', () => {
        const bytes = Buffer.concat(chunks);
        const signature = request.headers['x-hub-signature-256'];
        const right = `sha256=${createHmac('sha256', SECRET).update(bytes).digest('hex')}`;
        receiver.posts.push({
          raw: bytes.toString('utf8'),
          body: parse(bytes),
          signature: typeof signature === 'string' ? signature : undefined,
          signed: signature === right,
          userAgent: request.headers['user-agent'] ?? '',
        });
        response.statusCode = receiver.answers.shift() ?? 200;
        response.end('ok');
      });
    });
    return receiver;
  }

  /** All messages or statuses received so far, in order. */
  items(kind: 'messages' | 'statuses'): JsonObject[] {
    return this.posts
      .flatMap((post) => listAt(post.body, 'entry'))
      .flatMap((entry) => listAt(entry, 'changes'))
      .flatMap((change) => listAt(change, 'value', kind))
      .filter(isObject);
  }

  reset(): void {
    this.posts.length = 0;
    this.answers = [];
  }

  async stop(): Promise<void> {
    await new Promise<void>((resolve) => {
      this.server.close(() => resolve());
      this.server.closeAllConnections();
    });
  }
}

function parse(bytes: Buffer): unknown {
  try {
    return JSON.parse(bytes.toString('utf8'));
  } catch {
    return undefined;
  }
}
