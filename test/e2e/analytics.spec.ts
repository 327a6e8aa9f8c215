import { Client } from 'pg';
import { AnalyticsService } from '../../src/analytics/analytics.service';
import type {
  AgentsReport,
  ResolutionReport,
  ResponseTimesReport,
  SatisfactionReport,
  SummaryDto,
  VolumeReport,
} from '../../src/analytics/analytics.types';
import type { StaffActor } from '../../src/common/actor';
import { giveToBot, makeBot } from '../support/bots';
import { eventually } from '../support/eventually';
import { conversationOf, newPhone, reply } from '../support/sending';
import { type Caller, TestSystem } from '../support/system';

const NO_TIMES = { count: 0, average_seconds: null, median_seconds: null, p90_seconds: null };
const REPORTS = ['response-times', 'volume', 'resolution', 'satisfaction'];

let system: TestSystem;
let admin: Caller;
let supervisor: Caller;
let ana: Caller;
let ben: Caller;
let bot: number;

beforeAll(async () => {
  system = await TestSystem.start();
  admin = await system.signIn('admin');
  supervisor = await system.signIn('supervisor');
  ana = await system.signIn('employer', { username: 'ana' });
  ben = await system.signIn('employer', { username: 'ben' });
  bot = (await makeBot(admin, { name: 'Silent' })).id;
});
afterAll(() => system.stop());
beforeEach(() => system.meta.reset());

async function read<Body>(caller: Caller, path: string): Promise<Body> {
  const { status, body } = await caller.get<Body & Record<string, unknown>>(`/analytics/${path}`);
  expect([status, body]).toEqual([200, body]);
  return body;
}

const summaryOf = (caller: Caller, query = ''): Promise<SummaryDto> => read(caller, `summary${query}`);
const volume = async (query = ''): Promise<VolumeReport['totals']> =>
  (await read<VolumeReport>(admin, `volume${query}`)).totals;

async function change(caller: Caller, id: number, body: object): Promise<void> {
  expect((await caller.patch(`/conversations/${id}`, body)).status).toBe(200);
}
async function assign(id: number, to: Caller): Promise<void> {
  const answer = await admin.patch(`/conversations/${id}/assign`, { assigned_user: to.user.id });
  expect(answer.status).toBe(200);
}

test('a desk’s day: what everybody is shown of it, and that entries handed over again count once', async () => {
  const [start] = await system.sql<{ cursor: string }>(
    `select cursor from journal_consumer where name = 'analytics'`,
  );
  const [nobodys, bots, anas, bens, closed] = (await Promise.all(
    Array.from({ length: 5 }, () => conversationOf(system, newPhone())),
  )) as [number, number, number, number, number];
  await giveToBot(admin, bots, bot);
  await assign(anas, ana);
  await assign(bens, ben);
  await assign(closed, ana);
  await reply(ana, anas, 'one moment');
  await reply(ana, anas, 'and another one');
  await reply(ben, bens, 'yes?');
  await change(ana, closed, { status: 'closed' });
  await change(ana, anas, { read: false });

  const ofAll = {
    total_conversations: 5,
    active_conversations: 4,
    unread_conversations: 2,
    assigned_to_me: 0,
    unassigned: 1,
    closed_today: 1,
  };
  await eventually(async () => expect(await summaryOf(admin)).toMatchObject(ofAll) ?? true, {
    what: 'the numbers',
  });
  expect(await summaryOf(supervisor)).toMatchObject(ofAll);
  expect(await summaryOf(admin, '?channel=whatsapp')).toMatchObject(ofAll);
  expect(await summaryOf(admin, '?channel=app')).toEqual({
    total_conversations: 0,
    active_conversations: 0,
    unread_conversations: 0,
    assigned_to_me: 0,
    unassigned: 0,
    closed_today: 0,
    average_response_seconds: null,
    average_response_seconds_today: null,
  });
  expect(await summaryOf(ana)).toMatchObject({
    total_conversations: 4,
    active_conversations: 3,
    unread_conversations: 2,
    assigned_to_me: 1,
    unassigned: 1,
    closed_today: 1,
  });
  expect(await summaryOf(ben)).toMatchObject({
    total_conversations: 3,
    active_conversations: 3,
    unread_conversations: 1,
    assigned_to_me: 1,
    unassigned: 1,
    closed_today: 0,
  });

  // As after a crash between the counting and the saving of the place, only worse: everything comes once more.
  const counted = await volume();
  expect(counted).toEqual({
    inbound: 5,
    outbound_people: 3,
    outbound_bots: 0,
    opened: 5,
    closed: 1,
    reopened: 0,
    archived: 0,
  });
  const times = (await read<ResponseTimesReport>(admin, 'response-times')).totals;
  expect([times.first.count, times.later.count]).toEqual([2, 0]);
  await system.sql(`update journal_consumer set cursor = $1 where name = 'analytics'`, [start!.cursor]);
  await change(admin, nobodys, { status: 'closed' });
  await eventually(async () => (await volume()).closed === 2, { what: 'the closing behind all the rest' });
  expect(await volume()).toEqual({ ...counted, closed: 2 });
  expect((await read<ResponseTimesReport>(admin, 'response-times')).totals).toEqual(times);
  expect(await summaryOf(admin)).toMatchObject({
    ...ofAll,
    active_conversations: 3,
    unread_conversations: 1,
    unassigned: 0,
    closed_today: 2,
  });
  // Nobody's closing is in everybody's sight, another user's is not.
  expect((await summaryOf(ben)).closed_today).toBe(1);
});

test('how long customers wait: until a person answers, in every turn, and not past the closing', async () => {
  const cara = await system.signIn('employer');
  const phone = newPhone();
  const goOn = await holdTheCounter();
  const id = await conversationOf(system, phone);
  await assign(id, cara);
  // An hour ago, and a minute later the customer asked again.
  await system.meta.customerSays({ phone }, 'Anybody there?');
  await shift(id, 1, 3600);
  await shift(id, 2, 3540);
  await reply(cara, id, 'Here I am');
  await system.meta.customerSays({ phone }, 'And the price?');
  await shift(id, 4, 60);
  await reply(cara, id, 'Five euros');
  await reply(cara, id, 'each');
  await goOn();

  const of = (path: string): string => `${path}?user_id=${cara.user.id}`;
  const report = await eventually(
    async () => {
      const found = await read<ResponseTimesReport>(admin, of('response-times'));
      return found.totals.later.count === 1 ? found : null;
    },
    { what: 'both answers' },
  );
  const { first, later } = report!.totals;
  expect(first.count).toBe(1);
  expect(Math.abs(first.average_seconds! - 3600)).toBeLessThan(30);
  expect(Math.abs(later.average_seconds! - 60)).toBeLessThan(30);
  const summary = await summaryOf(cara);
  expect(summary.average_response_seconds).toBeCloseTo(
    (first.average_seconds! + later.average_seconds!) / 2,
    2,
  );
  expect(summary.average_response_seconds_today).not.toBeNull();

  await system.meta.customerSays({ phone }, 'Nobody answers this');
  await change(cara, id, { status: 'closed' });
  await change(cara, id, { status: 'active' });
  await reply(cara, id, 'Sorry, what was it?');
  await change(cara, id, { status: 'closed' });
  await change(admin, id, { status: 'archived' });
  await eventually(async () => (await volume(`?user_id=${cara.user.id}`)).archived === 1, {
    what: 'the end',
  });
  expect(await volume(`?user_id=${cara.user.id}`)).toEqual({
    inbound: null,
    outbound_people: 4,
    outbound_bots: null,
    opened: null,
    closed: 2,
    reopened: 1,
    archived: 1,
  });
  expect((await read<ResponseTimesReport>(admin, of('response-times'))).totals).toEqual(report!.totals);
  const resolution = (await read<ResolutionReport>(admin, of('resolution'))).totals;
  expect(resolution).toMatchObject({ opened: null, closed: 2, reopened: 1, rate: null, time: { count: 2 } });
  const agents = await read<AgentsReport>(admin, 'agents?limit=100');
  expect(agents.data.find(({ user_id }) => user_id === cara.user.id)).toEqual({
    user_id: cara.user.id,
    name: cara.user.username,
    messages: 4,
    closed: 2,
    reopened: 1,
    first_response: first,
    later_responses: later,
    resolution: resolution.time,
    ratings: 0,
    average_score: null,
  });
});

/** As if the nth message of a conversation had been written so many seconds ago. */
async function shift(id: number, nth: number, seconds: number): Promise<void> {
  await system.sql(
    `update message set created_at = now() - $3 * interval '1 second' where id = (
       select id from message where conversation_id = $1 order by id limit 1 offset $2 - 1)`,
    [id, nth, seconds],
  );
}

/** Nobody counts until the answer is called. */
async function holdTheCounter(): Promise<() => Promise<void>> {
  const client = new Client({ connectionString: system.databaseUrl });
  await client.connect();
  await client.query(`begin; select from journal_consumer where name = 'analytics' for update`);
  return () => client.end();
}

test('what another workspace does is not counted here, and the other way round', async () => {
  const other = await system.createWorkspace('elsewhere');
  const theirs = await system.signIn('admin', { workspaceId: other.id });
  expect((await summaryOf(theirs)).total_conversations).toBe(0);
  expect((await read<AgentsReport>(theirs, 'agents')).data).toEqual([]);
  expect((await read<VolumeReport>(theirs, `volume?user_id=${ana.user.id}`)).totals.outbound_people).toBe(0);
});

describe('a period', () => {
  beforeAll(async () => {
    await system.sql(
      `insert into analytics_day (workspace_id, user_id, day, channel, inbound, outbound_people, outbound_bots, opened, closed, reopened, archived)
       values (1, 0, '2024-02-26', 'app', 10, 5, 1, 4, 2, 1, 1), (1, 0, '2024-02-29', 'app', 3, 2, 0, 1, 2, 0, 0),
              (1, 0, '2024-02-29', 'web', 7, 1, 1, 1, 0, 0, 0), (1, 0, '2024-03-04', 'app', 1, 1, 0, 0, 1, 0, 0),
              (1, $1, '2024-02-29', 'app', 0, 2, 0, 0, 1, 0, 0),
              (1, 999999, '2024-03-05', 'app', 0, 4, 0, 0, 0, 0, 0)`,
      [ana.user.id],
    );
    await system.sql(
      `insert into analytics_spread (workspace_id, user_id, measure, day, channel, bucket, count, sum)
       values (1, 0, 'first_response', '2024-02-26', 'app', 9, 4, 150000), (1, 0, 'first_response', '2024-02-29', 'web', 12, 1, 100000),
              (1, 0, 'later_response', '2024-02-29', 'app', 0, 2, 1000), (1, 0, 'resolution', '2024-02-29', 'app', 23, 2, 8000000),
              (1, 0, 'rating', '2024-02-29', 'app', 5, 2, 10), (1, 0, 'rating', '2024-02-29', 'app', 2, 1, 2),
              (1, 0, 'rating', '2024-02-29', 'app', 3, 0, 0), (1, $1, 'rating', '2024-02-29', 'app', 2, 1, 2),
              (1, $2, 'rating', '2024-02-28', 'app', 5, 1, 5)`,
      [ana.user.id, ben.user.id],
    );
  });
  const PERIOD = '?from=2024-02-27&to=2024-03-05';

  test('by day has every day, the empty ones too, both ends included', async () => {
    const report = await read<VolumeReport>(admin, `volume${PERIOD}`);
    expect(report).toMatchObject({ from: '2024-02-27', to: '2024-03-05', by: 'day', time_zone: 'UTC' });
    expect(report.totals).toEqual({
      inbound: 11,
      outbound_people: 4,
      outbound_bots: 1,
      opened: 2,
      closed: 3,
      reopened: 0,
      archived: 0,
    });
    expect(report.periods.map(({ starts_on, inbound }) => [starts_on, inbound])).toEqual([
      ['2024-02-27', 0],
      ['2024-02-28', 0],
      ['2024-02-29', 10],
      ['2024-03-01', 0],
      ['2024-03-02', 0],
      ['2024-03-03', 0],
      ['2024-03-04', 1],
      ['2024-03-05', 0],
    ]);
  });

  test('by week has its days only, also where a week begins before it', async () => {
    const { periods } = await read<VolumeReport>(admin, `volume${PERIOD}&by=week`);
    expect(periods.map(({ starts_on, inbound, closed }) => [starts_on, inbound, closed])).toEqual([
      ['2024-02-26', 10, 2],
      ['2024-03-04', 1, 1],
    ]);
  });

  test('of one channel, and of one user', async () => {
    const web = await read<VolumeReport>(admin, `volume${PERIOD}&channel=web`);
    expect(web.totals).toMatchObject({ inbound: 7, outbound_bots: 1, closed: 0 });
    const anas = await read<VolumeReport>(admin, `volume${PERIOD}&user_id=${ana.user.id}`);
    expect(anas.totals).toMatchObject({ inbound: null, outbound_people: 2, closed: 1 });
  });

  test('has times with their mean, and where half and nine tenths of them lie', async () => {
    const { totals } = await read<ResponseTimesReport>(admin, 'response-times?from=2024-02-26&to=2024-02-29');
    // Four between 30 and 45 s, one between 90 and 120 s.
    expect(totals).toEqual({
      first: { count: 5, average_seconds: 50, median_seconds: 39.375, p90_seconds: 105 },
      later: { count: 2, average_seconds: 0.5, median_seconds: 0.5, p90_seconds: 0.9 },
    });
  });

  test('has a resolution rate: closed by opened', async () => {
    const { totals, periods } = await read<ResolutionReport>(admin, `resolution${PERIOD}`);
    expect(totals).toEqual({
      opened: 2,
      closed: 3,
      reopened: 0,
      rate: 1.5,
      time: { count: 2, average_seconds: 4000, median_seconds: 4500, p90_seconds: 5220 },
    });
    expect(periods.find(({ starts_on }) => starts_on === '2024-03-04')).toMatchObject({
      opened: 0,
      closed: 1,
      rate: null,
    });
  });

  test('has ratings with their scores', async () => {
    const { totals, periods } = await read<SatisfactionReport>(admin, `satisfaction${PERIOD}`);
    expect(totals).toEqual({
      ratings: 3,
      average_score: 4,
      satisfied_share: 0.667,
      scores: { '1': 0, '2': 1, '3': 0, '4': 0, '5': 2 },
    });
    expect(periods[0]).toEqual({
      starts_on: '2024-02-27',
      ratings: 0,
      average_score: null,
      satisfied_share: null,
      scores: { '1': 0, '2': 0, '3': 0, '4': 0, '5': 0 },
    });
  });

  test('has agents, in pages, also those of whom only ratings tell and who are gone', async () => {
    const all = await read<AgentsReport>(supervisor, `agents${PERIOD}`);
    expect(all.meta).toEqual({ page: 1, limit: 20, total: 3, pages: 1 });
    expect(
      all.data.map((one) => [one.name, one.messages, one.closed, one.ratings, one.average_score]),
    ).toEqual([
      ['ana', 2, 1, 1, 2],
      ['ben', 0, 0, 1, 5],
      [null, 4, 0, 0, null],
    ]);
    expect(all.data[0]).toMatchObject({ first_response: NO_TIMES, resolution: NO_TIMES });
    const second = await read<AgentsReport>(supervisor, `agents${PERIOD}&limit=1&page=2`);
    expect(second.data).toEqual(all.data.slice(1, 2));
    const beyond = await read<AgentsReport>(supervisor, `agents${PERIOD}&page=9`);
    expect([beyond.data, beyond.meta.total]).toEqual([[], 3]);
    expect((await read<AgentsReport>(supervisor, `agents${PERIOD}&channel=web`)).data).toEqual([]);
  });

  test('is the last 30 days where none is named', async () => {
    const today = new Date().toISOString().slice(0, 10);
    const { from, to, periods } = await read<VolumeReport>(admin, 'volume');
    expect(to >= today).toBe(true);
    expect([periods.length, periods[0]!.starts_on, periods.at(-1)!.starts_on]).toEqual([30, from, to]);
  });

  test('of 366 days is answered', async () => {
    expect((await read<VolumeReport>(admin, 'volume?from=2024-01-01&to=2024-12-31')).periods).toHaveLength(
      366,
    );
  });
});

describe('is refused', () => {
  test.each([...REPORTS, 'agents'])('an employer who asks for %s', async (report) => {
    const answer = await ana.get(`/analytics/${report}`);
    expect(answer).toMatchObject({ status: 403, body: { code: 'FORBIDDEN' } });
  });

  const BAD = [
    'from=2024-02-30',
    'from=2024-2-3',
    'to=yesterday',
    'from=2024-03-02&to=2024-03-01',
    'from=2024-01-01&to=2025-01-01',
    'channel=',
    `channel=${'x'.repeat(21)}`,
    'channel=%00',
    'timezone=Europe/Madrid',
  ];
  test.each(BAD)('%s', async (query) => {
    for (const report of [...REPORTS, 'agents'])
      expect([report, await admin.get(`/analytics/${report}?${query}`)]).toMatchObject([
        report,
        { status: 400, body: { code: 'VALIDATION_FAILED' } },
      ]);
  });

  test.each(['by=month', 'user_id=0', 'user_id=ana', 'user_id=1.5', 'user_id='])('%s', async (query) => {
    for (const report of REPORTS)
      expect([report, await admin.get(`/analytics/${report}?${query}`)]).toMatchObject([
        report,
        { status: 400, body: { code: 'VALIDATION_FAILED' } },
      ]);
  });

  test.each(['channel=', 'channel=%00', 'from=2024-01-01'])('a summary with %s', async (query) => {
    const answer = await ana.get(`/analytics/summary?${query}`);
    expect(answer).toMatchObject({ status: 400, body: { code: 'VALIDATION_FAILED' } });
  });
});

test('the summary that other parts of the server ask for is the one that is shown', async () => {
  const actor = { workspaceId: 1, userId: ben.user.id, level: 'employer' } as StaffActor;
  const service = system.app.get(AnalyticsService, { strict: false });
  expect(await service.summary(actor)).toEqual(await summaryOf(ben));
});
