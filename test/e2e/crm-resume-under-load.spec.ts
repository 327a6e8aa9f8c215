import { setTimeout as delay } from 'node:timers/promises';
import { UnitOfWork } from '../../src/platform/database/unit-of-work';
import { Journal } from '../../src/platform/events/journal';
import { ask, streamed } from '../support/crm';
import { eventually } from '../support/eventually';
import { type Caller, type Heard, type Listener, TestSystem } from '../support/system';

const WRITERS = 8;

let system: TestSystem;
let other: TestSystem;
let admin: Caller;

beforeAll(async () => {
  system = await TestSystem.start({ madeUpEvents: true });
  other = await system.secondServer();
  admin = await system.signIn('admin');
});
afterAll(() => system.stop());

/** Writes entries at full speed, from many transactions that take unequally long, until it is stopped. */
function startWriting(workspaceId = 1): { stop: () => Promise<void> } {
  const work = system.app.get(UnitOfWork, { strict: false });
  const journal = system.app.get(Journal, { strict: false });
  const stopping = new AbortController();
  const write = async (writer: number): Promise<void> => {
    for (let n = 0; !stopping.signal.aborted; n++) {
      await work.run({ workspaceId }, async (tx) => {
        const entry = { type: 'message:new', audience: null, payload: { writer, n } };
        journal.append(entry, entry);
        // The id is drawn and the commit comes later: others with higher ids overtake this one.
        if (n % 5 === 0) await tx.query('select pg_sleep($1)', [Math.random() / 100]);
      });
    }
  };
  const writers = Array.from({ length: WRITERS }, (_, writer) => write(writer));
  return {
    stop: async () => {
      stopping.abort();
      await Promise.all(writers);
    },
  };
}

const cursorOf = (listener: Listener): string => {
  const last = listener.heard.findLast((h) => h.meta !== undefined || h.event === 'stream:ready')!;
  return last.meta?.cursor ?? String(last.payload['cursor']);
};

async function idsSince(id: number): Promise<number[]> {
  const rows = await system.sql<{ id: string }>(
    'select id from event where workspace_id = 1 and id > $1 order by id',
    [id],
  );
  return rows.map((row) => Number(row.id));
}

async function newestId(): Promise<number> {
  const [row] = await system.sql<{ id: string | null }>('select max(id) as id from event');
  return Number(row!.id ?? 0);
}

function expectExactly(heard: Heard[], ids: number[]): void {
  const heardIds = heard.map((h) => h.meta.id);
  expect(heardIds.length).toBe(new Set(heardIds).size);
  expect(heardIds.toSorted((a, b) => a - b)).toEqual(ids);
  const lastOf = new Map<unknown, number>();
  for (const { payload, meta } of heard) {
    expect(meta.id).toBeGreaterThan(lastOf.get(payload['writer']) ?? 0);
    lastOf.set(payload['writer'], meta.id);
  }
}

test('a socket that comes and goes between two servers hears each entry once, while writers go on at full speed', async () => {
  const start = await newestId();
  let listener = await system.listen(admin);
  const heard: Heard[] = [];
  const writing = startWriting();
  for (let visit = 1; visit <= 25; visit++) {
    await delay(Math.random() * 60); // any moment, also the worst one
    const after = cursorOf(listener);
    listener.socket.disconnect();
    heard.push(...streamed(listener));
    listener = await (visit % 2 === 0 ? system : other).listen(admin, { after });
  }
  await writing.stop();

  const ids = await idsSince(start);
  await eventually(() => heard.length + streamed(listener).length >= ids.length, { what: 'the last entry' });
  expectExactly([...heard, ...streamed(listener)], ids);
  expect(listener.of('resync_required')).toEqual([]);
});

test('a message `resume` rewinds an open socket: from the cursor on each entry comes once and in order', async () => {
  const start = await newestId();
  const first = await system.listen(admin);
  const after = cursorOf(first);
  first.socket.disconnect();
  const writing = startWriting();
  const listener = await system.listen(admin);
  await eventually(() => streamed(listener).length > 500, { what: 'live entries' });

  const answer = await ask<{ sent: number; cursor: string }>(listener, 'resume', { after });

  await writing.stop();
  const ids = await idsSince(start);
  expect(answer).toMatchObject({ sent: expect.any(Number), cursor: expect.any(String) });
  const rewound = (): Heard[] => {
    const all = streamed(listener);
    return all.slice(all.findLastIndex((h) => h.meta.id === ids[0]));
  };
  await eventually(() => rewound().length >= ids.length, { what: 'the last entry' });
  expectExactly(rewound(), ids);
});

test('what other workspaces write at full speed does not keep a socket from coming back', async () => {
  const { id: elsewhere } = await system.createWorkspace('busy');
  const first = await system.listen(admin);
  const after = cursorOf(first);
  first.socket.disconnect();
  const writing = startWriting(elsewhere);

  const listeners = await Promise.all(Array.from({ length: 5 }, () => system.listen(admin, { after })));

  await writing.stop();
  expect(listeners.flatMap((listener) => streamed(listener))).toEqual([]);
});

test('a server that lags behind the one where the client was before does not tell it anything twice', async () => {
  const start = await newestId();
  let listener = await system.listen(admin);
  const heard: Heard[] = [];
  const listening = async (): Promise<number> =>
    (
      await system.sql(
        `select 1 from pg_stat_activity where application_name = 'apicechat wake-up' and datname = current_database()`,
      )
    ).length;
  const servers = await listening();
  for (let visit = 0; visit < 3; visit++) {
    // Without notifications the other server only looks once a second.
    await system.sql(
      `select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'apicechat wake-up' and datname = current_database()`,
    );
    const work = system.app.get(UnitOfWork, { strict: false });
    const journal = system.app.get(Journal, { strict: false });
    const seen = streamed(listener).length;
    await work.run({ workspaceId: 1 }, () =>
      journal.append({ type: 'message:new', audience: null, payload: { writer: 0, visit } }),
    );
    await eventually(() => streamed(listener).length > seen, { what: 'the entry on the first server' });
    const after = cursorOf(listener);
    listener.socket.disconnect();
    heard.push(...streamed(listener));
    const there = await other.listen(admin, { after });
    const back = cursorOf(there);
    await eventually(async () => (await listening()) === servers, { what: 'all servers listening again' });
    there.socket.disconnect();
    heard.push(...streamed(there));
    listener = await system.listen(admin, { after: back });
  }
  heard.push(...streamed(listener));
  expectExactly(heard, await idsSince(start));
});
