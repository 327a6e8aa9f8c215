import { type AddressInfo, connect, createServer, type Socket } from 'node:net';

/** A way to a server that can be cut, slowed down, or made to swallow everything. */
export interface TcpProxy {
  /** The same address as the target's, through the proxy. */
  readonly url: string;
  /** Cuts all connections and takes no new ones. */
  cut(): void;
  /** Nobody listens there any more, and all connections end. */
  refuse(): Promise<void>;
  /** Keeps all connections, and swallows what is sent over them from now on. */
  hang(): void;
  /** Everything takes this long, in ms, in each direction. */
  slow(ms: number): void;
  mend(): Promise<void>;
  stop(): Promise<void>;
}

/** In front of one server, or of several that serve the same: the next one that takes a connection gets it. */
export async function startTcpProxy(...targetUrls: [string, ...string[]]): Promise<TcpProxy> {
  const targets = targetUrls.map((url) => new URL(url));
  const sockets = new Set<Socket>();
  let state: 'open' | 'cut' | 'hanging' = 'open';
  let delayMs = 0;
  let turn = 0;

  const pass = (from: Socket, to: Socket): void => {
    sockets.add(from);
    from.on('data', (chunk: Buffer) => {
      if (state !== 'open') return;
      if (delayMs === 0) to.write(chunk);
      else setTimeout(() => state === 'open' && to.write(chunk), delayMs);
    });
    from.on('error', () => undefined); // 'close' follows
    from.on('close', () => {
      sockets.delete(from);
      to.end();
    });
  };

  const server = createServer((near) => {
    if (state === 'cut') return void near.resume().end();
    const first = turn++;
    const reach = (attempt: number): void => {
      const target = targets[(first + attempt) % targets.length]!;
      const far = connect(Number(target.port), target.hostname);
      const next = (): void => {
        if (attempt + 1 < targets.length) reach(attempt + 1);
        else near.resume().end();
      };
      far.once('error', next);
      far.once('connect', () => {
        far.off('error', next);
        pass(near, far);
        pass(far, near);
      });
    };
    near.on('error', () => undefined);
    reach(0);
  });
  const listen = (port: number): Promise<void> =>
    new Promise((listening) => server.listen(port, '127.0.0.1', listening));
  await listen(0);
  const endAll = (): void => sockets.forEach((socket) => socket.end());

  const { port } = server.address() as AddressInfo;
  const url = new URL(targets[0]!);
  url.hostname = '127.0.0.1';
  url.port = String(port);
  return {
    url: url.toString(),
    cut() {
      state = 'cut';
      endAll();
    },
    async refuse() {
      const closed = new Promise<void>((done) => server.close(() => done()));
      endAll();
      await closed;
    },
    hang() {
      state = 'hanging';
    },
    slow(ms) {
      delayMs = ms;
    },
    async mend() {
      if (!server.listening) await listen(port);
      if (state === 'hanging') endAll(); // a stream with a hole in it is of no use
      state = 'open';
      delayMs = 0;
    },
    async stop() {
      if (!server.listening) return;
      const closed = new Promise<void>((done) => server.close(() => done()));
      endAll();
      await closed;
    },
  };
}
