import type { AcceptedMessage } from '../../simulator/simulator';
import { loadConfig } from '../../src/config/load-config';
import { eventually } from '../support/eventually';
import { killAll } from '../support/processes';
import { becomes, conversationOf, newPhone, reply, type Shown, shown, textsFor } from '../support/sending';
import { type Caller, TestSystem } from '../support/system';
import { startWorkerProcess } from '../support/worker-process';

const HOLD_SECONDS = 5;

let system: TestSystem;
let admin: Caller;

beforeAll(async () => {
  system = await TestSystem.start({ config: { role: 'api' } });
  admin = await system.signIn('admin');
});
beforeEach(() => system.meta.reset());
afterEach(killAll);
afterAll(() => system.stop());

test('after kill -9 in the middle of sends another worker goes on, in order, and sends nothing twice', async () => {
  const phones = [...Array(8)].map(newPhone);
  const conversations = await Promise.all(phones.map((phone) => conversationOf(system, phone)));
  const messages: Shown[] = [];
  for (const body of ['1', '2', '3', '4', '5'])
    for (const conversation of conversations) messages.push(await reply(admin, conversation, body));
  Object.assign(system.meta.faults, {
    latencyMs: 40,
    acceptThenHang: { times: 1 },
    dropStatuses: { times: 1 },
  });
  const worker = await startWorkerProcess(system, HOLD_SECONDS);
  await eventually(() => system.meta.accepted.length >= 12, { what: 'sends under way' });

  worker.kill('SIGKILL');
  await worker.exited;
  const killed = performance.now();
  expect(await openTries()).toBeGreaterThan(0);
  await startWorkerProcess(system, HOLD_SECONDS);

  await eventually(async () => (await waiting()) === 0, {
    what: 'nothing left waiting',
    timeoutMs: 20_000,
  });
  expect(performance.now() - killed).toBeLessThan((HOLD_SECONDS + 10) * 1_000);
  for (const phone of phones) {
    const taken = textsFor(system.meta, phone);
    expect(taken).toEqual([...new Set(taken)].sort());
  }
  const [unanswered, ...others] = messages
    .map((message) => ({ message, accepted: acceptedAs(message) }))
    .sort(
      (a, b) =>
        Number(b.accepted === system.meta.accepted[0]) - Number(a.accepted === system.meta.accepted[0]),
    );
  for (const { message, accepted } of others)
    await becomes(admin, message, accepted === undefined ? 'uncertain' : 'read');
  expect((await becomes(admin, unanswered!.message, 'uncertain')).error_reason).toMatch(/interrupted/);
  const { wamid, bizOpaqueCallbackData } = unanswered!.accepted!;
  await system.meta.sendStatus(wamid, 'delivered', { biz_opaque_callback_data: bizOpaqueCallbackData });
  await becomes(admin, unanswered!.message, 'delivered');
}, 120_000);

test('a worker that is told to stop finishes what it sends', async () => {
  const conversation = await conversationOf(system, newPhone());
  system.meta.faults.latencyMs = { ms: 700, times: 1 };
  const worker = await startWorkerProcess(system, HOLD_SECONDS);
  const message = await reply(admin, conversation, 'the last one');
  await eventually(() => system.meta.requests.length === 1, { what: 'the send' });

  worker.kill('SIGTERM');

  expect((await worker.exited).code).toBe(0);
  expect(await openTries()).toBe(0);
  expect((await shown(admin, message)).whatsapp_message_id).not.toBeNull();
  expect(await system.sql('select 1 from job where held_by is not null')).toEqual([]);
}, 60_000);

test('by default a killed worker’s jobs are free within 30 seconds', () => {
  expect(loadConfig({ NODE_ENV: 'test' }).jobs.holdSeconds).toBeLessThanOrEqual(25);
});

function acceptedAs({ id }: Shown): AcceptedMessage | undefined {
  return system.meta.accepted.find(
    ({ bizOpaqueCallbackData }) => bizOpaqueCallbackData === `apicechat:${id}`,
  );
}

async function openTries(): Promise<number> {
  return (await system.sql('select 1 from message where sending_since is not null')).length;
}

async function waiting(): Promise<number> {
  return (await system.sql(`select 1 from message where whatsapp_status = 'pending'`)).length;
}
