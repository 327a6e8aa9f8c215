import type {
  AgentsReport,
  ResolutionReport,
  ResponseTimesReport,
  SatisfactionReport,
  VolumeReport,
} from '../../src/analytics/analytics.types';
import { type Caller, TestSystem } from '../support/system';

const REPORTS = ['response-times', 'volume', 'resolution', 'satisfaction'];

let system: TestSystem;
let admin: Caller;
let supervisor: Caller;
let ana: Caller;
let ben: Caller;

beforeAll(async () => {
  system = await TestSystem.start();
  admin = await system.signIn('admin');
  supervisor = await system.signIn('supervisor');
  ana = await system.signIn('employer', { username: 'ana' });
  ben = await system.signIn('employer', { username: 'ben' });
});
afterAll(() => system.stop());

async function read<Body>(caller: Caller, path: string): Promise<Body> {
  const { status, body } = await caller.get<Body & Record<string, unknown>>(`/analytics/${path}`);
  expect([status, body]).toEqual([200, body]);
  return body;
}

describe('a period', () => {
  beforeAll(async () => {
    await system.sql(
      `insert into analytics_day (workspace_id, user_id, day, channel, inbound, outbound_people, outbound_bots, opened, closed, reopened, archived)
       values (1, 0, '2024-02-26', 'app', 10, 5, 1, 4, 2, 1, 1), (1, 0, '2024-02-29', 'app', 3, 2, 0, 1, 2, 0, 0),
              (1, 0, '2024-02-29', 'web', 7, 1, 1, 1, 0, 0, 0), (1, 0, '2024-03-04', 'app', 1, 1, 0, 0, 1, 0, 0),
              (1, 999999, '2024-03-05', 'app', 0, 4, 0, 0, 0, 0, 0)`,
    );
    await system.sql(
      `insert into analytics_day (workspace_id, user_id, day, channel, outbound_people, closed, first_responses, first_response_ms, ratings, rating_sum)
       values (1, $1, '2024-02-29', 'app', 2, 1, 1, 30000, 1, 2), (1, $1, '2024-03-01', 'web', 1, 0, 3, 60000, 0, 0),
              (1, $2, '2024-02-28', 'app', 0, 0, 0, 0, 1, 5)`,
      [ana.user.id, ben.user.id],
    );
    await system.sql(
      `insert into analytics_spread (workspace_id, user_id, measure, day, channel, bucket, count, sum)
       values (1, 0, 'first_response', '2024-02-26', 'app', 9, 4, 150000), (1, 0, 'first_response', '2024-02-29', 'web', 12, 1, 100000),
              (1, 0, 'later_response', '2024-02-29', 'app', 0, 2, 1000), (1, 0, 'resolution', '2024-02-29', 'app', 23, 2, 8000000),
              (1, 0, 'rating', '2024-02-29', 'app', 5, 2, 10), (1, 0, 'rating', '2024-02-29', 'app', 2, 1, 2),
              (1, 0, 'rating', '2024-02-29', 'app', 3, 0, 0)`,
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
    expect(anas.totals).toMatchObject({ inbound: null, outbound_people: 3, closed: 1 });
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
      ['ana', 3, 1, 1, 2],
      ['ben', 0, 0, 1, 5],
      [null, 4, 0, 0, null],
    ]);
    expect(all.data[0]).toMatchObject({
      first_response: { count: 4, average_seconds: 22.5 },
      resolution: { count: 0, average_seconds: null },
    });
    const second = await read<AgentsReport>(supervisor, `agents${PERIOD}&limit=1&page=2`);
    expect(second.data).toEqual(all.data.slice(1, 2));
    const beyond = await read<AgentsReport>(supervisor, `agents${PERIOD}&page=9`);
    expect([beyond.data, beyond.meta.total]).toEqual([[], 3]);
    const onWeb = await read<AgentsReport>(supervisor, `agents${PERIOD}&channel=web`);
    expect(onWeb.data.map((one) => [one.name, one.messages])).toEqual([['ana', 1]]);
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
    'to=2024-13-01',
    'to=0001-01-05',
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
