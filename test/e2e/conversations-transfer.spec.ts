import { ConversationsService } from '../../src/conversations/conversations.service';
import type { StaffActor } from '../../src/common/actor';
import { UnitOfWork } from '../../src/platform/database/unit-of-work';
import { openConversation, streamed } from '../support/crm';
import { eventually } from '../support/eventually';
import { type Answer, type Caller, TestSystem } from '../support/system';

let system: TestSystem;
let admin: Caller;
let supervisor: Caller;
let ana: Caller;
let ben: Caller;
let botId: number;

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
});
afterAll(() => system.stop());

async function conversationOfAna(): Promise<number> {
  const id = await openConversation(system);
  expect((await ana.patch(`/conversations/${id}/assign`)).status).toBe(200);
  return id;
}

const transfer = (caller: Caller, id: number, body: object): Promise<Answer> =>
  caller.patch(`/conversations/${id}/transfer`, body);

test.each(['patch', 'post'] as const)(
  'whoever has a conversation hands it on, with a note for who gets it (%s)',
  async (method) => {
    const id = await conversationOfAna();
    const ofBen = await system.listen(ben);
    const answer = await ana[method](`/conversations/${id}/transfer`, {
      assigned_user: ben.user.id,
      note: 'She wants her money back.',
    });
    expect(answer).toMatchObject({
      status: 200,
      body: { status: 'transferred', assigned_user: ben.user.id, transfer_note: 'She wants her money back.' },
    });
    await eventually(() => ofBen.of('conversation:assigned').length === 1, { what: 'the news' });
    expect(ofBen.of('conversation:assigned')[0]!.payload).toEqual(answer.body);
    expect((await ana.get(`/conversations/${id}`)).status).toBe(404);
    expect((await ben.get(`/conversations/${id}`)).body).toMatchObject(answer.body);
  },
);

test('what was unread stays unread for who gets it', async () => {
  const id = await openConversation(system);
  const answer = await transfer(supervisor, id, { assigned_user: ana.user.id });
  expect(answer.body).toMatchObject({ status: 'transferred', unread_count: 1, read: false });
});

test('the note stays until the conversation changes hands again', async () => {
  const id = await conversationOfAna();
  await transfer(ana, id, { assigned_user: ben.user.id, note: 'for ben' });
  const accepted = await ben.patch(`/conversations/${id}`, { status: 'active' });
  expect(accepted.body).toMatchObject({ status: 'active', transfer_note: 'for ben' });
  expect((await ben.patch(`/conversations/${id}/assign`)).body).toMatchObject({ transfer_note: 'for ben' });
  expect((await transfer(ben, id, { assigned_bot: botId })).body).toMatchObject({
    assigned_bot: botId,
    assigned_user: null,
    transfer_note: null,
  });
  await transfer(admin, id, { assigned_user: ben.user.id, note: 'again' });
  expect((await ben.patch(`/conversations/${id}/unassign`)).body).toMatchObject({ transfer_note: null });
});

test('an employer hands on what is theirs only; supervisors anything', async () => {
  const nobodys = await openConversation(system);
  const bots = await openConversation(system);
  await admin.patch(`/conversations/${bots}/assign`, { assigned_bot: botId });
  for (const id of [nobodys, bots]) {
    const before = (await admin.get(`/conversations/${id}`)).body;
    expect(await transfer(ana, id, { assigned_user: ben.user.id })).toMatchObject({
      status: 403,
      body: { code: 'FORBIDDEN' },
    });
    expect((await admin.get(`/conversations/${id}`)).body).toEqual(before);
    expect((await transfer(supervisor, id, { assigned_user: ben.user.id })).status).toBe(200);
    expect(await transfer(ana, id, { assigned_user: ana.user.id })).toMatchObject({ status: 404 });
  }
});

test.each([
  ['nobody', () => ({})],
  ['a user and a bot', () => ({ assigned_user: ben.user.id, assigned_bot: botId })],
  ['a user who is none', () => ({ assigned_user: 999_999 })],
  ['a bot that is none', () => ({ assigned_bot: 999_999 })],
  ['null', () => ({ assigned_user: null })],
  ['an empty note', () => ({ assigned_user: ben.user.id, note: '' })],
  ['a note of blanks', () => ({ assigned_user: ben.user.id, note: '  ' })],
  ['a note too long', () => ({ assigned_user: ben.user.id, note: 'x'.repeat(1001) })],
  ['a note with NUL', () => ({ assigned_user: ben.user.id, note: 'a\0b' })],
  ['a note with half a character', () => ({ assigned_user: ben.user.id, note: '\ud83d' })],
  ['a reason', () => ({ assigned_user: ben.user.id, reason: 'x' })],
])('a transfer to %s is refused', async (_what, body) => {
  const id = await conversationOfAna();
  expect(await transfer(ana, id, body())).toMatchObject({
    status: 400,
    body: { code: 'VALIDATION_FAILED' },
  });
  expect((await ana.get(`/conversations/${id}`)).body).toMatchObject({
    status: 'active',
    assigned_user: ana.user.id,
  });
});

test('a transfer to who has it already, or of a closed conversation, is a conflict', async () => {
  const id = await conversationOfAna();
  expect(await transfer(ana, id, { assigned_user: ana.user.id })).toMatchObject({
    status: 409,
    body: { code: 'CONFLICT' },
  });
  await ana.patch(`/conversations/${id}`, { status: 'closed' });
  expect(await transfer(ana, id, { assigned_user: ben.user.id })).toMatchObject({
    status: 409,
    body: { code: 'CONVERSATION_CLOSED' },
  });
});

describe('somebody who leaves', () => {
  /** What deactivating a user does, from within one unit of work. */
  async function release(userId: number): Promise<number> {
    const actor: StaffActor = {
      kind: 'staff',
      workspaceId: 1,
      userId: admin.user.id,
      username: admin.user.username,
      name: 'Admin',
      role: 'admin',
      level: 'admin',
      sessionId: '',
    };
    const service = system.app.get(ConversationsService, { strict: false });
    return await system.app.get(UnitOfWork, { strict: false }).run(actor, async (tx) => {
      await tx.query('update users set deactivated_at = now() where id = $1', [userId]);
      return await service.releaseOf(actor, userId);
    });
  }

  test('leaves their open conversations to all, each told and recorded, and keeps the closed ones', async () => {
    const leaver = await system.signIn('employer');
    const ids = [
      await openConversation(system),
      await openConversation(system),
      await openConversation(system),
    ];
    for (const id of ids) await admin.patch(`/conversations/${id}/assign`, { assigned_user: leaver.user.id });
    const closed = ids.pop()!;
    await admin.patch(`/conversations/${closed}`, { status: 'closed' });
    const ofBen = await system.listen(ben);

    expect(await release(leaver.user.id)).toBe(2);

    await eventually(() => streamed(ofBen).length === 2, { what: 'the news' });
    for (const id of ids) {
      expect(ofBen.of('conversation:assigned').map((h) => h.payload['id'])).toContain(id);
      expect((await ben.get(`/conversations/${id}`)).body).toMatchObject({
        status: 'queue',
        assigned_user: null,
      });
      const { body } = await admin.get<{ data: object[] }>(`/conversations/${id}/audit?limit=1`);
      expect(body.data).toMatchObject([
        {
          action: 'conversation.unassign',
          user_id: admin.user.id,
          details: { from: { assigned_user: leaver.user.id }, to: { assigned_user: null, status: 'queue' } },
        },
      ]);
    }
    expect((await admin.get(`/conversations/${closed}`)).body).toMatchObject({
      assigned_user: leaver.user.id,
    });
    expect(await release(leaver.user.id)).toBe(0);
  });

  test('is given no conversation from that moment on, not even at that moment', async () => {
    const leaver = await system.signIn('employer');
    const ids = await Promise.all(Array.from({ length: 8 }, () => openConversation(system)));
    const given = ids.map((id) =>
      admin.patch(`/conversations/${id}/assign`, { assigned_user: leaver.user.id }),
    );
    await release(leaver.user.id);
    const answers = await Promise.all(given);
    for (const answer of answers) expect([200, 400]).toContain(answer.status);
    expect(
      await system.sql(
        `select id from conversation where assigned_user = $1 and status in ('queue', 'active', 'transferred')`,
        [leaver.user.id],
      ),
    ).toEqual([]);
    const id = await openConversation(system);
    for (const action of ['assign', 'transfer'])
      expect(
        await admin.patch(`/conversations/${id}/${action}`, { assigned_user: leaver.user.id }),
      ).toMatchObject({ status: 400, body: { code: 'VALIDATION_FAILED' } });
  });
});
