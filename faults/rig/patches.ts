import { readFileSync } from 'node:fs';
import { join } from 'node:path';

/** A text in a built file of the server, which must be there exactly once, and what takes its place. */
export interface Patch {
  /** From `dist`. */
  file: string;
  find: string;
  replace: string;
}

/** What the preload is told, in a file. */
export interface PreloadOrders {
  patches: Patch[];
  /** Ends the process the `pass`th time that it comes by this point. */
  crash: { point: string; pass: number } | null;
  /** Takes the names of points at which processes ended. */
  report: string;
  /** How long SIGUSR2 blocks the event loop, in ms. */
  blockMs: number;
  /** Says by how many ms the process's clock is wrong; looked at when it starts, and again after SIGHUP. */
  clock: string;
  /** Says how long, in ms, a connection to Meta takes longer than it does; looked at with each. */
  connecting: string;
}

/** What a process answers when it is asked for its sockets. */
export interface SocketsNow {
  sockets: number;
  /** The most that it keeps for one that does not read, in bytes. */
  mostKept: number;
  rss: number;
}

const DIST = join(__dirname, '../..');

const UNIT_OF_WORK = 'src/platform/database/unit-of-work.js';
const INTAKE = 'src/meta-whatsapp/webhook-intake.service.js';
const OUTBOX = 'src/messages/outbox.service.js';
const WORKER = 'src/platform/jobs/job-worker.js';

const at = (point: string): string => `globalThis.faultPoint('${point}');`;

/** Where a process is killed on purpose: before and after everything that becomes durable or leaves the house. */
const CRASH_PATCHES: readonly Patch[] = [
  {
    file: UNIT_OF_WORK,
    find: 'ending = tx.commit();',
    replace: `if (how === 'begin') ${at('transaction.before_commit')} ending = tx.commit();`,
  },
  {
    file: UNIT_OF_WORK,
    find: 'for (const callback of tx.committed)',
    replace: `if (how === 'begin') ${at('transaction.after_commit')} for (const callback of tx.committed)`,
  },
  {
    file: INTAKE,
    find: 'await Promise.all([...groups]',
    replace: `${at('webhook.before_store')} await Promise.all([...groups]`,
  },
  {
    file: INTAKE,
    find: 'if (refused.length > 0)',
    replace: `${at('webhook.after_store')} if (refused.length > 0)`,
  },
  {
    file: INTAKE,
    find: 'await this.setAside.keep(body, refused);',
    replace: `{ await this.setAside.keep(body, refused); } ${at('webhook.before_answer')}`,
  },
  {
    file: WORKER,
    find: 'this.start(row, hold, asked);',
    replace: `{ this.start(row, hold, asked); ${at('job.taken')} }`,
  },
  {
    file: OUTBOX,
    find: 'const result = await step.send(',
    replace: `${at('send.before_call')} const result = await step.send(`,
  },
  {
    file: OUTBOX,
    find: 'await this.record(job.workspaceId, step, result);',
    replace: `${at('send.after_call')} await this.record(job.workspaceId, step, result); ${at('send.recorded')}`,
  },
];

/** Lets a process be asked for what it keeps for its sockets, and be told when to clear what is old and how far Meta is. */
const PROBES: readonly Patch[] = [
  {
    file: 'src/platform/events/retention.js',
    find: 'this.schedule(FIRST_AFTER_MS);',
    replace: "this.schedule(Number(process.env['FAULTS_RETENTION_MS'] ?? FIRST_AFTER_MS));",
  },
  {
    file: 'src/meta-whatsapp/guarded-post.js',
    find: 'socket.once(stands, go)',
    replace: 'socket.once(stands, () => globalThis.faultConnected(go))',
  },
  {
    file: 'src/platform/http/socket-packets.js',
    find: "engine.on('flush',",
    replace: "globalThis.faultEngine(engine); engine.on('flush',",
  },
];

/** The build of tomorrow: this one with more migrations. */
export const NEWER_BUILD: readonly Patch[] = [
  {
    file: 'src/platform/database/migrations/index.js',
    find: 'exports.MIGRATIONS = [',
    replace: "exports.MIGRATIONS = [...require('../../../../faults/rig/newer-migrations').NEWER_MIGRATIONS,",
  },
];

export const API_CRASH_POINTS = [
  'webhook.before_store',
  'transaction.before_commit',
  'transaction.after_commit',
  'webhook.after_store',
  'webhook.before_answer',
] as const;
export const WORKER_CRASH_POINTS = [
  'job.taken',
  'transaction.before_commit',
  'send.before_call',
  'send.after_call',
  'send.recorded',
  'transaction.after_commit',
] as const;

/** Crash points and probes go in last: a mutation looks for the text of the build. */
export function withCrashPoints(mutation: readonly Patch[]): Patch[] {
  const taken = new Set(mutation.map(({ file, find }) => `${file} ${find}`));
  return [
    ...mutation,
    ...[...CRASH_PATCHES, ...PROBES].filter(({ file, find }) => !taken.has(`${file} ${find}`)),
  ];
}

/** Throws where a build no longer has a place that is meant, one patch after the other: a fault not put in proves nothing. */
export function verifyPatches(patches: readonly Patch[]): void {
  const texts = new Map<string, string>();
  for (const { file, find, replace } of patches) {
    const text = texts.get(file) ?? readFileSync(join(DIST, file), 'utf8');
    const found = text.split(find).length - 1;
    if (found !== 1) throw new Error(`dist/${file} has ${found} places, not one, with: ${find}`);
    texts.set(
      file,
      text.replace(find, () => replace),
    );
  }
}
