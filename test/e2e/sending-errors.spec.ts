import { WhatsappDriver } from '../../src/meta-whatsapp/whatsapp.driver';
import { eventually } from '../support/eventually';
import {
  becomes,
  conversationOf,
  newPhone,
  reply,
  sendStatuses,
  shown,
  textsFor,
  waitsWithReason,
} from '../support/sending';
import { type Caller, TestSystem } from '../support/system';

let system: TestSystem;
let admin: Caller;

beforeAll(async () => {
  system = await TestSystem.start();
  admin = await system.signIn('admin');
});
beforeEach(() => system.meta.reset());
afterAll(() => system.stop());

describe('a refusal that is final', () => {
  test.each([
    [131026, /cannot deliver to this customer/],
    [131047, /More than 24 hours/],
    [132001, /template/],
    [100, /does not accept the content/],
  ])(
    '(%d) fails the message at once with its reason, after one request, and lets the next one go',
    async (code, words) => {
      const phone = newPhone();
      const conversation = await conversationOf(system, phone);
      system.meta.faults.failNext = { code };

      const message = await reply(admin, conversation, 'no');
      const next = await reply(admin, conversation, 'yes');

      expect(await becomes(admin, message, 'failed')).toMatchObject({
        error_code: code,
        error_reason: expect.stringMatching(words) as string,
        failed_at: expect.any(String) as string,
      });
      await becomes(admin, next, 'read');
      expect(textsFor(system.meta, phone)).toEqual(['yes']);
      expect(sendStatuses(system.meta)).toHaveLength(2);
    },
  );

  test.each([
    [131047, /More than 24 hours/],
    [131026, /cannot deliver to this customer/],
  ])('(%d) that comes as a status fails the message, too', async (code, words) => {
    const conversation = await conversationOf(system, newPhone());
    system.meta.faults.failDelivery = { code, times: 1 };

    const message = await reply(admin, conversation, 'no');

    expect(await becomes(admin, message, 'failed')).toMatchObject({
      error_code: code,
      error_reason: expect.stringMatching(words) as string,
    });
    expect(sendStatuses(system.meta)).toEqual([200]);
  });

  test('never undoes what a status has told', async () => {
    const conversation = await conversationOf(system, newPhone());
    system.meta.faults.failNext = { code: 131026 };
    system.meta.faults.latencyMs = { ms: 400, times: 1 };
    const message = await reply(admin, conversation, 'told before');
    await eventually(() => system.meta.requests.length === 1, { what: 'the send' });

    await system.meta.sendStatus('wamid.told', 'sent', {
      biz_opaque_callback_data: `apicechat:${message.id}`,
    });

    await becomes(admin, message, 'sent');
    await becomes(admin, await reply(admin, conversation, 'next'), 'read');
    expect((await shown(admin, message)).whatsapp_status).toBe('sent');
  });

  test('with a code that no database column holds still fails the message', async () => {
    const conversation = await conversationOf(system, newPhone());
    system.meta.faults.failNext = { code: 99_999_999_999, httpStatus: 400 };

    const message = await reply(admin, conversation, 'no');

    expect(await becomes(admin, message, 'failed')).toMatchObject({ error_code: null });
  });
});

describe('a message that waits', () => {
  test('goes back to "pending" between tries, with the reason, which its success clears', async () => {
    const conversation = await conversationOf(system, newPhone());
    system.meta.faults.pairRateLimit = { times: 1 };

    const message = await reply(admin, conversation, 'later');

    expect(await waitsWithReason(admin, message)).toMatchObject({
      error_code: 131056,
      error_reason: expect.stringMatching(/Too many messages went to this customer/) as string,
    });
    expect(await becomes(admin, message, 'read')).toMatchObject({ error_code: null, error_reason: null });
  });

  test('is given up after a day, with the last reason, and lets younger ones go', async () => {
    const phone = newPhone();
    const conversation = await conversationOf(system, phone);
    const [row] = await system.sql<{ id: number }>(
      `insert into message (workspace_id, conversation_id, sender_type, body, created_at, send_after, error_reason)
       values (1, $1, 'system', 'of yesterday', now() - interval '25 hours', now() + interval '1 hour', 'Too much was going on.')
       returning id`,
      [conversation],
    );

    const young = await reply(admin, conversation, 'of today');

    const old = await becomes(admin, { id: row!.id }, 'failed');
    expect(old.error_reason).toMatch(/Given up after a day.*Too much was going on/);
    await becomes(admin, young, 'read');
    expect(textsFor(system.meta, phone)).toEqual(['of today']);
  });
});

test('a message that nothing here can send fails with a reason', async () => {
  const conversation = await conversationOf(system, newPhone());
  const [row] = await system.sql<{ id: number }>(
    `insert into message (workspace_id, conversation_id, sender_type, type) values (1, $1, 'system', 'hologram') returning id`,
    [conversation],
  );

  await becomes(admin, await reply(admin, conversation, 'next'), 'read');

  expect(await shown(admin, { id: row!.id })).toMatchObject({
    whatsapp_status: 'failed',
    error_reason: expect.stringMatching(/hologram/) as string,
  });
});

test('a message whose preparation always throws is set aside after five tries, and the next one goes', async () => {
  const phone = newPhone();
  const conversation = await conversationOf(system, phone);
  const driver = system.app.get(WhatsappDriver, { strict: false });
  const prepare = driver.prepare.bind(driver);
  let tries = 0;
  driver.prepare = async (message) => {
    if (message.body !== 'poison') return await prepare(message);
    tries++;
    throw new TypeError('cannot read properties of undefined');
  };

  const poison = await reply(admin, conversation, 'poison');
  await eventually(() => tries === 1, { what: 'the first try' });
  await hurry(4);
  const next = await reply(admin, conversation, 'next');

  expect((await becomes(admin, poison, 'failed')).error_reason).toMatch(/failed to prepare/);
  await becomes(admin, next, 'read');
  driver.prepare = prepare;
  expect(tries).toBe(5);
  expect(textsFor(system.meta, phone)).toEqual(['next']);

  /** The waits between tries, half a minute in all, are not what is tested here. */
  async function hurry(times: number): Promise<void> {
    for (let i = 1; i <= times; i++) {
      await eventually(
        async () => {
          await system.sql('update job set run_at = now() where held_by is null and last_error is not null');
          return tries > i;
        },
        { what: `try ${i + 1}` },
      );
    }
  }
});

test('tries that surely never reached Meta leave an unclear error all of its own tries', async () => {
  const conversation = await conversationOf(system, newPhone());
  await system.sql(
    `update whatsapp_integration_config set sending_paused_until = now() + interval '1 hour', sending_paused_reason = 'x'`,
  );
  const message = await reply(admin, conversation, 'unlucky');
  await waitsWithReason(admin, message);
  const attempts = async (): Promise<number> =>
    (
      await system.sql<{ n: number }>('select send_attempts as n from message where id = $1', [message.id])
    )[0]!.n;
  expect(await attempts()).toBe(0);

  system.meta.faults.failNext = { code: 130429 };
  await admin.patch('/whatsapp-integration-config/1', { name: 'again' });
  await eventually(() => sendStatuses(system.meta).length === 1, { what: 'the refusal' });
  await eventually(async () => (await shown(admin, message)).error_code === 130429, { what: 'its record' });

  expect(await attempts()).toBe(0);
  await becomes(admin, message, 'read');
  expect(await attempts()).toBe(1);
});
