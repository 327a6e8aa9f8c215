import { UnitOfWork } from '../../src/platform/database/unit-of-work';
import { MessagesService } from '../../src/messages/messages.service';
import type { BotSend } from '../../src/messages/outgoing.types';
import type { BotMessage } from '../../src/messages/sending.service';
import { becomes, conversationOf, newPhone, textsFor } from '../support/sending';
import { type Caller, TestSystem } from '../support/system';

let system: TestSystem;
let admin: Caller;
let bot: number;
let phone: string;
let conversation: number;

beforeAll(async () => {
  system = await TestSystem.start();
  admin = await system.signIn('admin');
  const [row] = await system.sql<{ id: number }>(
    `insert into bot (workspace_id, name) values (1, 'Bot') returning id`,
  );
  bot = row!.id;
});
beforeEach(async () => {
  phone = newPhone();
  conversation = await conversationOf(system, phone);
  await admin.patch(`/conversations/${conversation}/assign`, { assigned_bot: bot });
});
afterAll(() => system.stop());

const WORKSPACE = { workspaceId: 1 };

async function say(more: Partial<BotMessage> = {}): Promise<BotSend> {
  const messages = system.app.get(MessagesService, { strict: false });
  return await messages.sendAsBot(WORKSPACE, {
    conversationId: conversation,
    botId: bot,
    content: { body: 'I am a bot' },
    ...more,
  });
}

test('a bot speaks in a conversation that is its own', async () => {
  const said = await say();
  expect(said).toMatchObject({
    kind: 'sent',
    message: { sender_type: 'bot', sender_bot: bot, sender_user: null, whatsapp_status: 'pending' },
  });
  await becomes(admin, (said as { message: { id: number } }).message, 'read');
  expect(textsFor(system.meta, phone)).toEqual(['I am a bot']);
});

test('a bot does not speak over whoever has taken the conversation over', async () => {
  await admin.patch(`/conversations/${conversation}/assign`);
  expect(await say()).toEqual({ kind: 'refused', because: 'not_assigned' });
  await admin.patch(`/conversations/${conversation}/unassign`);
  expect(await say()).toEqual({ kind: 'refused', because: 'not_assigned' });
  expect(await say({ conversationId: 999_999_999 })).toEqual({ kind: 'refused', because: 'not_assigned' });
  expect(await messagesIn(conversation)).toBe(1);
});

test('a takeover waits for the bot that is just speaking, and a bot for the takeover', async () => {
  const work = system.app.get(UnitOfWork, { strict: false });
  let taken: Promise<unknown> = Promise.resolve();
  await work.run(WORKSPACE, async () => {
    expect(await say()).toMatchObject({ kind: 'sent' });
    taken = admin.patch(`/conversations/${conversation}/assign`);
    await waitForLock();
  });
  await taken;
  expect(await say({ content: { body: 'too late' } })).toEqual({ kind: 'refused', because: 'not_assigned' });
});

test.each<[string, string, string]>([
  ['closed', `status = 'closed'`, 'closed'],
  ['beyond its window', `window_expires_at = now() - interval '1 second'`, 'window_closed'],
])('a bot is told that a conversation is %s', async (_, change, because) => {
  await system.sql(`update conversation set ${change} where id = $1`, [conversation]);
  expect(await say()).toEqual({ kind: 'refused', because });
  expect(await messagesIn(conversation)).toBe(1);
});

test('the same message of a bot again is the same message, also after a takeover', async () => {
  const first = await say({ clientMessageId: 'bot:1' });
  await admin.patch(`/conversations/${conversation}/assign`);
  expect(await say({ clientMessageId: 'bot:1' })).toEqual({
    kind: 'sent',
    message: expect.objectContaining({ id: (first as { message: { id: number } }).message.id }) as object,
  });
  await expect(say({ clientMessageId: 'bot:1', content: { body: 'other' } })).rejects.toMatchObject({
    code: 'IDEMPOTENCY_KEY_REUSED',
  });
});

test('a content that cannot be sent is refused by its field', async () => {
  const buttons = Array.from({ length: 4 }, (_, i) => ({ id: `${i}`, title: `${i}` }));
  await expect(
    say({ content: { type: 'interactive', body: 'x', payload: { interactive_type: 'button', buttons } } }),
  ).rejects.toMatchObject({ code: 'VALIDATION_FAILED', details: [{ field: 'payload.buttons' }] });
});

async function waitForLock(): Promise<void> {
  for (;;) {
    const waiting = await system.sql(
      `select 1 from pg_stat_activity where wait_event_type = 'Lock' and datname = current_database()`,
    );
    if (waiting.length > 0) return;
  }
}

async function messagesIn(id: number): Promise<number> {
  return (await system.sql('select 1 from message where conversation_id = $1', [id])).length;
}
