import type { AccessLevel } from '../../src/common/access-level';
import { CONVERSATION_STATUSES, type ConversationStatus } from '../../src/conversations/conversations.types';
import { giveToSomebodyElse, openConversation } from '../support/crm';
import { Desk } from '../support/desk';
import { eventually } from '../support/eventually';
import { type Caller, TestSystem } from '../support/system';

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

const conversationIn = (
  status: ConversationStatus,
  assignedUser: number | null = status === 'queue' ? null : ana.user.id,
): Promise<number> => desk.conversationIn(status, assignedUser);

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
      expect(await desk.eventsOf(byEmployer)).toEqual([
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
      integration_id: desk.integrationId,
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
    expect(await desk.eventsOf(answer)).toEqual([
      'conversation:status_changed',
      'conversation:read',
      'conversation:unread_reset',
      'conversation:updated',
    ]);
  });

  test('of the priority alone is an update', async () => {
    const id = await conversationIn('active');
    expect(await desk.eventsOf(await ana.patch(`/conversations/${id}`, { priority: 'urgent' }))).toEqual([
      'conversation:updated',
    ]);
  });

  test('of the read mark does what its own routes do', async () => {
    const id = await openConversation(system);
    await ana.patch(`/conversations/${id}`, { read: true });
    const answer = await ana.patch(`/conversations/${id}`, { read: false });
    expect(answer.body).toMatchObject({ read: false, unread_count: 1 });
    expect(await desk.eventsOf(answer)).toEqual(['conversation:unread', 'conversation:updated']);
  });

  test('to read shows the customer that it was read', async () => {
    const before = system.meta.readMarks.length;
    await ana.patch(`/conversations/${await openConversation(system)}`, { read: true, priority: 'low' });
    await eventually(() => system.meta.readMarks.length === before + 1, { what: 'the mark' });
  });

  test('to what is so already is no change', async () => {
    const id = await conversationIn('active');
    const {
      window: _window,
      contact_tags: _tags,
      tags: _own,
      rating: _rating,
      ...before
    } = (await ana.get(`/conversations/${id}`)).body;
    for (const same of [{}, { status: 'active' }, { priority: 'normal', read: true }])
      expect(await ana.patch(`/conversations/${id}`, same)).toMatchObject({ status: 200, body: before });
    expect(await desk.heardOf(id)).toEqual(['conversation:new']);
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
