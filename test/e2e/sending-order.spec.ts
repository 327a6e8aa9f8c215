import { setTimeout as delay } from 'node:timers/promises';
import type { Counted, FailAnswer } from '../../simulator/faults';
import { Door } from '../support/door';
import { eventually } from '../support/eventually';
import { becomes, conversationOf, newPhone, reply, sendStatuses, textsFor } from '../support/sending';
import { ACCESS_TOKEN, type Caller, TestSystem } from '../support/system';

const OTHER_NUMBER = '206540352242922';

let system: TestSystem;
let another: TestSystem;
let admin: Caller;
let door: Door;

beforeAll(async () => {
  door = await Door.open();
  system = await TestSystem.start({ config: { whatsapp: { baseUrl: door.url, reconcileAfterSeconds: 0 } } });
  door.leadTo(system.meta.url);
  another = await system.startAnother({ whatsapp: { baseUrl: door.url, reconcileAfterSeconds: 0 } });
  admin = await system.signIn('admin');
  system.meta.addNumber({
    phoneNumberId: OTHER_NUMBER,
    displayPhoneNumber: '15550780002',
    businessAccountId: '102290129340398',
  });
  await admin.post('/whatsapp-integration-config', {
    phone_number_id: OTHER_NUMBER,
    access_token: ACCESS_TOKEN,
  });
});
beforeEach(() => system.meta.reset());
afterAll(async () => {
  await system.stop();
  door.stop();
});

test('50 replies through two workers and failing sends reach the customer in order, each once', async () => {
  const phone = newPhone();
  const conversation = await conversationOf(system, phone);
  const texts = Array.from({ length: 50 }, (_, i) => `reply ${i + 1}`);
  /** What goes wrong after so many accepted messages. */
  const troubles: Record<number, FailAnswer & Counted> = {
    3: { code: 131016 },
    8: { code: 130429 },
    15: { code: 131016, times: 2 },
    30: { code: 131000 },
    46: { code: 131016 },
  };
  let seen = 0;
  let refusal = Promise.resolve();
  const allAccepted = eventually(
    () => {
      const now = textsFor(system.meta, phone).length;
      while (seen < now) {
        system.meta.faults.failNext = troubles[++seen] ?? system.meta.faults.failNext;
        if (seen === 22) refusal = shutFor(200);
      }
      return seen >= texts.length;
    },
    { timeoutMs: 25_000, what: '50 accepted messages' },
  );

  for (const [i, body] of texts.entries()) {
    const { status } = await (i % 2 === 0 ? system : another).call(
      'POST',
      '/messages',
      { conversation_id: conversation, body },
      { authorization: `Bearer ${admin.token}` },
    );
    expect(status).toBe(201);
  }
  await Promise.all([allAccepted, refusal]);

  expect(textsFor(system.meta, phone)).toEqual(texts);
  expect(
    sendStatuses(system.meta)
      .filter((status) => status !== 200)
      .sort((a, b) => a - b),
  ).toEqual([429, 500, 500, 500, 500, 500]);
  await eventually(
    async () => {
      const states = await system.sql(
        `select whatsapp_status as state, count(*)::int from message
         where conversation_id = $1 and sender_type = 'user' group by 1`,
        [conversation],
      );
      expect(states).toEqual([{ state: 'read', count: 50 }]);
      return true;
    },
    { what: 'all 50 read' },
  );
});

test('a conversation that Meta slows down keeps its order and delays no other', async () => {
  const [slow, quick] = [newPhone(), newPhone()];
  const [slowly, quickly] = [await conversationOf(system, slow), await conversationOf(system, quick)];
  system.meta.faults.pairRateLimit = { to: slow };

  const first = await reply(admin, slowly, 'first');
  const second = await reply(admin, slowly, 'second');
  await eventually(() => sendStatuses(system.meta).includes(429), { what: 'the refusal' });
  const other = await reply(admin, quickly, 'other');

  await becomes(admin, other, 'read', 2_000); // while the slow one cannot go on
  expect(textsFor(system.meta, slow)).toEqual([]);
  const tries = sendStatuses(system.meta).filter((status) => status === 429).length;
  expect(tries).toBeLessThanOrEqual(2); // at once and after 1 s; the next is 4 s later
  expect(await attemptsOf(second)).toBe(0);
  system.meta.faults.pairRateLimit = false;
  await becomes(admin, second, 'read', 20_000);
  await becomes(admin, first, 'read');
  expect(textsFor(system.meta, slow)).toEqual(['first', 'second']);
});

test('a number that Meta slows down pauses, and no other number does', async () => {
  const [slow, quick] = [newPhone(), newPhone()];
  const slowly = await conversationOf(system, slow);
  const alsoSlowly = await conversationOf(system, newPhone());
  const quickly = await conversationOf(system, quick, OTHER_NUMBER);
  system.meta.faults.failNext = { code: 131057 };

  const first = await reply(admin, slowly, 'first');
  await eventually(() => sendStatuses(system.meta).length === 1, { what: 'the refusal' });
  await eventually(async () => (await pauses()).length === 1, { what: 'the pause of the number' });
  const behind = await reply(admin, alsoSlowly, 'behind');
  const other = await reply(admin, quickly, 'other');

  await becomes(admin, other, 'read', 2_000);
  expect(sendStatuses(system.meta)).toEqual([500, 200]);
  expect(await pauses()).toMatchObject([{ reason: expect.stringContaining('maintaining') as string }]);

  await endPauses();
  await becomes(admin, first, 'read');
  await becomes(admin, behind, 'read');
});

async function shutFor(ms: number): Promise<void> {
  door.close();
  await delay(ms);
  await door.reopen();
}

async function attemptsOf({ id }: { id: number }): Promise<unknown> {
  return (await system.sql('select send_attempts from message where id = $1', [id]))[0]!['send_attempts'];
}

async function pauses(): Promise<{ reason: string }[]> {
  return await system.sql(
    `select sending_paused_reason as reason from whatsapp_integration_config where sending_paused_until > now()`,
  );
}

async function endPauses(): Promise<void> {
  const [paused] = await system.sql<{ id: number }>(
    `select id from whatsapp_integration_config where sending_paused_until > now()`,
  );
  await admin.patch(`/whatsapp-integration-config/${paused!.id}`, { name: 'again' });
}
