import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { buffer } from 'node:stream/consumers';

const OBJECT = '/storage/v1/object';

/** As much of Supabase's storage API as the server uses, with one bucket, `attachments`. */
export class FakeSupabase {
  readonly objects = new Map<string, { bytes: Buffer; type: string }>();
  readonly asked: string[] = [];
  readonly key = 'service-role-key';
  /** Answers everything with this status. */
  failing: number | null = null;

  private constructor(
    readonly url: string,
    private readonly close: () => void,
  ) {}

  static async start(): Promise<FakeSupabase> {
    const server = createServer((request, response) => {
      void fake.answer(request).then(([status, body]) => {
        const type = Buffer.isBuffer(body) ? 'application/octet-stream' : 'application/json';
        response.writeHead(status, { 'content-type': type });
        response.end(Buffer.isBuffer(body) ? body : JSON.stringify(body));
      });
    });
    await new Promise<void>((ready) => server.listen(0, '127.0.0.1', ready));
    const fake = new FakeSupabase(`http://127.0.0.1:${(server.address() as AddressInfo).port}`, () => {
      server.closeAllConnections();
      server.close();
    });
    return fake;
  }

  stop(): void {
    this.close();
  }

  private async answer(request: IncomingMessage): Promise<[status: number, body: object | Buffer]> {
    const { pathname, searchParams } = new URL(request.url!, 'http://x');
    this.asked.push(`${request.method} ${pathname}`);
    const body = await buffer(request);
    if (this.failing !== null)
      return [this.failing, { statusCode: String(this.failing), error: 'Internal', message: 'broken' }];
    const keyAfter = (path: string): string | null =>
      pathname.startsWith(`${OBJECT}${path}/attachments/`)
        ? pathname.slice(`${OBJECT}${path}/attachments/`.length)
        : null;
    const signed = keyAfter('/sign');
    const shown = keyAfter('/public');
    if (
      request.method === 'GET' &&
      (shown !== null || (signed !== null && searchParams.get('token') === 'signed'))
    )
      return this.download((shown ?? signed)!, request.headers.range);
    if (request.headers.authorization !== `Bearer ${this.key}`)
      return [400, { statusCode: '403', message: 'no right' }];
    const missing: [number, object] = [
      400,
      { statusCode: '404', error: 'not_found', message: 'Object not found' },
    ];
    if (signed !== null)
      return this.objects.has(signed)
        ? [200, { signedURL: `/object/sign/attachments/${signed}?token=signed` }]
        : missing;
    const info = keyAfter('/info');
    if (info !== null)
      return this.objects.has(info) ? [200, { size: this.objects.get(info)!.bytes.length }] : missing;
    if (pathname === '/storage/v1/bucket/attachments')
      return [200, { id: 'attachments', name: 'attachments' }];
    if (pathname === `${OBJECT}/attachments` && request.method === 'DELETE') {
      const { prefixes } = JSON.parse(body.toString()) as { prefixes: string[] };
      return [200, prefixes.filter((key) => this.objects.delete(key)).map((name) => ({ name }))];
    }
    const stored = keyAfter('');
    if (stored !== null && request.method === 'POST') {
      this.objects.set(stored, { bytes: body, type: request.headers['content-type']! });
      return [200, { Id: '1', Key: `attachments/${stored}` }];
    }
    return [404, { statusCode: '404', message: `unknown ${request.method} ${pathname}` }];
  }

  private download(key: string, range: string | undefined): [number, object | Buffer] {
    const object = this.objects.get(key);
    if (object === undefined) return [400, { statusCode: '404', message: 'Object not found' }];
    const [, from, to] = /^bytes=(\d+)-(\d+)$/.exec(range ?? '') ?? [];
    return from === undefined
      ? [200, object.bytes]
      : [206, object.bytes.subarray(Number(from), Number(to) + 1)];
  }
}
