import { ask, giveToSomebodyElse, membersOf, openConversation, streamed } from '../support/crm';
import { Desk } from '../support/desk';
import { eventually } from '../support/eventually';
import { type Caller, TestSystem } from '../support/system';

let system: TestSystem;
let admin: Caller;
let supervisor: Caller;
let ana: Caller;
let ben: Caller;
let desk: Desk;

beforeAll(async () => {
  system = await TestSystem.start();
  admin = await system.signIn('admin');
  supervisor = await system.signIn('supervisor');
  ana = await system.signIn('employer', { username: 'ana' });
  ben = await system.signIn('employer', { username: 'ben' });
  desk = await Desk.of(system, admin);
});
afterAll(() => system.stop());

describe('a conversation made by staff', () => {
  test('waits in the queue and is told to everybody', async () => {
    const answer = await desk.create(ana);
    expect(answer.body).toMatchObject({
      channel: 'whatsapp',
      integration_id: desk.integrationId,
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
    expect(await desk.eventsOf(answer, 201)).toEqual(['conversation:new']);
    expect((await ben.get(`/conversations/${String(answer.body['id'])}`)).status).toBe(200);
  });

  test('is somebody’s at once where they are named', async () => {
    const answer = await desk.create(ana, { assigned_user: ben.user.id, priority: 'urgent' });
    expect(answer.body).toMatchObject({ status: 'active', assigned_user: ben.user.id, priority: 'urgent' });
    expect(await desk.eventsOf(answer, 201)).toEqual(['conversation:new', 'conversation:assigned']);
    expect((await desk.create(ana, { assigned_bot: desk.botId })).body).toMatchObject({
      status: 'active',
      assigned_bot: desk.botId,
    });
  });

  test('is the only open one of a contact and number; who may see the other is told which', async () => {
    const { body: first } = await desk.create(admin);
    const again = { contact_id: first['contact_id'], integration_id: desk.integrationId };
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
    const body = { contact_id: await desk.newContact(), integration_id: desk.integrationId };
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
    ['a user and a bot', () => ({ assigned_user: ana.user.id, assigned_bot: desk.botId })],
    ['an unknown priority', () => ({ priority: 'medium' })],
    ['null as priority', () => ({ priority: null })],
    ['an id that is a text', () => ({ contact_id: '1' })],
    ['an id past what can be held', () => ({ contact_id: 2 ** 60 })],
    ['a status', () => ({ status: 'closed' })],
  ])('is refused with %s, and nothing is stored', async (_what, change) => {
    const [before] = await system.sql('select count(*) from conversation');
    const answer = await desk.create(admin, change());
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
      integration_id: desk.integrationId,
    });
    await system.meta.customerSays({ phone, name: 'Dora' }, 'hello');
    await eventually(
      async () => (await admin.get(`/conversations/${String(made.body['id'])}`)).body['unread_count'] === 1,
      { what: 'the message' },
    );
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
    await desk.create(admin);
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
  expect(
    (await ana.get(`/conversations/${String((await desk.create(ana)).body['id'])}`)).body['window'],
  ).toEqual({
    open: false,
    expires_at: null,
    allowed: ['template'],
  });
});
