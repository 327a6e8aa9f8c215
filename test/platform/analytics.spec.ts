import { AnalyticsCounter } from '../../src/analytics/analytics-counter.service';
import { AnalyticsRepository } from '../../src/analytics/analytics.repository';
import { BOUNDS } from '../../src/analytics/spread';
import type { JournalConsumers } from '../../src/platform/events/journal-consumers';
import type { JournalEvent } from '../../src/platform/events/journal-reader';
import { countedByHand, keptOf, type Made, type Step } from '../support/analytics-model';
import { startPlatform, type TestPlatform, twoWorkspaces } from '../support/platform';

const SEED = Number(process.env.ANALYTICS_SEED ?? Date.now() % 1_000_000);
const OPERATIONS = 400;

let platform: TestPlatform;
let rows: AnalyticsRepository;
let users: number[];
let bot: number;
let random: () => number;

/** Mulberry32. */
function generator(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}
const below = (count: number): number => Math.floor(random() * count);
const oneOf = <T>(all: readonly T[]): T => all[below(all.length)]!;

beforeAll(async () => {
  platform = await startPlatform({ poolSize: 4 });
  rows = new AnalyticsRepository(platform.work);
  users = (
    await platform.sql<{ id: number }>(
      `insert into users (workspace_id, name, username, password, role_id)
       select 1, 'u' || n, 'u' || n, 'hash', (select id from roles where workspace_id = 1 and name = 'employer')
       from generate_series(1, 3) n returning id::int`,
    )
  ).map(({ id }) => id);
  bot = (
    await platform.sql<{ id: number }>(
      `insert into bot (workspace_id, name) values (1, 'Bot') returning id::int`,
    )
  )[0]!.id;
});
afterAll(() => platform.stop());
afterEach(async () => {
  await platform.sql('delete from conversation; delete from contact');
  for (const table of ['conversation', 'day', 'spread']) await platform.sql(`delete from analytics_${table}`);
});

/** A desk that does things at moments of its own, as the database is told them, and remembers them. */
class Desk {
  readonly all: Made[] = [];
  now = Date.parse('2026-03-01T22:00:00.000Z');

  later(): number {
    this.now += Math.floor(10 ** (random() * 8)); // from a millisecond to a day
    return this.now;
  }

  async open(): Promise<void> {
    const at = this.later();
    const channel = oneOf(['app', 'web']);
    const [row] = await platform.sql<{ id: number }>(
      `with c as (insert into contact (workspace_id, external_id) values (1, gen_random_uuid()::text) returning id)
       insert into conversation (workspace_id, contact_id, channel, created_at) select 1, id, $1, $2 from c returning id::int`,
      [channel, new Date(at)],
    );
    this.all.push({
      id: row!.id,
      channel,
      openedAt: at,
      done: [],
      status: 'open',
      user: null,
      bot: null,
      read: true,
      rating: null,
    });
  }

  async say(made: Made, what: 'contact' | 'user' | 'bot' | 'reaction'): Promise<void> {
    // A transaction may begin before the one whose lock it then waits for.
    const at = this.later() - (random() < 0.1 ? below(2000) : 0);
    const user = what === 'user' ? oneOf(users) : null;
    made.done.push({ what, user, at });
    await platform.sql(
      `with m as (
         insert into message (workspace_id, conversation_id, sender_type, sender_user, sender_bot, type, created_at)
         values (1, $1, $2, $3, $4, $5, $6) returning id)
       update conversation set last_message_id = m.id, unread_count = unread_count + 1, read = read and $2 <> 'contact' from m
       where conversation.id = $1`,
      [
        made.id,
        what === 'reaction' ? 'contact' : what,
        user,
        what === 'bot' ? bot : null,
        what === 'reaction' ? 'reaction' : 'text',
        new Date(at),
      ],
    );
    if (what === 'contact' || what === 'reaction') made.read = false;
  }

  async hand(made: Made): Promise<void> {
    made.user = random() < 0.6 ? oneOf(users) : null;
    made.bot = made.user === null && random() < 0.5 ? bot : null;
    made.read = random() < 0.7;
    await platform.sql(
      `update conversation set assigned_user = $2, assigned_bot = $3, read = $4, status = $5 where id = $1`,
      [made.id, made.user, made.bot, made.read, made.user === null && made.bot === null ? 'queue' : 'active'],
    );
  }

  async move(made: Made): Promise<void> {
    const at = this.later();
    const what: Step['what'] =
      made.status === 'open'
        ? 'closed'
        : made.status === 'archived'
          ? 'unarchived'
          : oneOf(['reopened', 'archived'] as const);
    made.done.push({ what, user: made.user, at });
    made.status = what === 'archived' ? 'archived' : what === 'reopened' ? 'open' : 'closed';
    if (what === 'reopened') [made.user, made.bot] = [null, null];
    await platform.sql(
      `update conversation set status = $2, assigned_user = $3, assigned_bot = $4 where id = $1`,
      [made.id, what === 'reopened' ? 'queue' : made.status, made.user, made.bot],
    );
    await platform.sql(
      `update conversation_status_change set at = $1 where id = (select max(id) from conversation_status_change)`,
      [new Date(at)],
    );
  }

  async rate(made: Made): Promise<void> {
    const score = 1 + below(5);
    made.rating =
      made.rating === null ? { score, at: this.later(), user: made.user } : { ...made.rating, score };
    await platform.sql(
      `insert into conversation_rating (workspace_id, conversation_id, score, rated_user, created_at) values (1, $1, $2, $3, $4)
       on conflict (workspace_id, conversation_id) do update set score = excluded.score`,
      [made.id, score, made.user, new Date(made.rating.at)],
    );
  }

  async any(): Promise<void> {
    if (this.all.length < 3 || (this.all.length < 25 && random() < 0.1)) return await this.open();
    const made = oneOf(this.all);
    const dice = random();
    if (dice < 0.35) await this.say(made, 'contact');
    else if (dice < 0.6) await this.say(made, 'user');
    else if (dice < 0.68) await this.say(made, 'bot');
    else if (dice < 0.72) await this.say(made, 'reaction');
    else if (dice < 0.82 && made.status === 'open') await this.hand(made);
    else if (dice < 0.94) await this.move(made);
    else if (made.status !== 'open') await this.rate(made);
  }

  async measure(ids = this.all.map(({ id }) => id)): Promise<void> {
    await platform.work.run({ workspaceId: 1 }, () => rows.measure(ids));
  }

  /** Some of them, as entries of the journal come: late, again, and in two processes at once. */
  async measureSome(): Promise<void> {
    const some = (): number[] => this.all.filter(() => random() < 0.4).map(({ id }) => id);
    const ids = some();
    await Promise.all(random() < 0.5 ? [this.measure(ids)] : [this.measure(ids), this.measure(some())]);
  }
}

async function rebuild(workspaceId: number): Promise<void> {
  await platform.work.run({ workspaceId }, (tx) => tx.query('select rebuild_analytics()'));
}

const kept = (): Promise<unknown> => keptOf((text, values) => platform.sql(text, values));

test(`whenever and however often it is counted, it is what was done (ANALYTICS_SEED=${SEED})`, async () => {
  random = generator(SEED);
  const desk = new Desk();
  for (let n = 0; n < OPERATIONS; n++) {
    await desk.any();
    if (random() < 0.15) await desk.measureSome();
  }
  await desk.measure();
  const byHand = countedByHand(desk.all);
  expect(await kept()).toEqual(byHand);
  await desk.measure();
  expect(await kept()).toEqual(byHand);
  await rebuild(1);
  expect(await kept()).toEqual(byHand);
});

test('of deleted conversations what happened stays, and they are no longer among those there are', async () => {
  random = generator(7);
  const desk = new Desk();
  for (let n = 0; n < 80; n++) await desk.any();
  await desk.measure();
  const gone = desk.all.filter((_, i) => i % 2 === 0);
  await platform.sql('delete from conversation where id = any ($1)', [gone.map(({ id }) => id)]);
  await desk.measure();
  await desk.measure();
  expect(await kept()).toEqual(
    countedByHand(
      desk.all,
      desk.all.filter((made) => !gone.includes(made)),
    ),
  );
});

test('one workspace is counted anew, and no other', async () => {
  const [north] = await twoWorkspaces(platform);
  random = generator(8);
  const desk = new Desk();
  for (let n = 0; n < 40; n++) await desk.any();
  await desk.measure();
  const before = await kept();
  await rebuild(north);
  expect(await kept()).toEqual(before);
  await platform.work.run({ workspaceId: north }, () => rows.measure(desk.all.map(({ id }) => id)));
  expect(await keptOf((text, values) => platform.sql(text, values), north)).toEqual({});
});

describe('after hours in which nobody counted', () => {
  const handle = async (ids: number[]): Promise<void> => {
    const counter = new AnalyticsCounter({} as JournalConsumers, platform.work, rows);
    const events = ids.map((conversationId) => ({ conversationId }) as JournalEvent);
    await counter.handle(1, events);
  };
  const troubled = async (what: string, when: string): Promise<void> => {
    await platform.sql(
      `create function trouble() returns trigger language plpgsql as $$ begin ${what}; return new; end $$;
       create trigger trouble before insert on analytics_conversation ${when} execute function trouble()`,
    );
  };
  afterEach(async () => {
    await platform.sql('drop trigger trouble on analytics_conversation; drop function trouble()');
  });

  test('what takes longer than anybody waits for an answer is counted all the same', async () => {
    random = generator(9);
    const desk = new Desk();
    await desk.open();
    await troubled('perform pg_sleep(5)', 'for each statement');
    await handle([desk.all[0]!.id]);
    expect(await kept()).toEqual(countedByHand(desk.all));
  }, 20_000);

  test('what was counted of many conversations stays so, where not all of them can be', async () => {
    const made = await platform.sql<{ id: number }>(
      `with c as (insert into contact (workspace_id, external_id) select 1, 'late-' || n from generate_series(1, 501) n returning id)
       insert into conversation (workspace_id, contact_id, channel) select 1, id, 'app' from c order by id returning id::int`,
    );
    const ids = made.map(({ id }) => id);
    await troubled(`raise exception 'too much'`, `for each row when (new.conversation_id = ${ids.at(-1)!})`);
    await expect(handle(ids)).rejects.toThrow('too much');
    expect(await platform.sql('select count(*)::int as n from analytics_conversation')).toEqual([{ n: 500 }]);
  });
});

test('the bounds are those that the database sorts times by', async () => {
  const [row] = await platform.sql<{ bounds: number[] }>('select analytics_bounds() as bounds');
  expect(row!.bounds).toEqual([...BOUNDS]);
});
