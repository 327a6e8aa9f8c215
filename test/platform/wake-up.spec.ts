import { DatabaseListener } from '../../src/platform/events/database-listener';
import { WakeUp } from '../../src/platform/events/wake-up';
import { JournalTail } from '../../src/platform/events/journal-tail';
import type { JournalEvent, JournalPage, JournalReader } from '../../src/platform/events/journal-reader';
import { createLogger } from '../../src/platform/observability/logger';
import { eventually } from '../support/eventually';
import { startPlatform, type TestPlatform } from '../support/platform';
import { testConfig } from '../support/system';

const LISTENING = `select pid, usename from pg_stat_activity
  where application_name = 'apicechat wake-up' and datname = current_database()`;

let platform: TestPlatform;
let started: { wakeUp: WakeUp; listener: DatabaseListener }[];

beforeAll(async () => {
  platform = await startPlatform();
});
afterAll(() => platform.stop());
beforeEach(() => {
  started = [];
});
afterEach(async () => {
  for (const { wakeUp, listener } of started) {
    wakeUp.beforeApplicationShutdown();
    await listener.beforeApplicationShutdown();
  }
  await eventually(async () => (await platform.sql(LISTENING)).length === 0, { what: 'no listener left' });
});

function newWakeUp(): { wakeUp: WakeUp; listener: DatabaseListener } {
  const config = testConfig(platform.url, 'http://127.0.0.1:1', {});
  const listener = new DatabaseListener(config, createLogger('silent'));
  const wakeUp = new WakeUp(listener, platform.database, createLogger('silent'));
  started.push({ wakeUp, listener });
  return { wakeUp, listener };
}

async function startWakeUp(): Promise<WakeUp> {
  const { wakeUp, listener } = newWakeUp();
  await listener.onApplicationBootstrap();
  return wakeUp;
}

describe('a signal', () => {
  it('reaches its own process at once, and another server also where both have the same process number', async () => {
    const [here, there] = [await startWakeUp(), await startWakeUp()];
    const [heardHere, heardThere] = [jest.fn(), jest.fn()];
    here.on('journal', heardHere);
    there.on('journal', heardThere);
    here.signal('journal');
    expect(heardHere).toHaveBeenCalledTimes(1);
    await eventually(() => heardThere.mock.calls.length === 1, { timeoutMs: 900 });
    expect(heardHere).toHaveBeenCalledTimes(1);
  });

  it('is of one topic', async () => {
    const [here, there] = [await startWakeUp(), await startWakeUp()];
    const [jobs, journal] = [jest.fn(), jest.fn()];
    there.on('jobs', jobs);
    there.on('journal', journal);
    here.signal('jobs');
    await eventually(() => jobs.mock.calls.length === 1);
    expect(journal).not.toHaveBeenCalled();
  });

  it('given a thousand times in a row costs a few notifications', async () => {
    const [here, there] = [await startWakeUp(), await startWakeUp()];
    const heard = jest.fn();
    there.on('journal', heard);
    for (let n = 0; n < 1_000; n++) here.signal('journal');
    await eventually(() => heard.mock.calls.length > 0);
    expect(heard.mock.calls.length).toBeLessThan(5);
  });

  it('is no longer heard by who has left', async () => {
    const here = await startWakeUp();
    const heard = jest.fn();
    here.on('journal', heard)();
    here.signal('journal');
    expect(heard).not.toHaveBeenCalled();
  });
});

describe('the listening connection', () => {
  it('comes back after it was lost', async () => {
    const [here, there] = [await startWakeUp(), await startWakeUp()];
    const heard = jest.fn();
    there.on('journal', heard);
    const before = await platform.sql<{ pid: number }>(LISTENING);
    await platform.sql('select pg_terminate_backend(pid) from unnest($1::int[]) pid', [
      before.map((l) => l.pid),
    ]);
    await eventually(async () => (await platform.sql(LISTENING)).length === 2, {
      what: 'both listening again',
    });
    await eventually(() => {
      here.signal('journal');
      return heard.mock.calls.length > 0;
    });
  });

  it('ends with the process’s stop, also where it was only just being made', async () => {
    const { listener } = newWakeUp();
    const listening = listener.onApplicationBootstrap();
    await listener.beforeApplicationShutdown();
    await listening;
  });
});

describe('the journal’s tail', () => {
  it('tells of every entry once, in order, whether signals come or not', async () => {
    const wakeUp = await startWakeUp();
    const tail = new JournalTail(platform.reader, wakeUp, createLogger('silent'));
    const heard: JournalEvent[] = [];
    await tail.start((events) => heard.push(...events));
    const written: string[] = [];
    for (let n = 0; n < 50; n++) {
      written.push(`${n}`);
      await platform.work.run({ workspaceId: 1 }, () =>
        platform.journal.append({ type: `${n}`, audience: null, payload: {} }),
      );
      if (n % 5 === 0) wakeUp.signal('journal');
    }
    await eventually(() => heard.length >= 50);
    await tail.beforeApplicationShutdown();
    expect(heard.map((event) => event.type)).toEqual(written);
  });

  it('at its end has told of everything that was signalled before, also while it was still reading', async () => {
    const { wakeUp } = newWakeUp();
    const answers: ((page: JournalPage) => void)[] = [];
    const reader = {
      now: () => Promise.resolve({ base: '1:1:', upto: null, after: 0 }),
      read: () => new Promise<JournalPage>((answer) => answers.push(answer)),
    } as unknown as JournalReader;
    const page = (type: string): JournalPage => ({
      events: [{ type } as JournalEvent],
      next: { base: '2:2:', upto: null, after: 0 },
      complete: true,
      gap: false,
    });
    const tail = new JournalTail(reader, wakeUp, createLogger('silent'));
    const heard: string[] = [];
    await tail.start((events) => heard.push(...events.map((event) => event.type)));
    wakeUp.signal('journal'); // a reading begins
    wakeUp.signal('journal'); // and is to be followed by another
    let stopped = false;
    const stopping = tail.beforeApplicationShutdown().then(() => (stopped = true));
    answers[0]!(page('1'));
    await eventually(() => answers.length === 2);
    expect(stopped).toBe(false);
    answers[1]!(page('2'));
    await stopping;
    expect(heard).toEqual(['1', '2']);
  });
});
