import { Client } from 'pg';
import { newWamid } from '../../simulator/identifiers';
import { eventually } from '../support/eventually';
import { TestSystem } from '../support/system';
import {
  connectNumber,
  deliver,
  eventsOf,
  inSeconds,
  message,
  status,
  storedMessages,
  stranger,
  wamidOf,
} from '../support/webhooks';

let system: TestSystem;
/** A conversation to put messages of ours into. */
let conversationId: number;

beforeAll(async () => {
  system = await TestSystem.start();
  conversationId = await aConversation();
});
afterAll(() => system.stop());

const START = inSeconds(-1_000);
const STATES = ['sent', 'delivered', 'read', 'failed'] as const;
type State = (typeof STATES)[number];
/** When each is said to have happened: seconds after {@link START}. */
const AT: Record<State, number> = { sent: 1, failed: 2, delivered: 3, read: 4 };
const ORDERS = permutationsOf([...STATES]);
const SUBSETS = STATES.flatMap((_, i) => ORDERS.map((order) => order.slice(0, i + 1)));

function permutationsOf<T>(items: T[]): T[][] {
  if (items.length <= 1) return [items];
  return items.flatMap((item, i) => permutationsOf(items.toSpliced(i, 1)).map((rest) => [item, ...rest]));
}

interface DeliveryRow {
  state: string;
  sent: number | null;
  delivered: number | null;
  read: number | null;
  failed: number | null;
  code: number | null;
}

/** What is true once all of these were reported, told without their order. */
function truthOf(states: readonly State[]): DeliveryRow {
  const has = (state: State): boolean => states.includes(state);
  const first = (...of: State[]): number | null =>
    of.filter(has).reduce<number | null>((least, s) => Math.min(least ?? Infinity, AT[s]), null);
  const state = (['read', 'delivered', 'failed', 'sent'] as const).find(has)!;
  return {
    state,
    sent: first('sent', 'delivered', 'read'),
    delivered: first('delivered', 'read'),
    read: first('read'),
    failed: first('failed'),
    code: state === 'failed' ? 131_026 : null,
  };
}

async function aConversation(): Promise<number> {
  const item = message(stranger(), 'hello');
  await deliver(system, item);
  return (await storedMessages(system, [wamidOf(item)]))[0]!.conversation_id;
}

/** Messages of ours, as they stand after the call to Graph; without wamid, its answer was lost. */
async function ours(wamids: (string | null)[], conversation = conversationId): Promise<number[]> {
  const rows = await system.sql<{ id: number }>(
    `insert into message (workspace_id, conversation_id, sender_type, whatsapp_message_id, whatsapp_status)
     select 1, $1, 'system', wamid, case when wamid is null then 'uncertain' else 'sent' end
     from unnest($2::text[]) with ordinality as w(wamid, place) order by place returning id`,
    [conversation, wamids],
  );
  return rows.map((row) => row.id);
}

async function deliveriesOf(ids: number[]): Promise<DeliveryRow[]> {
  const since = (column: string): string => `(extract(epoch from ${column}) - ${START})::int`;
  return await system.sql<DeliveryRow>(
    `select whatsapp_status as state, ${since('sent_at')} as sent, ${since('delivered_at')} as delivered,
       ${since('read_at')} as read, ${since('failed_at')} as failed, error_code as code
     from message where id = any ($1) order by id`,
    [ids],
  );
}

const report = (wamid: string, state: State, callback?: number) =>
  status(wamid, state, {
    at: START + AT[state],
    extra: {
      ...(state === 'failed' ? { errors: [{ code: 131_026, title: 'Message undeliverable' }] } : {}),
      ...(callback === undefined ? {} : { biz_opaque_callback_data: `apicechat:${callback}` }),
    },
  });

/** The first report of every message in one webhook, then all second ones, and so on; each webhook twice. */
async function reportAll(
  wamids: string[],
  orders: readonly (readonly State[])[],
  callbacks?: number[],
): Promise<void> {
  for (let step = 0; step < STATES.length; step++) {
    const items = orders.flatMap((order, i) => {
      const state = order[step];
      return state === undefined ? [] : [report(wamids[i]!, state, callbacks?.[i])];
    });
    const answers = await Promise.all([deliver(system, ...items), deliver(system, ...items)]);
    for (const answer of answers) expect(answer).toMatchObject({ status: 200 });
  }
}

const joinNow = async (): Promise<void> => {
  await system.sql(`update job set run_at = now() where task = 'deliveries.join-early' and held_by is null`);
};

describe('every order of every set of reports ends in the state that is true', () => {
  test('of messages that are known', async () => {
    const wamids = SUBSETS.map(() => newWamid());
    const ids = await ours(wamids);
    await reportAll(wamids, SUBSETS);
    expect(await deliveriesOf(ids)).toEqual(SUBSETS.map((order) => truthOf(order)));
  });

  test('of messages whose answer from Graph was lost: by callback data only', async () => {
    const wamids = SUBSETS.map(() => newWamid());
    const ids = await ours(wamids.map(() => null));
    await reportAll(wamids, SUBSETS, ids);
    expect(await deliveriesOf(ids)).toEqual(SUBSETS.map((order) => truthOf(order)));
    const stored = await system.sql<{ wamid: string }>(
      'select whatsapp_message_id as wamid from message where id = any ($1) order by id',
      [ids],
    );
    expect(stored.map((row) => row.wamid)).toEqual(wamids);
  });

  test('that came before the message was known, joined the moment it is', async () => {
    const wamids = SUBSETS.map(() => newWamid());
    await reportAll(wamids, SUBSETS);
    const ids = await ours(wamids.map(() => null));
    await deliver(system, ...wamids.map((wamid, i) => report(wamid, 'sent', ids[i])));
    expect(await deliveriesOf(ids)).toEqual(SUBSETS.map((order) => truthOf(['sent', ...order])));
    expect(await early(wamids)).toEqual([]);
  });

  test('that came before the row was there, joined by the job where nothing else joins them', async () => {
    const wamids = SUBSETS.map(() => newWamid());
    await reportAll(wamids, SUBSETS);
    const ids = await ours(wamids);
    await joinNow();
    await eventually(async () => (await early(wamids)).length === 0, { what: 'the early reports joined' });
    expect(await deliveriesOf(ids)).toEqual(SUBSETS.map((order) => truthOf(order)));
  });
});

async function early(wamids: string[]): Promise<unknown[]> {
  return await system.sql('select status, at from early_delivery_report where external_id = any ($1)', [
    wamids,
  ]);
}

describe('early reports', () => {
  test('of the same kind in one webhook or two: the earliest counts, with its reason', async () => {
    const wamid = newWamid();
    const failure = (at: number, code: number) =>
      status(wamid, 'failed', { at: START + at, extra: { errors: [{ code, title: 'no' }] } });
    await deliver(system, failure(5, 131_047), failure(2, 131_026), failure(7, 131_000));
    await deliver(system, failure(1, 131_021));
    await deliver(system, failure(9, 131_051));
    const [id] = await ours([null]);
    await deliver(
      system,
      status(wamid, 'sent', { at: START, extra: { biz_opaque_callback_data: `apicechat:${id}` } }),
    );
    expect(await deliveriesOf([id!])).toMatchObject([{ state: 'failed', failed: 1, code: 131_021 }]);
  });

  test('about a message of a customer are kept, and keep nobody busy', async () => {
    const item = message(stranger(), 'hello');
    await deliver(system, item, report(wamidOf(item), 'read'));
    const before = await system.sql(
      'select id, received_at from early_delivery_report where external_id = $1',
      [wamidOf(item)],
    );
    expect(before).toHaveLength(1);
    await joinNow();
    await eventually(
      async () =>
        (
          await system.sql(
            `select 1 from job where task = 'deliveries.join-early' and run_at > now() + '10 s'`,
          )
        ).length === 1,
      { what: 'the job to be done for now' },
    );
    expect(
      await system.sql('select id, received_at from early_delivery_report where external_id = $1', [
        wamidOf(item),
      ]),
    ).toEqual(before);
  });

  test('statuses that overtake the answer to the send', async () => {
    const admin = await system.signIn('admin');
    system.meta.faults.statusesBeforeAnswer = true;
    const sent = await admin.post('/messages', { conversation_id: conversationId, body: 'fast' });
    await eventually(
      async () =>
        (await admin.get(`/messages/${String(sent.body['id'])}`)).body['whatsapp_status'] === 'read',
      { what: 'read' },
    );
    system.meta.faults.statusesBeforeAnswer = false;
    const states = (await eventsOf(system, conversationId))
      .filter((e) => e.type === 'message:status_changed' && e.payload['id'] === sent.body['id'])
      .map((e) => e.payload['whatsapp_status']);
    expect(states).toEqual(['sent', 'delivered', 'read']);
  });
});

describe('callback data is believed only where it can be true', () => {
  test('not of a message that has another id there, nor of a customer’s, nor of one that is not there', async () => {
    const wamid = newWamid();
    const [id] = await ours([wamid]);
    const item = message(stranger(), 'hello');
    await deliver(system, item);
    const [theirs] = await storedMessages(system, [wamidOf(item)]);
    for (const callback of [id!, theirs!.id, 999_999_999])
      expect(await deliver(system, report(newWamid(), 'read', callback))).toMatchObject({ status: 200 });
    expect(await deliveriesOf([id!])).toMatchObject([{ state: 'sent', read: null }]);
    expect((await storedMessages(system, [wamidOf(item)]))[0]).toEqual(theirs);
  });

  test('not of a message of another number, and not of another tenant', async () => {
    const number = await connectNumber(await system.signIn('admin'));
    const tenant = await system.createWorkspace('another-tenant');
    const foreign = await connectNumber(await system.signIn('admin', { workspaceId: tenant.id }));

    const [id] = await ours([null]);
    for (const through of [number, foreign]) {
      const item = { ...report(newWamid(), 'read', id), number: through };
      expect(await deliver(system, item)).toMatchObject({ status: 200 });
      expect(await early([wamidOf(item)])).toHaveLength(1);
    }
    expect(await deliveriesOf([id!])).toMatchObject([{ state: 'uncertain', read: null }]);
    await deliver(system, report(newWamid(), 'read', id));
    expect(await deliveriesOf([id!])).toMatchObject([{ state: 'read' }]);
  });
});

test('a failure with an absurd code, no code or no errors at all is a failure with words', async () => {
  const codes = [
    [{ code: 1e30, title: 'x' }],
    [{ code: 1.5 }],
    [{ code: -1 }],
    [{ title: 'no code' }],
    [],
    null,
  ];
  const wamids = codes.map(() => newWamid());
  const ids = await ours(wamids);
  const items = wamids.map((wamid, i) => status(wamid, 'failed', { extra: { errors: codes[i] } }));
  expect(await deliver(system, ...items)).toMatchObject({ status: 200 });
  const rows = await system.sql<{ whatsapp_status: string; error_reason: string }>(
    'select whatsapp_status, error_reason from message where id = any ($1)',
    [ids],
  );
  for (const row of rows) {
    expect(row.whatsapp_status).toBe('failed');
    expect(row.error_reason).toMatch(/\w/);
  }
});

test('several reports of one webhook are one event, with the state at the end; none that tells nothing new is', async () => {
  const conversation = await aConversation();
  const wamid = newWamid();
  await ours([wamid], conversation);
  await deliver(system, report(wamid, 'read'), report(wamid, 'sent'), report(wamid, 'delivered'));
  await deliver(system, report(wamid, 'sent'), report(wamid, 'read'));
  const events = (await eventsOf(system, conversation)).filter((e) => e.type === 'message:status_changed');
  expect(events.map((e) => e.payload['whatsapp_status'])).toEqual(['read']);
});

describe('a report while its conversation is being changed', () => {
  let agent: Client;
  beforeEach(async () => {
    agent = new Client({ connectionString: system.databaseUrl });
    await agent.connect();
    await agent.query('begin');
  });
  afterEach(() => agent.end());

  const reportWaits = async (): Promise<void> => {
    const waiting = () => system.sql('select 1 from pg_locks where not granted');
    await eventually(async () => (await waiting()).length > 0, { what: 'the report to wait for the agent' });
  };

  test('is told to who has the conversation afterwards', async () => {
    const conversation = await aConversation();
    const wamid = newWamid();
    await ours([wamid], conversation);
    const { user } = await system.signIn('employer');
    await agent.query('update conversation set assigned_user = $2 where id = $1', [conversation, user.id]);

    const answer = deliver(system, report(wamid, 'read'));
    await reportWaits();
    await agent.query('commit');

    expect(await answer).toMatchObject({ status: 200 });
    const events = (await eventsOf(system, conversation)).filter((e) => e.type === 'message:status_changed');
    expect(events.map((e) => e.audience)).toEqual([[user.id]]);
  });

  test('waits in the order of the conversations, as all do: nobody ever waits in a circle', async () => {
    const [lower, higher] = [await aConversation(), await aConversation()];
    const wamids = [newWamid(), newWamid()];
    await ours([wamids[0]!], higher);
    await ours([wamids[1]!], lower);
    const lock = 'select from conversation where id = $1 for no key update nowait';
    await agent.query(lock, [lower]);

    const answer = deliver(system, ...wamids.map((wamid) => report(wamid, 'read')));
    await reportWaits();
    await agent.query(lock, [higher]);
    await agent.query('commit');

    expect(await answer).toMatchObject({ status: 200 });
  });
});
