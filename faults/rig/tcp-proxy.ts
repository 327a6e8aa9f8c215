import { type AddressInfo, connect, createServer, type Socket } from 'node:net';

/** Stands between a server and its database, so that a test can take the database away. */
export interface TcpProxy {
  /** The same address as the target's, through the proxy. */
  readonly url: string;
  /** Cuts all connections and takes no new ones. */
  cut(): void;
  /** Keeps all connections, and swallows what is sent over them from now on. */
  hang(): void;
  mend(): void;
  stop(): Promise<void>;
}

export async function startTcpProxy(targetUrl: string): Promise<TcpProxy> {
  const target = new URL(targetUrl);
  const sockets = new Set<Socket>();
  let state: 'open' | 'cut' | 'hanging' = 'open';

  const server = createServer((near) => {
    if (state === 'cut') return void near.resume().end();
    const far = connect(Number(target.port), target.hostname);
    for (const [from, to] of [
      [near, far],
      [far, near],
    ] as const) {
      sockets.add(from);
      from.on('data', (chunk: Buffer) => state === 'open' && to.write(chunk));
      from.on('error', () => undefined); // 'close' follows
      from.on('close', () => {
        sockets.delete(from);
        to.end();
      });
    }
  });
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
  const endAll = (): void => sockets.forEach((socket) => socket.end());

  const url = new URL(targetUrl);
  url.hostname = '127.0.0.1';
  url.port = String((server.address() as AddressInfo).port);
  return {
    url: url.toString(),
    cut() {
      state = 'cut';
      endAll();
    },
    hang() {
      state = 'hanging';
    },
    mend() {
      if (state === 'hanging') endAll(); // a stream with a hole in it is of no use
      state = 'open';
    },
    async stop() {
      const closed = new Promise<void>((done) => server.close(() => done()));
      endAll();
      await closed;
    },
  };
}
