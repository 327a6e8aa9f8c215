import { setTimeout as delay } from 'node:timers/promises';
import { join } from 'node:path';
import { BotAnswers } from '../../src/bots/bot-answers.service';
import { HoldLost, type Job } from '../../src/platform/jobs/job-worker';
import { BOT_SECRET, BotService, giveToBot, makeBot, outcomesIn, reply, saidTo } from '../support/bots';
import { eventually } from '../support/eventually';
import { killAll, type NodeProcess, spawnNode } from '../support/processes';
import { conversationOf, newPhone } from '../support/sending';
import {
  ACCESS_TOKEN,
  APP_SECRET,
  type Caller,
  PHONE_NUMBER_ID,
  TestSystem,
  VERIFY_TOKEN,
} from '../support/system';

const HOLD_SECONDS = 5;
const MESSAGES = 5;

let system: TestSystem;
let admin: Caller;
let service: BotService;

beforeAll(async () => {
  // This server takes messages in and does no work of the bots: that is for processes that can be killed.
  system = await TestSystem.start({ config: { role: 'api', bots: { webhookAllowPrivate: true } } });
  admin = await system.signIn('admin');
  service = await BotService.start();
});
afterEach(killAll);
afterAll(async () => {
  await service.stop();
  await system.stop();
});

/** The built server as a process of its own that runs jobs and consumers only. */
async function startWorkerProcess(): Promise<NodeProcess> {
  const worker = spawnNode(join(__dirname, '../../dist/src/main.js'), {
    env: {
      NODE_ENV: 'test',
      ROLE: 'worker',
      PORT: '0',
      HOST: '127.0.0.1',
      LOG_LEVEL: 'info',
      DB_SYNC: 'false',
      DATABASE_URL: system.databaseUrl,
      JOB_HOLD: `${HOLD_SECONDS}s`,
      BOT_WEBHOOK_ALLOW_PRIVATE: 'true',
      JWT_SECRET: system.config.security.jwtSecret,
      ENCRYPTION_KEY: system.config.security.encryptionKey,
      WHATSAPP_APP_SECRET: APP_SECRET,
      WHATSAPP_WEBHOOK_VERIFY_TOKEN: VERIFY_TOKEN,
      WHATSAPP_ACCESS_TOKEN: ACCESS_TOKEN,
      WHATSAPP_PHONE_NUMBER_ID: PHONE_NUMBER_ID,
      WHATSAPP_BASE_URL: system.meta.url,
    },
  });
  await worker.waitForLine(/"listening"/);
  return worker;
}

test('kill -9 of the processes that bots work in: each message is answered once, in order, and none is forgotten', async () => {
  const bot = await makeBot(admin, { kind: 'webhook', secret: BOT_SECRET, config: { url: service.url } });
  service.answer = async ({ json }, response) => {
    await delay(20);
    reply(response, { replies: [{ type: 'text', body: `re ${json.message.body}` }] });
  };
  const phones = Array.from({ length: 4 }, newPhone);
  const conversations = await Promise.all(phones.map((phone) => conversationOf(system, phone)));
  for (const id of conversations) await giveToBot(admin, id, bot.id);
  let workers = [await startWorkerProcess(), await startWorkerProcess()];

  const talking = phones.map(async (phone) => {
    for (let n = 1; n <= MESSAGES; n++) {
      await system.meta.customerSays({ phone }, `${n}`);
      await delay(100);
    }
  });
  for (const goal of [5, 14]) {
    await eventually(() => service.asked.length >= goal, { what: `${goal} questions`, timeoutMs: 20_000 });
    for (const worker of workers) worker.kill('SIGKILL');
    await Promise.all(workers.map((worker) => worker.exited));
    workers = [await startWorkerProcess()];
  }
  await Promise.all(talking);

  const wanted = Array.from({ length: MESSAGES }, (_, n) => `re ${n + 1}`);
  for (const [i, id] of conversations.entries()) {
    const answers = async (): Promise<string[]> =>
      (
        await system.sql<{ body: string }>(
          `select body from message where conversation_id = $1 and sender_type = 'bot' order by id`,
          [id],
        )
      ).map((row) => row.body);
    await eventually(async () => (await answers()).length >= MESSAGES, {
      what: `the answers to ${phones[i]}`,
      timeoutMs: 30_000,
    });
    expect(await answers()).toEqual(wanted);
  }
  // What a killed process had asked is asked again under the same id, so that the service can tell.
  const events = service.asked.map(({ json }) => json.event_id);
  expect(new Set(events).size).toBe(phones.length * MESSAGES);
  for (const phone of phones)
    expect(new Set(saidTo(system.meta, phone)).size).toBe(saidTo(system.meta, phone).length);
}, 90_000);

describe('a worker whose job was taken over does nothing more', () => {
  const held = (): Promise<void> => Promise.resolve();
  const lost = (): Promise<void> => Promise.reject(new HoldLost('taken over'));
  const broken = (): Promise<void> => Promise.reject(new Error('a failure of our own'));
  const MENU = { greeting: 'Hello', options: [{ title: 'A', reply: 'a' }], fallback: 'What?' };

  test.each<[string, 'keyword_menu' | 'webhook', (() => Promise<void>)[], number]>([
    ['instead of answering', 'keyword_menu', [lost], 0],
    ['instead of asking the service', 'webhook', [lost], 0],
    ['with what the service answers', 'webhook', [held, lost], 1],
    ['instead of giving up', 'keyword_menu', [broken, lost], 0],
  ])('%s', async (_, kind, transactions, asked) => {
    const config = kind === 'webhook' ? { url: service.url } : MENU;
    const bot = await makeBot(admin, { kind, config, ...(kind === 'webhook' && { secret: BOT_SECRET }) });
    service.asked.length = 0;
    service.answer = (_question, response) =>
      reply(response, { replies: [{ type: 'text', body: 'late' }], action: 'close' });
    const phone = newPhone();
    const conversation = await conversationOf(system, phone);
    await giveToBot(admin, conversation, bot.id);
    await system.sql(
      `insert into bot_trigger (workspace_id, message_id, conversation_id, bot_id)
       select 1, max(id), $1, $2 from message where conversation_id = $1`,
      [conversation, bot.id],
    );
    const before = (await admin.get(`/conversations/${conversation}`)).body;
    const job: Job = {
      id: 0,
      workspaceId: 1,
      key: `conversation:${conversation}`,
      payload: { conversation_id: conversation },
      attempt: 5, // the last one before it gives up
      signal: new AbortController().signal,
      isSurelyHeld: () => true,
      assertHeld: () => transactions.shift()!(),
    };
    const answers = system.app.get(BotAnswers, { strict: false });
    await expect(answers['answerAll'](job)).rejects.toBeInstanceOf(HoldLost);
    expect(service.asked).toHaveLength(asked);
    expect(await outcomesIn(system, conversation)).toEqual([null]);
    expect((await admin.get(`/conversations/${conversation}`)).body).toEqual(before);
  });
});
