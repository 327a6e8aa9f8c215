import { connect, type Socket } from 'node:net';

const END_OF_HEAD = '\r\n\r\n';

/**
 * A keep-alive HTTP/1.1 connection with one request in flight: ready-made bytes out, a status in. Written by
 * hand, because a full client would take a good part of the processor from what is measured.
 */
export class HttpConnection {
  private waiting: { answered: (status: number) => void; failed: (error: Error) => void } | null = null;
  private received: Buffer | null = null;

  private constructor(private readonly socket: Socket) {
    socket.on('data', (chunk) => this.take(chunk));
    socket.on('error', (error) => this.fail(error));
    socket.on('close', () => this.fail(new Error('The server closed the connection.')));
  }

  static async open(url: string): Promise<HttpConnection> {
    const { hostname, port } = new URL(url);
    const socket = connect({ host: hostname, port: Number(port), noDelay: true });
    await new Promise<void>((opened, failed) => {
      socket.once('connect', opened);
      socket.once('error', failed);
    });
    return new HttpConnection(socket);
  }

  /** The answer's status. Rejects where the connection ends before the answer does. */
  send(request: Buffer): Promise<number> {
    return new Promise((answered, failed) => {
      if (this.socket.destroyed) return failed(new Error('The connection is closed.'));
      this.waiting = { answered, failed };
      this.socket.write(request);
    });
  }

  close(): void {
    this.socket.destroy();
  }

  private take(chunk: Buffer): void {
    this.received = this.received === null ? chunk : Buffer.concat([this.received, chunk]);
    const status = statusOfWhole(this.received);
    if (status === null) return;
    const { waiting } = this;
    this.waiting = null;
    this.received = null;
    waiting?.answered(status);
  }

  private fail(error: Error): void {
    this.waiting?.failed(error);
    this.waiting = null;
  }
}

/** The status of an answer with a content length; null while something of it is still to come. */
export function statusOfWhole(answer: Buffer): number | null {
  const end = answer.indexOf(END_OF_HEAD);
  if (end === -1) return null;
  const head = answer.toString('latin1', 0, end);
  const length = Number(/\r\ncontent-length: *(\d+)/i.exec(head)?.[1] ?? 0);
  return answer.length >= end + END_OF_HEAD.length + length ? Number(head.slice(9, 12)) : null;
}
