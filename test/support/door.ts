import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';

/**
 * A TCP door in front of a server, at an address that stays the same. While it is closed nobody listens there:
 * connections are refused, so that whatever was to be sent surely was not.
 */
export class Door {
  private server: Server | null = null;
  private readonly sockets = new Set<Socket>();
  private port = 0;
  private target = '';

  static async open(): Promise<Door> {
    const door = new Door();
    await door.reopen();
    return door;
  }

  get url(): string {
    return `http://127.0.0.1:${this.port}`;
  }

  leadTo(url: string): void {
    this.target = url;
  }

  async reopen(): Promise<void> {
    const server = createServer((socket) => this.pass(socket));
    await new Promise<void>((ready, failed) => {
      server.once('error', failed);
      server.listen(this.port, '127.0.0.1', ready);
    });
    this.port = (server.address() as AddressInfo).port;
    this.server = server;
  }

  /** What is under way still gets through. */
  close(): void {
    this.server?.close();
    this.server = null;
  }

  /** Cuts what is under way, too. */
  stop(): void {
    this.close();
    for (const socket of this.sockets) socket.destroy();
  }

  private pass(socket: Socket): void {
    const { hostname, port } = new URL(this.target);
    const inner = connect(Number(port), hostname);
    for (const [from, to] of [
      [socket, inner],
      [inner, socket],
    ] as const) {
      this.sockets.add(from);
      from.on('error', () => to.destroy());
      from.on('close', () => {
        this.sockets.delete(from);
        to.destroy();
      });
      from.pipe(to);
    }
  }
}
