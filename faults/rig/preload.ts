import { appendFileSync, readFileSync } from 'node:fs';
import Module from 'node:module';
import type { Socket } from 'node:net';
import type { Patch, PreloadOrders, SocketsNow } from './patches';

/*
 * Loaded into a server process before anything else (`node -r`). It changes files of the server while they are
 * loaded, ends the process at a named point, blocks its event loop when told to, and has it see a wrong time. None of
 * this is in the server.
 */

type Compile = (this: unknown, content: string, filename: string) => unknown;

const orders = JSON.parse(readFileSync(process.env['FAULTS_ORDERS']!, 'utf8')) as PreloadOrders;
const { crash } = orders;
let passes = 0;

// Node has no public way to change a CommonJS file while it is loaded.
const COMPILE = '_compile';
const loader = Module.prototype as unknown as Record<typeof COMPILE, Compile>;
const compile: Compile = loader[COMPILE];
loader[COMPILE] = function (content, filename) {
  const text = orders.patches
    .filter((patch) => filename.endsWith(`/dist/${patch.file}`))
    .reduce((before, patch) => patched(before, patch), content);
  return compile.call(this, text, filename);
};

function patched(content: string, { file, find, replace }: Patch): string {
  if (content.split(find).length !== 2) throw new Error(`${file} has not exactly one place with: ${find}`);
  return content.replace(find, () => replace);
}

/** Engine.IO's, as far as it is looked at. */
interface Engine {
  clients: Record<
    string,
    {
      writeBuffer: { data?: unknown }[];
      transport: { socket?: Record<string, unknown> };
    }
  >;
}
const engines: Engine[] = [];

/** What the process holds for clients that do not read. */
function socketsNow(): SocketsNow {
  const kept = engines.flatMap(({ clients }) =>
    Object.values(clients).map(
      ({ writeBuffer, transport }) =>
        writeBuffer.reduce((sum, { data }) => sum + (typeof data === 'string' ? data.length : 0), 0) +
        ((transport.socket?.['_socket'] as Socket | null | undefined)?.writableLength ?? 0),
    ),
  );
  return { sockets: kept.length, mostKept: Math.max(0, ...kept), rss: process.memoryUsage.rss() };
}

process.on('message', ({ id, question }: { id?: number; question?: string }) => {
  if (question === 'sockets') process.send?.({ id, answer: socketsNow() });
});
process.channel?.unref();

Object.assign(globalThis, {
  faultEngine(engine: Engine): void {
    engines.push(engine);
  },
  faultConnected(goOn: () => void): void {
    setTimeout(goOn, Number(readFileSync(orders.connecting, 'utf8')));
  },
  faultPoint(name: string): void {
    if (crash?.point !== name || ++passes < crash.pass) return;
    appendFileSync(orders.report, `${name}\n`);
    process.kill(process.pid, 'SIGKILL');
  },
});

// The process's own clock; what it measures with performance.now() and timers goes on evenly, as the system's does.
let clockErrorMs = 0;
const RealDate = Date;
const WrongDate: DateConstructor = new Proxy(RealDate, {
  construct: (target, given: [], asked) =>
    Reflect.construct(target, given.length === 0 ? [WrongDate.now()] : given, asked) as object,
  apply: () => new WrongDate().toString(),
  get: (target, property, asked) =>
    property === 'now'
      ? () => target.now() + clockErrorMs
      : (Reflect.get(target, property, asked) as unknown),
});
RealDate.prototype.constructor = WrongDate;
globalThis.Date = WrongDate;

function readClock(): void {
  clockErrorMs = Number(readFileSync(orders.clock, 'utf8'));
}
readClock();
// A machine whose clock is wrong is so at the process's start too.
Object.defineProperty(performance, 'timeOrigin', { value: performance.timeOrigin + clockErrorMs });
process.on('SIGHUP', readClock);

process.on('SIGUSR2', () => {
  const end = performance.now() + orders.blockMs;
  while (performance.now() < end);
});
