import {
  Agent,
  createServer,
  type IncomingMessage,
  request,
  type Server,
  type ServerResponse,
} from 'node:http';
import { type AddressInfo, connect, type Socket } from 'node:net';
import type { Duplex } from 'node:stream';

/**
 * A reverse proxy in front of several servers: requests and websockets go to one after the other, Socket.IO's polling
 * to where its session is. A server that cannot be reached is passed over.
 */
export class Balancer {
  /** Which server each websocket went to, in order. */
  readonly websockets: number[] = [];
  /** Whether polling finds its session again. */
  sticky = true;

  private readonly sessions = new Map<string, number>();
  private readonly open = new Set<Duplex>();
  private readonly agent = new Agent({ keepAlive: false });
  private turns = { request: 0, websocket: 0 };

  private constructor(
    private readonly server: Server,
    private readonly targets: URL[],
  ) {}

  static async start(urls: string[]): Promise<Balancer> {
    const server = createServer();
    const targets = urls.map((url) => new URL(url));
    const balancer = new Balancer(server, targets);
    server.on('request', (asked, answer) => void balancer.pass(asked, answer));
    server.on('upgrade', (asked, socket, head: Buffer) => balancer.passUpgrade(asked, socket, head));
    server.on('connection', (socket) => balancer.remember(socket));
    await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
    return balancer;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }

  /** A server that was started again has another port. */
  lead(index: number, url: string): void {
    this.targets[index] = new URL(url);
  }

  async stop(): Promise<void> {
    const closed = new Promise((done) => this.server.close(done));
    for (const socket of this.open) socket.destroy();
    await closed;
  }

  private remember(socket: Duplex): void {
    this.open.add(socket);
    socket.on('error', () => undefined);
    socket.once('close', () => this.open.delete(socket));
  }

  /** The servers in the order in which they are tried: the session's own only, or from the next one on. */
  private candidates(asked: IncomingMessage, kind: keyof Balancer['turns']): number[] {
    const session = this.sticky ? this.sessions.get(sessionOf(asked) ?? '') : undefined;
    if (session !== undefined) return [session];
    const first = this.turns[kind]++;
    return this.targets.map((_, n) => (first + n) % this.targets.length);
  }

  private async pass(asked: IncomingMessage, answer: ServerResponse): Promise<void> {
    const body = await bytesOf(asked).catch(() => null);
    if (body === null) return;
    for (const index of this.candidates(asked, 'request'))
      if (await this.forward(index, asked, body, answer)) return;
    answer.writeHead(502).end();
  }

  /** False where the server cannot be reached and nothing was answered. */
  private async forward(
    index: number,
    asked: IncomingMessage,
    body: Buffer,
    answer: ServerResponse,
  ): Promise<boolean> {
    const { hostname, port } = this.targets[index]!;
    return await new Promise((done) => {
      const inner = request({
        hostname,
        port,
        agent: this.agent,
        method: asked.method,
        path: asked.url,
        headers: { ...asked.headers, ...forwarded(asked), connection: 'close' },
      });
      inner.once('response', (response) => {
        const opensSession = asked.url!.startsWith('/socket.io/') && sessionOf(asked) === null;
        answer.writeHead(response.statusCode!, { ...response.headers, 'x-served-by': String(index) });
        response.on('data', (chunk: Buffer) => {
          const sid = opensSession ? /"sid":"([^"]+)"/.exec(chunk.toString('latin1'))?.[1] : undefined;
          if (sid !== undefined) this.sessions.set(sid, index);
          answer.write(chunk);
        });
        response.once('end', () => answer.end());
        response.once('error', () => answer.destroy());
        done(true);
      });
      inner.once('error', () => {
        if (answer.headersSent) answer.destroy();
        done(answer.headersSent);
      });
      answer.once('close', () => inner.destroy());
      inner.end(body);
    });
  }

  private passUpgrade(asked: IncomingMessage, socket: Duplex, head: Buffer): void {
    const candidates = this.candidates(asked, 'websocket');
    const attempt = (): void => {
      const index = candidates.shift();
      if (index === undefined) return void socket.destroy();
      const { hostname, port } = this.targets[index]!;
      const inner: Socket = connect(Number(port), hostname);
      inner.once('error', attempt);
      inner.once('connect', () => {
        inner.off('error', attempt);
        this.remember(inner);
        this.websockets.push(index);
        inner.write(headOf(asked));
        inner.write(head);
        socket.pipe(inner).pipe(socket);
        socket.once('close', () => inner.destroy());
        inner.once('close', () => socket.destroy());
      });
    };
    attempt();
  }
}

function sessionOf({ url }: IncomingMessage): string | null {
  return new URL(url!, 'http://x').searchParams.get('sid');
}

function forwarded({ headers, socket }: IncomingMessage): Record<string, string> {
  const before = headers['x-forwarded-for'];
  const client = socket.remoteAddress ?? '';
  return {
    'x-forwarded-for': before === undefined ? client : `${String(before)}, ${client}`,
    'x-forwarded-proto': 'http',
  };
}

function headOf(asked: IncomingMessage): string {
  const lines = [`${asked.method} ${asked.url} HTTP/1.1`];
  for (let i = 0; i < asked.rawHeaders.length; i += 2)
    lines.push(`${asked.rawHeaders[i]}: ${asked.rawHeaders[i + 1]}`);
  for (const [name, value] of Object.entries(forwarded(asked))) lines.push(`${name}: ${value}`);
  return `${lines.join('\r\n')}\r\n\r\n`;
}

async function bytesOf(stream: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of stream) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks);
}
