import { eventually } from '../support/eventually';
import { killAll, type NodeProcess } from '../support/processes';
import { becomes, conversationOf, newPhone, reply, type Shown, textsFor } from '../support/sending';
import { type Caller, TestSystem } from '../support/system';
import { startWorkerProcess } from '../support/worker-process';

const HOLD_SECONDS = 5;

/** A resolver of names that takes its time, and says when it is asked: then a send has begun and nothing has left. */
const SLOW_RESOLVER = `
  import dns from 'node:dns';
  const { lookup } = dns;
  dns.lookup = (...asked) => {
    process.stdout.write('resolving\\n');
    setTimeout(() => lookup(...asked), 300);
  };`;

let system: TestSystem;
let admin: Caller;

beforeAll(async () => {
  system = await TestSystem.start({ config: { role: 'api' } });
  admin = await system.signIn('admin');
});
beforeEach(() => system.meta.reset());
afterEach(killAll);
afterAll(() => system.stop());

/** Three messages, and a worker that is frozen in the send of the first one, before a byte of it leaves. */
async function frozenInSend(): Promise<{ worker: NodeProcess; phone: string; messages: Shown[] }> {
  const phone = newPhone();
  const conversation = await conversationOf(system, phone);
  const messages: Shown[] = [];
  for (const body of ['1', '2', '3']) messages.push(await reply(admin, conversation, body));
  const byName = new URL(system.meta.url);
  byName.hostname = 'localhost';
  const worker = await startWorkerProcess(system, HOLD_SECONDS, {
    NODE_OPTIONS: `--import data:text/javascript,${encodeURIComponent(SLOW_RESOLVER)}`,
    WHATSAPP_BASE_URL: byName.href,
  });
  await worker.waitForLine(/resolving/);
  worker.kill('SIGSTOP');
  expect(await system.sql('select 1 from message where sending_since is not null')).toHaveLength(1);
  return { worker, phone, messages };
}

test('a worker that was frozen in a send does not send any more when others have gone on, and says so', async () => {
  const { worker, phone, messages } = await frozenInSend();
  await startWorkerProcess(system, HOLD_SECONDS);
  await becomes(admin, messages[0]!, 'uncertain', 20_000);
  await becomes(admin, messages[2]!, 'read');

  worker.kill('SIGCONT');

  const late = await becomes(admin, messages[0]!, 'failed');
  expect(late.error_reason).toMatch(/was not sent/);
  expect(textsFor(system.meta, phone)).toEqual(['2', '3']);
}, 120_000);

test('a worker that was frozen in a send, and missed by nobody, takes its jobs up again, in order', async () => {
  const { worker, phone, messages } = await frozenInSend();
  await eventually(async () => (await system.sql('select 1 from job where run_at <= now()')).length > 0, {
    what: 'the end of its hold',
    timeoutMs: 10_000,
  });

  worker.kill('SIGCONT');

  for (const message of messages) await becomes(admin, message, 'read', 20_000);
  expect(textsFor(system.meta, phone)).toEqual(['1', '2', '3']);
  expect(await system.sql('select max(send_attempts) as attempts from message')).toEqual([{ attempts: 1 }]);
}, 120_000);
