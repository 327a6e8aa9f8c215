import { noFaults, type FaultSwitches } from '../../simulator/faults';
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

const RECONCILE_SECONDS = 1;

let system: TestSystem;
let admin: Caller;

beforeAll(async () => {
  system = await TestSystem.start({
    config: { whatsapp: { sendTimeoutSeconds: 1, reconcileAfterSeconds: RECONCILE_SECONDS } },
  });
  admin = await system.signIn('admin');
});
beforeEach(() => system.meta.reset());
afterAll(() => system.stop());

describe('an answer that never came', () => {
  const lost: [string, Partial<FaultSwitches>, RegExp][] = [
    ['a connection that broke', { acceptThenDropConnection: true }, /connection to WhatsApp broke/],
    ['silence', { acceptThenHang: true }, /did not answer in time/],
    [
      'a connection that is cut before the request is read',
      { refuseConnections: true },
      /may have been sent/,
    ],
    ['an HTML 502', { failNext: { body: 'html', httpStatus: 502 } }, /answered 502/],
    ['an empty 500', { failNext: { body: 'empty', httpStatus: 500 } }, /answered 500/],
  ];

  test.each(lost)(
    '(%s) leaves the message uncertain, in words, and is not sent again',
    async (_, faults, words) => {
      const phone = newPhone();
      const conversation = await conversationOf(system, phone);
      Object.assign(system.meta.faults, { ...faults, dropStatuses: true });

      const message = await reply(admin, conversation, 'perhaps');
      const uncertain = await becomes(admin, message, 'uncertain');

      expect(uncertain.error_reason).toMatch(words);
      expect(uncertain.error_reason).toMatch(/not sent again by itself/);
      system.meta.faults = noFaults();
      await becomes(admin, await reply(admin, conversation, 'next'), 'read');
      expect(textsFor(system.meta, phone).filter((text) => text === 'perhaps').length).toBeLessThanOrEqual(1);
      expect(sendStatuses(system.meta)).toHaveLength(2);
      expect((await shown(admin, message)).whatsapp_status).toBe('uncertain');
    },
  );

  test.each(['sent', 'delivered', 'read'])('is settled by the echo of the status "%s"', async (status) => {
    const phone = newPhone();
    const conversation = await conversationOf(system, phone);
    Object.assign(system.meta.faults, { acceptThenDropConnection: { times: 1 }, dropStatuses: true });
    const message = await reply(admin, conversation, 'perhaps');
    await becomes(admin, message, 'uncertain');

    const accepted = system.meta.acceptedFor(phone)[0]!;
    await system.meta.sendStatus(accepted.wamid, status, {
      biz_opaque_callback_data: accepted.bizOpaqueCallbackData,
    });

    expect(await becomes(admin, message, status)).toMatchObject({
      whatsapp_message_id: accepted.wamid,
      error_code: null,
      error_reason: null,
    });
    expect(sendStatuses(system.meta)).toHaveLength(1);
  });

  test('is settled by the echoes that flow by themselves, each message accepted exactly once', async () => {
    const phone = newPhone();
    const conversation = await conversationOf(system, phone);
    system.meta.faults.acceptThenDropConnection = { times: 2 };
    const texts = ['one', 'two', 'three', 'four'];
    const messages = [];
    for (const text of texts) messages.push(await reply(admin, conversation, text));

    for (const message of messages) await becomes(admin, message, 'read');
    expect(textsFor(system.meta, phone)).toEqual(texts);
  });
});

test('statuses that come before the answer to the send end in the right state', async () => {
  const conversation = await conversationOf(system, newPhone());
  system.meta.faults.statusesBeforeAnswer = true;

  const message = await reply(admin, conversation, 'early');
  await becomes(admin, message, 'read');

  await eventually(() => sendStatuses(system.meta)[0] === 200, { what: 'the answer' });
  await eventually(async () => (await openTries()) === 0, { what: 'the record of the answer' });
  expect(await shown(admin, message)).toMatchObject({ whatsapp_status: 'read', error_reason: null });
});

describe('an error that may hide an acceptance (131000)', () => {
  test('is given time for an echo before the next try, and ends uncertain after three', async () => {
    const conversation = await conversationOf(system, newPhone());
    system.meta.faults.failNext = { code: 131000, times: 9 };

    const message = await reply(admin, conversation, 'hard');
    await waitsWithReason(admin, message);
    const uncertain = await becomes(admin, message, 'uncertain');

    const { requests } = system.meta;
    expect(requests).toHaveLength(3);
    for (const [i, request] of requests.entries())
      if (i > 0) expect(request.at - requests[i - 1]!.at).toBeGreaterThanOrEqual(RECONCILE_SECONDS * 1000);
    expect(uncertain.error_reason).toMatch(/not sent again by itself/);
    expect(uncertain.error_reason).not.toMatch(/otherwise try again/);
  });

  test('is not tried again when the echo comes', async () => {
    const phone = newPhone();
    const conversation = await conversationOf(system, phone);
    system.meta.faults.failNext = { code: 131000, times: 1 };
    const message = await reply(admin, conversation, 'taken all the same');
    await waitsWithReason(admin, message);

    await system.meta.sendStatus('wamid.hidden', 'delivered', {
      biz_opaque_callback_data: `apicechat:${message.id}`,
    });

    await becomes(admin, message, 'delivered');
    await becomes(admin, await reply(admin, conversation, 'next'), 'read');
    expect(textsFor(system.meta, phone)).toEqual(['next']);
  });

  test('keeps its time when somebody changes the number meanwhile', async () => {
    const conversation = await conversationOf(system, newPhone());
    system.meta.faults.failNext = { code: 131000, times: 1 };
    const message = await reply(admin, conversation, 'patience');
    await waitsWithReason(admin, message);

    expect((await admin.patch('/whatsapp-integration-config/1', { name: 'renamed' })).status).toBe(200);

    await becomes(admin, message, 'read');
    const [first, second] = system.meta.requests;
    expect(second!.at - first!.at).toBeGreaterThanOrEqual(RECONCILE_SECONDS * 1000);
  });
});

test('a try that began and was never recorded is uncertain, and the next message goes out', async () => {
  const phone = newPhone();
  const conversation = await conversationOf(system, phone);
  const [interrupted] = await system.sql<{ id: number }>(
    `insert into message (workspace_id, conversation_id, sender_type, body, sending_since, send_attempts)
     values (1, $1, 'system', 'interrupted', now() - interval '1 minute', 1) returning id`,
    [conversation],
  );
  const message = { id: interrupted!.id };

  await becomes(admin, await reply(admin, conversation, 'next'), 'read');

  expect(await shown(admin, message)).toMatchObject({
    whatsapp_status: 'uncertain',
    error_reason: expect.stringMatching(/interrupted/) as string,
  });
  expect(textsFor(system.meta, phone)).toEqual(['next']);
});

test('agents hear at the socket that a message is uncertain and how it was settled', async () => {
  const agent = await system.listen(admin);
  const conversation = await conversationOf(system, newPhone());
  system.meta.faults.acceptThenDropConnection = { times: 1 };

  const message = await reply(admin, conversation, 'perhaps');
  await becomes(admin, message, 'read');

  const heard = (): unknown[] =>
    agent.of('message:status_changed').map(({ payload }) => payload['whatsapp_status']);
  await eventually(() => heard().includes('read'), { what: 'read at the socket' });
  expect(heard()).toContain('uncertain');
});

async function openTries(): Promise<number> {
  return (await system.sql('select 1 from message where sending_since is not null')).length;
}
