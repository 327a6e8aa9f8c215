import { Client } from 'pg';
import { AnalyticsService } from '../../src/analytics/analytics.service';
import type {
  AgentsReport,
  ResolutionReport,
  ResponseTimesReport,
  SummaryDto,
  TimesDto,
  VolumeReport,
} from '../../src/analytics/analytics.types';
import type { StaffActor } from '../../src/common/actor';
import { giveToBot, makeBot } from '../support/bots';
import { eventually } from '../support/eventually';
import { conversationOf, newPhone, reply } from '../support/sending';
import { type Caller, TestSystem } from '../support/system';

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

const meanOf = ({ count, average_seconds }: TimesDto): object => ({ count, average_seconds });
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
    first_response: meanOf(first),
    later_responses: meanOf(later),
    resolution: meanOf(resolution.time),
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

test('of a conversation whose only unread message is deleted nothing is unread', async () => {
  const before = (await summaryOf(admin)).unread_conversations;
  const id = await conversationOf(system, newPhone());
  const isUnread = async (count: number): Promise<boolean> =>
    (await summaryOf(admin)).unread_conversations === before + count;
  await eventually(() => isUnread(1), { what: 'the unread one' });
  const [message] = await system.sql<{ id: number }>('select id from message where conversation_id = $1', [
    id,
  ]);
  expect((await admin.delete(`/messages/${message!.id}`)).status).toBe(204);
  await eventually(() => isUnread(0), { what: 'nothing unread' });
});

test('what another workspace does is not counted here, and the other way round', async () => {
  const other = await system.createWorkspace('elsewhere');
  const theirs = await system.signIn('admin', { workspaceId: other.id });
  expect((await summaryOf(theirs)).total_conversations).toBe(0);
  expect((await read<AgentsReport>(theirs, 'agents')).data).toEqual([]);
  expect((await read<VolumeReport>(theirs, `volume?user_id=${ana.user.id}`)).totals.outbound_people).toBe(0);
});

test('the summary that other parts of the server ask for is the one that is shown', async () => {
  const actor = { workspaceId: 1, userId: ben.user.id, level: 'employer' } as StaffActor;
  const service = system.app.get(AnalyticsService, { strict: false });
  expect(await service.summary(actor)).toEqual(await summaryOf(ben));
});
