import { answerQuestions } from '../questions';
import { LightSocket } from './light-socket';
import type { Heard } from './crowd';

// Thousands of sockets in a process of their own, which its parent opens and asks what they heard.

const AT_ONCE = 40;
/** So many of the first socket's events are kept, to be told again by another server. */
const KEPT = 200;

const sockets: LightSocket[] = [];
let counts = new Uint32Array(0);
let bytes = 0;
let kept: string[] = [];
let firstAt = 0;
let lastAt = 0;

const now = (): number => performance.timeOrigin + performance.now();

function hear(socket: number, buffer: Buffer, from: number, to: number): void {
  lastAt = now();
  if (firstAt === 0) firstAt = lastAt;
  counts[socket]!++;
  bytes += to - from;
  if (socket === 0 && kept.length < KEPT) kept.push(buffer.toString('utf8', from, to));
}

async function open({ url, tokens, count }: { url: string; tokens: string[]; count: number }): Promise<void> {
  const wanted = sockets.length + count;
  counts = new Uint32Array(wanted);
  while (sockets.length < wanted) {
    const first = sockets.length;
    const group = Array.from({ length: Math.min(AT_ONCE, wanted - first) }, (_, n) => first + n);
    const opened = await Promise.all(
      group.map((n) => LightSocket.open(url, tokens[n % tokens.length]!, (...part) => hear(n, ...part))),
    );
    sockets.push(...opened);
  }
}

function heard(): Heard {
  const { user, system } = process.cpuUsage();
  const all = counts.reduce((sum, count) => sum + count, 0);
  const least = counts.reduce((a, b) => Math.min(a, b), Infinity);
  return { all, least, bytes, firstAt, lastAt, kept, cpuUs: user + system };
}

answerQuestions({
  open,
  heard,
  forget: () => {
    counts.fill(0);
    [bytes, firstAt, lastAt, kept] = [0, 0, 0, []];
  },
});
process.on('SIGTERM', () => process.exit(0));
process.on('disconnect', () => process.exit(1));
process.send!({ type: 'ready', url: '' });
