import { CrmGateway } from '../../src/crm-gateway/crm.gateway';
import { UnitOfWork } from '../../src/platform/database/unit-of-work';
import { Journal } from '../../src/platform/events/journal';
import { backlogOf } from '../../src/platform/http/socket-backlog';
import { closed, knock, streamed } from '../support/crm';
import { eventually } from '../support/eventually';
import { type Caller, type Listener, TestSystem } from '../support/system';

const MB = 1024 * 1024;
/** More than the network's own buffers take, with much to spare. */
const ENTRIES = 4_000;
const ENTRY_BYTES = 6_000;
const AT_ONCE = 100;

let system: TestSystem;
let admin: Caller;

beforeAll(async () => {
  system = await TestSystem.start({ madeUpEvents: true });
  admin = await system.signIn('admin');
});
afterAll(() => system.stop());

/** Writes 24 MB of entries. Answers the number of each, in their order. */
async function write(): Promise<number[]> {
  const work = system.app.get(UnitOfWork, { strict: false });
  const journal = system.app.get(Journal, { strict: false });
  for (let from = 0; from < ENTRIES; from += AT_ONCE) {
    await work.run({ workspaceId: 1 }, () =>
      Promise.resolve(
        journal.append(
          ...Array.from({ length: AT_ONCE }, (_, i) => ({
            type: 'message:new',
            audience: null,
            payload: { n: from + i, text: 'x'.repeat(ENTRY_BYTES) },
          })),
        ),
      ),
    );
  }
  return Array.from({ length: ENTRIES }, (_, n) => n);
}

const numbers = (listener: Listener): unknown[] => streamed(listener).map(({ payload }) => payload['n']);

const cursorOf = (listener: Listener): string => {
  const last = listener.heard.findLast((h) => h.meta !== undefined || h.event === 'stream:ready')!;
  return last.meta?.cursor ?? String(last.payload['cursor']);
};

/** The client's side of the connection, which can leave what comes unread. */
function wire({ socket }: Pick<Listener, 'socket'>): { pause: () => void; resume: () => void } {
  return (socket.io.engine.transport as unknown as { ws: { pause: () => void; resume: () => void } }).ws;
}

/** What the server keeps for a socket; null once it has ended it. */
function kept(id: string | undefined): number | null {
  const { sockets } = system.app.get(CrmGateway, { strict: false })['namespace'];
  const socket = sockets.get(id ?? '');
  return socket === undefined ? null : backlogOf(socket.conn);
}

/** The most that the server keeps for a socket until this holds. */
async function mostKept(id: string | undefined, over: () => boolean): Promise<number> {
  let most = 0;
  await eventually(
    () => {
      most = Math.max(most, kept(id) ?? 0);
      return over();
    },
    { timeoutMs: 5_000, what: 'the end of it' },
  );
  return most;
}

test('a client that does not read is ended and goes on from its cursor; others hear everything meanwhile', async () => {
  const slow = await system.listen(admin);
  const other = await system.listen(admin);
  const { id } = slow.socket;
  wire(slow).pause();
  const all = await write();
  // Long before the ping is missed that it leaves unread as well.
  await mostKept(id, () => kept(id) === null);
  await eventually(() => streamed(other).length === ENTRIES, { what: 'everything' });
  expect(numbers(other)).toEqual(all);

  wire(slow).resume();
  await closed(slow);
  const back = await system.listen(admin, { after: cursorOf(slow) });
  await eventually(() => streamed(slow).length + streamed(back).length >= ENTRIES, { what: 'the rest' });
  expect([...numbers(slow), ...numbers(back)]).toEqual(all);
});

test('whoever reads slowly what they missed is told it no faster than they read, and all of it', async () => {
  const before = await system.listen(admin);
  const after = cursorOf(before);
  before.socket.disconnect();
  const all = await write();
  const socket = knock(system, { token: admin.token, after });
  const heard: unknown[] = [];
  socket.on('message:new', ({ n }: { n: number }) => heard.push(n));
  await new Promise<void>((connected) => socket.once('connect', () => connected()));
  wire({ socket }).pause();
  const { id } = socket;

  // Two looks at what is unread, and time enough to read all of the journal.
  const until = performance.now() + 2_000;
  expect(await mostKept(id, () => performance.now() > until)).toBeLessThan(MB);
  expect(kept(id)).not.toBeNull();

  wire({ socket }).resume();
  await eventually(() => heard.length >= ENTRIES, { what: 'everything' });
  expect(heard).toEqual(all);
  socket.disconnect();
});
