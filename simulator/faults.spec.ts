import { active, noFaults, parseFaults, use, type FaultSwitches } from './faults';
import { at, listAt, textAt } from './json-values';
import { Simulator } from './simulator';
import { Receiver, SECRET } from './test-receiver';

let receiver: Receiver;
let simulator: Simulator;

beforeAll(async () => {
  receiver = await Receiver.start();
  simulator = await Simulator.start({
    appSecret: SECRET,
    webhookUrl: receiver.url,
    statusDelaysMs: { sent: 0, delivered: 1, read: 2 },
    redeliverAfterMs: [],
  });
});
beforeEach(async () => {
  // What an earlier test sent may still be on its way to the receiver.
  await quiet();
  simulator.reset();
  receiver.reset();
});
afterAll(async () => {
  await simulator.stop();
  await receiver.stop();
});

/** Sends one text; the status is 0 when the connection died. */
async function send(
  to = '+5511999990000',
  signal?: AbortSignal,
): Promise<{ status: number; code: unknown; type: string; text: string }> {
  try {
    const response = await fetch(`${simulator.url}/v25.0/${simulator.number.phoneNumberId}/messages`, {
      method: 'POST',
      headers: { authorization: 'Bearer any', 'content-type': 'application/json' },
      body: JSON.stringify({ messaging_product: 'whatsapp', to, type: 'text', text: { body: 'x' } }),
      ...(signal ? { signal } : {}),
    });
    const text = await response.text();
    const type = response.headers.get('content-type') ?? '';
    const body: unknown = type.includes('json') ? JSON.parse(text) : undefined;
    return { status: response.status, code: at(body, 'error', 'code'), type, text };
  } catch {
    return { status: 0, code: undefined, type: '', text: '' };
  }
}

const set = (faults: Partial<FaultSwitches>) => Object.assign(simulator.faults, faults);
const quiet = () => simulator.waitFor(() => simulator.pending === 0, 'quiet');
const told = () => receiver.items('statuses').map((item) => textAt(item, 'status') ?? '');

describe('a switch', () => {
  it('counts down to off without touching the object it was given', () => {
    const times = { times: 2 };
    const faults = { ...noFaults(), dropStatuses: times };
    expect([1, 2, 3].map(() => Boolean(use(faults, 'dropStatuses')))).toEqual([true, true, false]);
    expect(faults).toEqual(noFaults());
    expect(times).toEqual({ times: 2 });
  });

  it('stays on without a count, except `failNext`, which is once', () => {
    const faults = { ...noFaults(), acceptThenHang: true, failNext: {} };
    for (const name of ['acceptThenHang', 'failNext'] as const) {
      expect(active(faults, name)).toBeTruthy();
      use(faults, name);
    }
    expect([active(faults, 'acceptThenHang'), active(faults, 'failNext')]).toEqual([true, undefined]);
  });

  it.each([
    [{ latencyMs: 'soon' }, '"latencyMs"'],
    [{ latncyMs: 3 }, 'Unknown fault "latncyMs"'],
    [{ toString: true }, 'Unknown fault "toString"'],
    [{ failRate: { rate: 2 } }, '"rate" must be a number from 0 to 1'],
    [{ failNext: { body: 'xml' } }, '"body" must be one of json, html, empty'],
    [{ batchWebhooks: { size: 3 } }, 'needs "maxWaitMs"'],
    [{ dropStatuses: { times: 0 } }, '"times" must be'],
    [{ duplicateWebhooks: 0 }, '"duplicateWebhooks"'],
  ])('refuses %j', (body, message) => {
    expect(() => parseFaults(body)).toThrow(message);
  });
});

describe('Graph', () => {
  it('fails the next calls as told: JSON, HTML, empty', async () => {
    set({ failNext: { code: 131047, details: 'closed', times: 2 } });
    const answers = [await send(), await send(), await send()];
    expect(answers.map((answer) => [answer.status, answer.code])).toEqual([
      [400, 131047],
      [400, 131047],
      [200, undefined],
    ]);
    set({ failNext: { httpStatus: 502, body: 'html' } });
    expect(await send()).toMatchObject({ status: 502, text: expect.stringContaining('<html>') });
    set({ failNext: { httpStatus: 503, body: 'empty' } });
    expect(await send()).toMatchObject({ status: 503, text: '' });
    expect(simulator.accepted).toHaveLength(1);
  });

  it('fails at a rate, and leaves other kinds of calls alone', async () => {
    set({ failRate: { rate: 1, code: 131000, times: 1 }, failNext: { on: 'media' } });
    expect([(await send()).status, (await send()).status]).toEqual([500, 200]);
    expect(simulator.faults.failNext).toEqual({ on: 'media' });
  });

  it('limits the rate, of the number and of a pair', async () => {
    set({ rateLimit: { times: 1 } });
    expect(await send()).toMatchObject({ status: 429, code: 130429 });
    set({ rateLimit: { perSecond: 1 } });
    expect([(await send()).status, (await send()).status]).toEqual([200, 429]);
    set({ rateLimit: false, pairRateLimit: { burst: 1, windowMs: 60_000 } });
    const answers = [await send(), await send(), await send('+5511888880000')];
    expect(answers.map((answer) => answer.code)).toEqual([undefined, 131056, undefined]);
    set({ pairRateLimit: { to: '+55 11 77777-0000' } });
    expect([(await send('+5511777770000')).code, (await send()).code]).toEqual([131056, undefined]);
  });

  it('accepts and loses the answer', async () => {
    set({ acceptThenDropConnection: { times: 1 } });
    expect((await send()).status).toBe(0);
    await quiet();
    expect(simulator.accepted).toHaveLength(1);
    expect(told()).toEqual(['sent', 'delivered', 'read']);
    await simulator.waitFor(() => simulator.requests[0]?.status === 0, 'the log entry');
    expect((await send()).status).toBe(200);
  });

  it('accepts and never answers', async () => {
    set({ acceptThenHang: { times: 1 } });
    const giveUp = new AbortController();
    const sending = send(undefined, giveUp.signal);
    await simulator.waitFor(() => told().length === 3, 'the statuses');
    giveUp.abort();
    expect((await sending).status).toBe(0);
  });

  it('refuses connections: nothing was accepted', async () => {
    set({ refuseConnections: { times: 2 } });
    expect([(await send()).status, (await send()).status, (await send()).status]).toEqual([0, 0, 200]);
    expect(simulator.accepted).toHaveLength(1);
  });

  it('is slow, and accepts also when the client gave up meanwhile', async () => {
    set({ latencyMs: { ms: 40, times: 1 } });
    const started = performance.now();
    expect((await send(undefined, AbortSignal.timeout(15))).status).toBe(0);
    await simulator.waitFor(() => simulator.accepted.length === 1, 'the acceptance');
    expect(performance.now() - started).toBeGreaterThanOrEqual(38);
  });

  it('accepts what can never be delivered', async () => {
    set({ failDelivery: { code: 131047, to: '5511999990000', times: 1 } });
    await send('+5511888880000');
    await send();
    await quiet();
    const failed = receiver.items('statuses').filter((item) => item.status === 'failed');
    expect(failed).toMatchObject([
      { recipient_id: '5511999990000', errors: [{ code: 131047, title: 'Re-engagement message' }] },
    ]);
    expect(failed[0]).not.toHaveProperty('recipient_user_id');
    expect(told()).toHaveLength(4);
  });
});

describe('webhooks', () => {
  it('come several times side by side', async () => {
    set({ duplicateWebhooks: { copies: 3, times: 1 } });
    await simulator.customerSays({ phone: '5511999990000' }, 'thrice');
    await simulator.customerSays({ phone: '5511999990000' }, 'once');
    expect(receiver.posts).toHaveLength(4);
    expect(new Set(receiver.posts.map((post) => post.raw)).size).toBe(2);
  });

  it('tell statuses in another order, each with its own time', async () => {
    set({ reorderStatuses: { times: 1 } });
    await send();
    await quiet();
    expect(told()).not.toEqual(['sent', 'delivered', 'read']);
    expect(told().sort()).toEqual(['delivered', 'read', 'sent']);
  });

  it('come before the answer', async () => {
    set({ statusesBeforeAnswer: true });
    await send();
    expect(told()).toEqual(['sent', 'delivered', 'read']);
  });

  it('are lost', async () => {
    set({ dropStatuses: { times: 1 } });
    await send();
    await simulator.customerSees('5511999990000');
    await quiet();
    expect(told()).toEqual([]);
  });

  it('come in batches that mix messages and statuses over entries and changes', async () => {
    set({ batchWebhooks: { size: 8, maxWaitMs: 60_000 } });
    const said = Promise.all(
      ['a', 'b', 'c', 'd'].map((text) => simulator.customerSays({ phone: '5511999990000' }, text)),
    );
    for (const wamid of ['wamid.1', 'wamid.2', 'wamid.3', 'wamid.4'])
      void simulator.sendStatus(wamid, 'read');
    expect((await said).map(({ response }) => response.status)).toEqual([200, 200, 200, 200]);
    expect(receiver.posts).toHaveLength(1);
    const entries = listAt(receiver.posts[0]?.body, 'entry');
    expect(entries.length).toBeGreaterThan(1);
    expect(listAt(entries[0], 'changes').length).toBeGreaterThan(1);
    expect(listAt(entries[0], 'changes', 0, 'value', 'messages').length).toBeGreaterThan(1);
    expect(receiver.items('messages').map((item) => textAt(item, 'text', 'body'))).toEqual([
      'a',
      'b',
      'c',
      'd',
    ]);
    expect(receiver.items('statuses')).toHaveLength(4);
    expect(receiver.posts[0]?.signed).toBe(true);
  });

  it('of an unfinished batch come after the longest wait', async () => {
    set({ batchWebhooks: { size: 100, maxWaitMs: 5 } });
    await simulator.customerSays({ phone: '5511999990000' }, 'alone');
    expect(receiver.posts).toHaveLength(1);
  });
});
