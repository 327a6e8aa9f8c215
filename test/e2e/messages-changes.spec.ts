import { giveToSomebodyElse, openConversation } from '../support/crm';
import { eventually } from '../support/eventually';
import {
  becomes,
  codeOf,
  conversationOf,
  newPhone,
  reply,
  type Shown,
  shown,
  textsFor,
} from '../support/sending';
import { type Answer, type Caller, type Listener, TestSystem } from '../support/system';

let system: TestSystem;
let admin: Caller;
let supervisor: Caller;
let ana: Caller;
let ben: Caller;
let listener: Listener;

beforeAll(async () => {
  system = await TestSystem.start({ simulator: { statusDelaysMs: { sent: 2, delivered: 6, read: 12 } } });
  admin = await system.signIn('admin');
  supervisor = await system.signIn('supervisor');
  ana = await system.signIn('employer');
  ben = await system.signIn('employer');
  listener = await system.listen(admin);
});
afterAll(() => system.stop());
beforeEach(async () => {
  system.meta.reset();
  await pause(false);
});

/** The number sends nothing, and then again. */
async function pause(paused: boolean): Promise<void> {
  await system.sql(
    `update whatsapp_integration_config set sending_paused_until = $1::timestamptz, sending_paused_reason = $2`,
    [paused ? 'infinity' : null, paused ? 'A test.' : null],
  );
}

/** The number sends again, and what waited is tried at once. */
async function resume(...conversationIds: number[]): Promise<void> {
  await pause(false);
  await system.sql(
    `update job set run_at = now(), held_by = null where task = 'messages.send'
       and (payload->>'conversation_id')::bigint = any ($1)`,
    [conversationIds],
  );
}

async function waiting(...texts: string[]): Promise<{ id: number; phone: string; messages: Shown[] }> {
  const phone = newPhone();
  const id = await conversationOf(system, phone);
  await pause(true);
  const messages: Shown[] = [];
  for (const text of texts) messages.push(await reply(ana, id, text));
  return { id, phone, messages };
}

const firstOf = (id: number): Promise<number> =>
  system
    .sql<{ id: number }>('select min(id) as id from message where conversation_id = $1', [id])
    .then((r) => r[0]!.id);
const audited = (id: number): Promise<unknown[]> =>
  system.sql(
    `select action, user_id, details from audit_log where subject_type = 'message' and subject_id = $1 order by id`,
    [id],
  );

describe('changing a text', () => {
  it('works until it is sent, and what is sent is the new text', async () => {
    const { id, phone, messages } = await waiting('frist', 'second');
    const edited = await ana.patch<Shown>(`/messages/${messages[0]!.id}`, { body: 'first' });
    expect(edited).toMatchObject({
      status: 200,
      body: { id: messages[0]!.id, body: 'first', whatsapp_status: 'pending' },
    });
    expect(edited.body['edited_at']).toMatch(/^\d{4}-.*Z$/);
    expect(await shown(admin, messages[0]!)).toEqual(edited.body);
    await eventually(() => listener.of('message:updated').length > 0, { what: 'the event' });
    expect(listener.of('message:updated').at(-1)!.payload).toEqual(edited.body);
    expect(await audited(messages[0]!.id)).toMatchObject([
      { action: 'message.update', user_id: ana.user.id },
    ]);
    expect(JSON.stringify(await audited(messages[0]!.id))).not.toMatch(/fr?ist/);

    await resume(id);
    await becomes(admin, messages[1]!, 'read');
    expect(textsFor(system.meta, phone)).toEqual(['first', 'second']);
    const late = await ana.patch(`/messages/${messages[0]!.id}`, { body: 'too late' });
    expect(late).toMatchObject({ status: 409, body: { code: 'CONFLICT' } });
    expect((await shown(admin, messages[0]!)).body).toBe('first');
  });

  it('to the same text changes nothing', async () => {
    const { id, messages } = await waiting('same');
    const answer = await ana.patch<Shown>(`/messages/${messages[0]!.id}`, { body: 'same' });
    expect(answer).toMatchObject({ status: 200, body: { edited_at: null } });
    expect(await audited(messages[0]!.id)).toEqual([]);
    expect((await supervisor.patch(`/messages/${await firstOf(id)}`, { body: 'Hello' })).status).toBe(200);
  });

  it('is refused from the moment at which a try has begun', async () => {
    const id = await conversationOf(system, newPhone());
    system.meta.faults.latencyMs = { ms: 700, times: 1 };
    const message = await reply(ana, id, 'under way');
    await eventually(
      async () =>
        (await system.sql('select from message where id = $1 and sending_since is not null', [message.id]))
          .length === 1,
      { what: 'the try' },
    );
    expect(codeOf(await ana.patch(`/messages/${message.id}`, { body: 'changed' }))).toBe('CONFLICT');
    expect((await becomes(admin, message, 'read')).body).toBe('under way');
  });

  it('and sending it at the same moment end in one text: what the customer got is what is shown', async () => {
    const phones = Array.from({ length: 12 }, newPhone);
    const tries = phones.map(async (phone) => {
      const id = await conversationOf(system, phone);
      const message = await reply(ana, id, 'old');
      const answers: Answer[] = [];
      for (let n = 0; n < 6; n++)
        answers.push(await ana.patch(`/messages/${message.id}`, { body: `new ${n}` }));
      const end = await becomes(admin, message, 'read', 15_000);
      const accepted = answers.filter((answer) => answer.status === 200).map((answer) => answer.body['body']);
      expect(answers.map(codeOf).filter((code) => code !== undefined && code !== 'CONFLICT')).toEqual([]);
      expect(end.body).toBe(accepted.at(-1) ?? 'old');
      expect(textsFor(system.meta, phone)).toEqual([end.body]);
    });
    await Promise.all(tries);
  });

  it('is for who wrote it and for supervisors', async () => {
    const { messages } = await waiting('mine');
    const path = `/messages/${messages[0]!.id}`;
    expect(await ben.patch(path, { body: 'not mine' })).toMatchObject({
      status: 403,
      body: { code: 'FORBIDDEN' },
    });
    expect((await supervisor.patch(path, { body: 'better' })).status).toBe(200);
  });

  it('is for what we wrote, and for texts only', async () => {
    const { id, messages } = await waiting('a picture');
    const inbound = await firstOf(id);
    expect(codeOf(await supervisor.patch(`/messages/${inbound}`, { body: 'they said' }))).toBe('CONFLICT');
    await system.sql(`update message set type = 'image' where id = $1`, [messages[0]!.id]);
    expect(codeOf(await ana.patch(`/messages/${messages[0]!.id}`, { body: 'another' }))).toBe('CONFLICT');
  });

  it.each([
    ['an empty text', { body: '' }],
    ['no text', {}],
    ['a number', { body: 1 }],
    ['null', { body: null }],
    ['4097 characters', { body: 'x'.repeat(4097) }],
    ['a NUL', { body: 'a\0b' }],
    ['half a surrogate pair', { body: '\ud83d' }],
    ['a state of one’s own', { body: 'x', whatsapp_status: 'read' }],
    ['another sender', { body: 'x', sender_user: 1 }],
    ['a deletion', { body: 'x', deleted_at: null }],
  ])('refuses %s', async (_what, body) => {
    const { messages } = await waiting('stays');
    expect(await ana.patch(`/messages/${messages[0]!.id}`, body)).toMatchObject({
      status: 400,
      body: { code: 'VALIDATION_FAILED' },
    });
    expect((await shown(admin, messages[0]!)).body).toBe('stays');
  });
});

describe('deleting', () => {
  it('hides what a message said everywhere, and keeps its place', async () => {
    const id = await openConversation(system, { says: 'my card number' });
    const inbound = await firstOf(id);
    const before = (await admin.get<Shown>(`/messages/${inbound}`)).body;
    expect(await supervisor.delete(`/messages/${inbound}`)).toMatchObject({ status: 204, body: '' });

    const after = (await admin.get<Shown>(`/messages/${inbound}`)).body;
    expect(after).toMatchObject({
      id: inbound,
      body: null,
      payload: null,
      attachments: [],
      deleted_by: supervisor.user.id,
    });
    expect(after['deleted_at']).toMatch(/Z$/);
    expect(after).toEqual({
      ...before,
      body: null,
      payload: null,
      deleted_at: after['deleted_at'],
      deleted_by: supervisor.user.id,
    });
    for (const path of [
      `/messages/conversation/${id}`,
      `/messages/conversation/${id}/cursor`,
      `/messages?conversation_id=${id}`,
    ])
      expect((await admin.get<{ data: unknown[] }>(path)).body.data).toEqual([after]);
    expect((await admin.get(`/conversations/${id}`)).body).toMatchObject({
      last_message: after,
      unread_count: 0,
      read: true,
    });

    const heard = await eventually(
      () => listener.of('message:deleted').find((h) => h.payload['id'] === inbound),
      { what: 'the event' },
    );
    const { conversation, ...message } = heard!.payload;
    expect(message).toEqual(after);
    expect(conversation).toMatchObject({ id, unread_count: 0, read: true });
    expect(await audited(inbound)).toMatchObject([
      { action: 'message.delete', details: { conversation_id: id, sender_type: 'contact' } },
    ]);
  });

  it('again changes nothing and is no mistake', async () => {
    const { messages } = await waiting('once');
    const path = `/messages/${messages[0]!.id}`;
    expect((await ana.delete(path)).status).toBe(204);
    const first = (await admin.get(path)).body;
    expect((await ana.delete(path)).status).toBe(204);
    expect((await admin.get(path)).body).toEqual(first);
    expect(await audited(messages[0]!.id)).toHaveLength(1);
    expect(codeOf(await ana.patch(path, { body: 'back' }))).toBe('CONFLICT');
  });

  it('what waits takes it back: it is never sent, and those behind it are', async () => {
    const { id, phone, messages } = await waiting('never', 'this', 'that');
    expect((await ana.delete(`/messages/${messages[0]!.id}`)).status).toBe(204);
    expect(await shown(admin, messages[0]!)).toMatchObject({
      body: null,
      whatsapp_status: 'failed',
      error_reason: 'Withdrawn before it was sent.',
    });
    await resume(id);
    await becomes(admin, messages[2]!, 'read');
    expect(textsFor(system.meta, phone)).toEqual(['this', 'that']);
  });

  it('what waits for its next try lets those behind it go at once', async () => {
    const phone = newPhone();
    const id = await conversationOf(system, phone);
    system.meta.faults.failNext = { code: 131016 };
    const head = await reply(ana, id, 'tried once');
    const behind = await reply(ana, id, 'behind it');
    await eventually(async () => (await shown(admin, head)).error_code === 131016, {
      what: 'the failed try',
    });
    await system.sql(`update message set send_after = now() + interval '1 hour' where id = $1`, [head.id]);
    await system.sql(
      `update job set run_at = now() + interval '1 hour' where task = 'messages.send' and (payload->>'conversation_id')::bigint = $1`,
      [id],
    );
    expect((await ana.delete(`/messages/${head.id}`)).status).toBe(204);
    await becomes(admin, behind, 'read');
    expect(textsFor(system.meta, phone)).toEqual(['behind it']);
  });

  it('what is under way hides it, and where that try fails there is no other', async () => {
    const phone = newPhone();
    const id = await conversationOf(system, phone);
    system.meta.faults.latencyMs = { ms: 700, times: 1 };
    system.meta.faults.failNext = { code: 131016 };
    const message = await reply(ana, id, 'under way');
    await eventually(
      async () =>
        (await system.sql('select from message where id = $1 and sending_since is not null', [message.id]))
          .length === 1,
      { what: 'the try' },
    );
    expect((await ana.delete(`/messages/${message.id}`)).status).toBe(204);
    expect(await shown(admin, message)).toMatchObject({ body: null, whatsapp_status: 'pending' });
    const next = await reply(ana, id, 'the next');
    await becomes(admin, message, 'failed', 15_000);
    await becomes(admin, next, 'read');
    expect(textsFor(system.meta, phone)).toEqual(['the next']);
  });

  it('what was sent keeps its state, which goes on', async () => {
    const id = await conversationOf(system, newPhone());
    system.meta.faults.dropStatuses = true;
    const message = await reply(ana, id, 'sent');
    await becomes(admin, message, 'sent');
    await ana.delete(`/messages/${message.id}`);
    expect(await shown(admin, message)).toMatchObject({ body: null, whatsapp_status: 'sent' });
  });

  it('and sending at the same moment leave no doubt: sent, or withdrawn and not sent', async () => {
    const phones = Array.from({ length: 12 }, newPhone);
    await Promise.all(
      phones.map(async (phone) => {
        const id = await conversationOf(system, phone);
        const message = await reply(ana, id, 'perhaps');
        const last = await reply(ana, id, 'surely');
        expect((await ana.delete(`/messages/${message.id}`)).status).toBe(204);
        await becomes(admin, last, 'read', 15_000);
        const end = await eventually(
          async () => {
            const now = await shown(admin, message);
            return ['read', 'failed'].includes(now.whatsapp_status) ? now : null;
          },
          { what: 'the end' },
        );
        expect(textsFor(system.meta, phone)).toEqual(
          end!.whatsapp_status === 'read' ? ['perhaps', 'surely'] : ['surely'],
        );
      }),
    );
  });

  it('is for who wrote it and for supervisors; a customer’s message is for supervisors', async () => {
    const { id, messages } = await waiting('mine');
    const inbound = await firstOf(id);
    for (const [who, message] of [
      [ben, messages[0]!.id],
      [ana, inbound],
    ] as const)
      expect(await who.delete(`/messages/${message}`)).toMatchObject({
        status: 403,
        body: { code: 'FORBIDDEN' },
      });
    expect((await admin.get(`/messages/${inbound}`)).body['deleted_at']).toBeNull();
    expect((await supervisor.delete(`/messages/${inbound}`)).status).toBe(204);
  });

  it('one that somebody may not see answers like one that is missing', async () => {
    const { id, messages } = await waiting('mine');
    await giveToSomebodyElse(system, id);
    for (const call of [
      (m: number) => ana.delete(`/messages/${m}`),
      (m: number) => ana.patch(`/messages/${m}`, { body: 'x' }),
    ]) {
      const { body: hidden } = await call(messages[0]!.id);
      expect({ ...hidden, requestId: '' }).toEqual({ ...(await call(999_999)).body, requestId: '' });
    }
  });

  it('leaves the unread count at what is left', async () => {
    const phone = newPhone();
    const id = await conversationOf(system, phone);
    await system.meta.customerSays({ phone }, 'two');
    await system.meta.customerSays({ phone }, 'three');
    await admin.delete(`/messages/${await firstOf(id)}`);
    expect((await admin.get(`/conversations/${id}`)).body).toMatchObject({ unread_count: 2, read: false });
    expect((await admin.get(`/messages/conversation/${id}/unread-contact`)).body).toEqual({
      conversation_id: id,
      unread_count: 2,
    });
  });
});
