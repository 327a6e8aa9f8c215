import { isDeepStrictEqual } from 'node:util';
import type { AccessLevel } from '../../src/common/access-level';
import { CONVERSATION_STATUSES, type ConversationStatus } from '../../src/conversations/conversations.types';
import {
  ask,
  giveToSomebodyElse,
  integrationOf,
  membersOf,
  openConversation,
  streamed,
} from '../support/crm';
import { eventually } from '../support/eventually';
import { type Answer, type Caller, type Heard, type Listener, TestSystem } from '../support/system';

/** As docs/conversations.md has it. */
const STEPS: Record<ConversationStatus, Partial<Record<ConversationStatus, AccessLevel>>> = {
  queue: { closed: 'employer' },
  active: { closed: 'employer' },
  transferred: { active: 'employer', closed: 'employer' },
  closed: { queue: 'employer', active: 'employer', archived: 'supervisor' },
  archived: { closed: 'supervisor' },
};

let system: TestSystem;
let admin: Caller;
let supervisor: Caller;
let ana: Caller;
let ben: Caller;
let botId: number;
let integrationId: number;
let listener: Listener;

beforeAll(async () => {
  system = await TestSystem.start();
  admin = await system.signIn('admin');
  supervisor = await system.signIn('supervisor');
  ana = await system.signIn('employer', { username: 'ana' });
  ben = await system.signIn('employer', { username: 'ben' });
  const [bot] = await system.sql<{ id: string }>(
    `insert into bot (workspace_id, name) values (1, 'Bot') returning id`,
  );
  botId = Number(bot!.id);
  integrationId = await integrationOf(system, { id: 1, admin });
  listener = await system.listen(admin);
});
afterAll(() => system.stop());

async function newContact(): Promise<number> {
  const [row] = await system.sql<{ id: string }>(
    `insert into contact (workspace_id, external_id, name) values (1, gen_random_uuid()::text, 'Carla') returning id`,
  );
  return Number(row!.id);
}

async function create(caller: Caller, more: object = {}): Promise<Answer> {
  return await caller.post('/conversations', {
    contact_id: await newContact(),
    integration_id: integrationId,
    ...more,
  });
}

/** A conversation in a state that the API may not lead to directly. */
async function conversationIn(
  status: ConversationStatus,
  assignedUser: number | null = status === 'queue' ? null : ana.user.id,
): Promise<number> {
  const id = Number((await create(admin)).body['id']);
  await system.sql('update conversation set status = $2, assigned_user = $3 where id = $1', [
    id,
    status,
    assignedUser,
  ]);
  return id;
}

const telling = (body: object): Heard[] =>
  streamed(listener).filter((h) => isDeepStrictEqual(h.payload, body));

/** The names of the events that tell the very state which a call answered. */
async function eventsOf(answer: Answer, status = 200): Promise<string[]> {
  expect([answer.status, answer.body]).toEqual([status, answer.body]);
  await eventually(() => telling(answer.body).length > 0, { what: 'an event' });
  return telling(answer.body).map((h) => h.event);
}

/** Everything that was announced before the answer to a later change. */
async function heardOf(id: number): Promise<string[]> {
  const witness = await conversationIn('queue');
  await admin.patch(`/conversations/${witness}`, { priority: 'high' });
  await eventually(
    () => streamed(listener).some((h) => h.payload['id'] === witness && h.event.endsWith('updated')),
    {
      what: 'the witness',
    },
  );
  return streamed(listener)
    .filter((h) => h.payload['id'] === id)
    .map((h) => h.event);
}

describe('a conversation made by staff', () => {
  test('waits in the queue and is told to everybody', async () => {
    const answer = await create(ana);
    expect(answer.body).toMatchObject({
      channel: 'whatsapp',
      integration_id: integrationId,
      contact: { name: 'Carla' },
      status: 'queue',
      priority: 'normal',
      assigned_user: null,
      assigned_bot: null,
      transfer_note: null,
      unread_count: 0,
      read: true,
      last_message: null,
      last_message_at: null,
      window_expires_at: null,
    });
    expect(await eventsOf(answer, 201)).toEqual(['conversation:new']);
    expect((await ben.get(`/conversations/${String(answer.body['id'])}`)).status).toBe(200);
  });

  test('is somebody’s at once where they are named', async () => {
    const answer = await create(ana, { assigned_user: ben.user.id, priority: 'urgent' });
    expect(answer.body).toMatchObject({ status: 'active', assigned_user: ben.user.id, priority: 'urgent' });
    expect(await eventsOf(answer, 201)).toEqual(['conversation:new', 'conversation:assigned']);
    expect((await create(ana, { assigned_bot: botId })).body).toMatchObject({
      status: 'active',
      assigned_bot: botId,
    });
  });

  test('is the only open one of a contact and number; who may see the other is told which', async () => {
    const { body: first } = await create(admin);
    const again = { contact_id: first['contact_id'], integration_id: integrationId };
    expect(await ana.post('/conversations', again)).toMatchObject({
      status: 409,
      body: { code: 'CONFLICT', details: { conversation_id: first['id'] } },
    });
    await giveToSomebodyElse(system, Number(first['id']));
    const hidden = await ana.post('/conversations', again);
    expect(hidden).toMatchObject({ status: 409, body: { code: 'CONFLICT' } });
    expect(hidden.body).not.toHaveProperty('details');
    await system.sql(`update conversation set status = 'closed' where id = $1`, [first['id']]);
    expect((await ana.post('/conversations', again)).status).toBe(201);
  });

  test('is one, also where ten ask at the same moment', async () => {
    const body = { contact_id: await newContact(), integration_id: integrationId };
    const answers = await Promise.all(Array.from({ length: 10 }, () => admin.post('/conversations', body)));
    expect(answers.filter((a) => a.status === 201)).toHaveLength(1);
    expect(answers.filter((a) => a.status === 409)).toHaveLength(9);
  });

  test.each([
    ['no contact', () => ({ contact_id: undefined })],
    ['a contact that is none', () => ({ contact_id: 999_999 })],
    ['a number that is none', () => ({ integration_id: 999_999 })],
    ['no number', () => ({ integration_id: null })],
    ['a user who is none', () => ({ assigned_user: 999_999 })],
    ['a bot that is none', () => ({ assigned_bot: 999_999 })],
    ['a user and a bot', () => ({ assigned_user: ana.user.id, assigned_bot: botId })],
    ['an unknown priority', () => ({ priority: 'medium' })],
    ['null as priority', () => ({ priority: null })],
    ['an id that is a text', () => ({ contact_id: '1' })],
    ['an id past what can be held', () => ({ contact_id: 2 ** 60 })],
    ['a status', () => ({ status: 'closed' })],
  ])('is refused with %s, and nothing is stored', async (_what, change) => {
    const [before] = await system.sql('select count(*) from conversation');
    const answer = await create(admin, change());
    expect(answer).toMatchObject({ status: 400, body: { code: 'VALIDATION_FAILED' } });
    expect(await system.sql('select count(*) from conversation')).toEqual([before]);
  });

  test('takes an inbound message of the customer', async () => {
    const phone = '5511988880001';
    const [contact] = await system.sql<{ id: string }>(
      `insert into contact (workspace_id, external_id, phone_number) values (1, $1::text, '+' || $1::text) returning id`,
      [phone],
    );
    await system.sql(
      `insert into contact_identity (workspace_id, scheme, value, contact_id) values (1, 'whatsapp_phone', $1, $2)`,
      [phone, contact!.id],
    );
    const made = await admin.post('/conversations', {
      contact_id: Number(contact!.id),
      integration_id: integrationId,
    });
    await system.meta.customerSays({ phone, name: 'Dora' }, 'hello');
    await eventually(
      async () => (await admin.get(`/conversations/${String(made.body['id'])}`)).body['unread_count'] === 1,
      { what: 'the message' },
    );
  });
});

describe('the workflow', () => {
  const steps = CONVERSATION_STATUSES.flatMap((from) =>
    CONVERSATION_STATUSES.filter((to) => to !== from).map((to) => [from, to] as const),
  );

  test.each(steps)('from %s to %s', async (from, to) => {
    const level = STEPS[from][to];
    const id = await conversationIn(from);
    const before = await admin.get(`/conversations/${id}`);

    const byEmployer = await ana.patch(`/conversations/${id}`, { status: to });

    if (level === 'employer') {
      expect(byEmployer).toMatchObject({ status: 200, body: { status: to } });
      expect(await eventsOf(byEmployer)).toEqual([
        ...(to === 'queue' ? ['conversation:assigned'] : []),
        'conversation:status_changed',
        'conversation:updated',
      ]);
      return;
    }
    expect(byEmployer).toMatchObject(
      level === undefined
        ? {
            status: 409,
            body: { code: 'CONFLICT', details: { from, to, possible: Object.keys(STEPS[from]) } },
          }
        : { status: 403, body: { code: 'FORBIDDEN' } },
    );
    expect((await admin.get(`/conversations/${id}`)).body).toEqual(before.body);
    const bySupervisor = await supervisor.patch(`/conversations/${id}`, { status: to });
    expect(bySupervisor.status).toBe(level === undefined ? 409 : 200);
  });

  test('closed, a conversation stays with whose it was and in nobody else’s sight', async () => {
    const id = await conversationIn('active');
    expect((await ana.patch(`/conversations/${id}`, { status: 'closed' })).body).toMatchObject({
      status: 'closed',
      assigned_user: ana.user.id,
    });
    expect((await ana.get(`/conversations/${id}`)).status).toBe(200);
    expect((await ben.get(`/conversations/${id}`)).status).toBe(404);
    expect(await ben.patch(`/conversations/${id}`, { status: 'active' })).toMatchObject({ status: 404 });
  });

  test('reopened as active it is theirs again, into the queue it is nobody’s', async () => {
    const id = await conversationIn('closed');
    expect((await ana.patch(`/conversations/${id}`, { status: 'active' })).body).toMatchObject({
      status: 'active',
      assigned_user: ana.user.id,
    });
    await ana.patch(`/conversations/${id}`, { status: 'closed' });
    expect((await supervisor.patch(`/conversations/${id}`, { status: 'queue' })).body).toMatchObject({
      status: 'queue',
      assigned_user: null,
    });
    expect((await ben.get(`/conversations/${id}`)).status).toBe(200);
  });

  test('nobody’s cannot be reopened as active', async () => {
    const id = await conversationIn('closed', null);
    expect(await ana.patch(`/conversations/${id}`, { status: 'active' })).toMatchObject({
      status: 409,
      body: { code: 'CONFLICT' },
    });
  });

  test('it is not reopened for somebody who has left', async () => {
    const leaver = await system.signIn('employer');
    const id = await conversationIn('closed', leaver.user.id);
    await system.sql('update users set deactivated_at = now() where id = $1', [leaver.user.id]);
    expect(await admin.patch(`/conversations/${id}`, { status: 'active' })).toMatchObject({
      status: 409,
      body: { code: 'CONFLICT' },
    });
    expect((await admin.patch(`/conversations/${id}`, { status: 'queue' })).status).toBe(200);
  });

  test('it is not reopened beside another open one of the contact, which is named to who may see that', async () => {
    const id = await conversationIn('closed');
    const { body: old } = await admin.get(`/conversations/${id}`);
    const { body: open } = await admin.post('/conversations', {
      contact_id: old['contact_id'],
      integration_id: integrationId,
    });
    expect(await ana.patch(`/conversations/${id}`, { status: 'active', priority: 'high' })).toMatchObject({
      status: 409,
      body: { code: 'CONFLICT', details: { conversation_id: open['id'] } },
    });
    expect((await ana.get(`/conversations/${id}`)).body).toEqual(old);
    await giveToSomebodyElse(system, Number(open['id']));
    expect((await ana.patch(`/conversations/${id}`, { status: 'active' })).body).not.toHaveProperty(
      'details',
    );
  });

  test('a message after the closing opens a new conversation', async () => {
    const phone = '5511988880002';
    const says = async (): Promise<number[]> => {
      await system.meta.customerSays({ phone, name: 'Eva' }, 'hello');
      const rows = await system.sql<{ id: string }>(
        `select c.id from conversation c join contact k on k.id = c.contact_id where k.phone_number = '+' || $1::text order by c.id`,
        [phone],
      );
      return rows.map((row) => Number(row.id));
    };
    const [first] = await says();
    await admin.patch(`/conversations/${first}`, { status: 'closed' });
    const both = await says();
    expect(both).toHaveLength(2);
    expect((await admin.get(`/conversations/${both[1]}`)).body).toMatchObject({
      status: 'queue',
      unread_count: 1,
    });
  });
});

describe('a change', () => {
  test('of several things at once is told once each', async () => {
    const id = await openConversation(system);
    const answer = await ana.patch(`/conversations/${id}`, { status: 'closed', priority: 'low', read: true });
    expect(answer.body).toMatchObject({ status: 'closed', priority: 'low', read: true, unread_count: 0 });
    expect(await eventsOf(answer)).toEqual([
      'conversation:status_changed',
      'conversation:read',
      'conversation:unread_reset',
      'conversation:updated',
    ]);
  });

  test('of the priority alone is an update', async () => {
    const id = await conversationIn('active');
    expect(await eventsOf(await ana.patch(`/conversations/${id}`, { priority: 'urgent' }))).toEqual([
      'conversation:updated',
    ]);
  });

  test('of the read mark does what its own routes do', async () => {
    const id = await openConversation(system);
    await ana.patch(`/conversations/${id}`, { read: true });
    const answer = await ana.patch(`/conversations/${id}`, { read: false });
    expect(answer.body).toMatchObject({ read: false, unread_count: 1 });
    expect(await eventsOf(answer)).toEqual(['conversation:unread', 'conversation:updated']);
  });

  test('to read shows the customer that it was read', async () => {
    const before = system.meta.readMarks.length;
    await ana.patch(`/conversations/${await openConversation(system)}`, { read: true, priority: 'low' });
    await eventually(() => system.meta.readMarks.length === before + 1, { what: 'the mark' });
  });

  test('to what is so already is no change', async () => {
    const id = await conversationIn('active');
    const { window: _window, contact_tags: _tags, ...before } = (await ana.get(`/conversations/${id}`)).body;
    for (const same of [{}, { status: 'active' }, { priority: 'normal', read: true }])
      expect(await ana.patch(`/conversations/${id}`, same)).toMatchObject({ status: 200, body: before });
    expect(await heardOf(id)).toEqual(['conversation:new']);
  });

  test.each([
    ['an unknown status', { status: 'open' }],
    ['null as status', { status: null }],
    ['an unknown priority', { priority: 'medium' }],
    ['a text as read mark', { read: 'true' }],
    ['another contact', { contact_id: 1 }],
    ['an assignment', { assigned_user: 1 }],
    ['a list', []],
  ])('is refused with %s', async (_what, body) => {
    const id = await conversationIn('active');
    expect(await admin.patch(`/conversations/${id}`, body)).toMatchObject({
      status: 400,
      body: { code: 'VALIDATION_FAILED' },
    });
  });

  test('of what one may not see is a change of nothing that exists', async () => {
    const id = await conversationIn('active');
    const [hidden, missing] = await Promise.all(
      [id, 999_999].map((each) => ben.patch(`/conversations/${each}`, { priority: 'low' })),
    );
    expect({ ...hidden!.body, requestId: '' }).toEqual({ ...missing!.body, requestId: '' });
    expect(hidden!.status).toBe(404);
  });
});

describe('a deleted conversation', () => {
  test('is gone with its messages; those who saw it are told, and out of its room', async () => {
    const id = await openConversation(system);
    await ana.patch(`/conversations/${id}/assign`);
    await ana.post('/messages', { conversation_id: id, body: 'an answer' });
    const ofAna = await system.listen(ana);
    const ofBen = await system.listen(ben);
    await ask(ofAna, 'join:conversation', { conversation_id: id });

    expect(await admin.delete(`/conversations/${id}`)).toMatchObject({ status: 204, body: '' });

    await eventually(() => ofAna.of('conversation:deleted').length === 1, { what: 'the news' });
    expect(ofAna.of('conversation:deleted')[0]!.payload).toEqual({ id });
    expect(membersOf(system, id)).toEqual([]);
    expect((await admin.get(`/conversations/${id}`)).status).toBe(404);
    expect((await admin.delete(`/conversations/${id}`)).status).toBe(404);
    expect(await system.sql('select 1 from message where conversation_id = $1', [id])).toEqual([]);
    await conversationIn('queue');
    await eventually(() => ofBen.of('conversation:new').length > 0, { what: 'what came after' });
    expect(ofBen.of('conversation:deleted')).toEqual([]);
  });

  test('is told afterwards to who was away', async () => {
    const id = await openConversation(system);
    const first = await system.listen(ana);
    const after = String(first.heard[0]!.payload['cursor']);
    first.socket.disconnect();
    await admin.patch(`/conversations/${id}/unread`);
    await admin.delete(`/conversations/${id}`);
    const back = await system.listen(ana, { after });
    // Answers of the tests before this one may still be reported meanwhile.
    const ofIt = streamed(back).filter(({ payload }) =>
      [payload['id'], payload['conversation_id']].includes(id),
    );
    expect(ofIt.map((h) => [h.event, h.payload])).toEqual([['conversation:deleted', { id }]]);
  });

  test('is no trouble for answers that were on their way', async () => {
    const id = await openConversation(system);
    system.meta.faults.latencyMs = { ms: 400, times: 1 };
    for (const body of ['on its way', 'behind it'])
      await admin.post('/messages', { conversation_id: id, body });
    await eventually(
      async () =>
        (
          await system.sql('select 1 from message where conversation_id = $1 and sending_since is not null', [
            id,
          ])
        ).length === 1,
      { what: 'the send' },
    );
    expect((await admin.delete(`/conversations/${id}`)).status).toBe(204);
    await eventually(
      async () => (await system.sql(`select 1 from job where task = 'messages.send'`)).length === 0,
      { what: 'the end of the job' },
    );
    expect(await system.sql('select 1 from job where failed_at is not null')).toEqual([]);
  });

  test.each([['a supervisor', () => supervisor] as const, ['an employer', () => ana] as const])(
    'is not deleted by %s',
    async (_level, caller) => {
      const id = await openConversation(system);
      expect(await caller().delete(`/conversations/${id}`)).toMatchObject({
        status: 403,
        body: { code: 'FORBIDDEN' },
      });
    },
  );
});

test('a conversation shows whether its customer may be answered freely now', async () => {
  const id = await openConversation(system);
  const { window } = (await ana.get(`/conversations/${id}`)).body as { window: { expires_at: string } };
  expect(window).toEqual({ open: true, expires_at: window.expires_at, allowed: ['free_form', 'template'] });
  expect(new Date(window.expires_at).getTime()).toBeGreaterThan(Date.now() + 23 * 3_600_000);
  await system.sql(`update conversation set window_expires_at = now() - interval '1 second' where id = $1`, [
    id,
  ]);
  expect((await ana.get(`/conversations/${id}`)).body['window']).toMatchObject({
    open: false,
    allowed: ['template'],
  });
  expect((await ana.get(`/conversations/${String((await create(ana)).body['id'])}`)).body['window']).toEqual({
    open: false,
    expires_at: null,
    allowed: ['template'],
  });
});
