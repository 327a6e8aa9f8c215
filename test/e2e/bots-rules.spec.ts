import { giveToBot, makeBot, saidTo, settled } from '../support/bots';
import { eventually } from '../support/eventually';
import { newPhone } from '../support/sending';
import { type Caller, PHONE_NUMBER_ID, TestSystem } from '../support/system';
import { connectNumber } from '../support/webhooks';

const MENU = {
  greeting: 'Welcome!',
  options: [{ title: 'Talk to us', action: 'handoff' }],
  fallback: 'What?',
};
const ALWAYS_OPEN = [{ days: [1, 2, 3, 4, 5, 6, 7], from: '00:00', to: '24:00' }];

let system: TestSystem;
let admin: Caller;
let botId: number;

beforeAll(async () => {
  system = await TestSystem.start();
  admin = await system.signIn('admin');
});
beforeEach(async () => {
  await system.sql('delete from bot_rule');
  botId = (await makeBot(admin, { kind: 'keyword_menu', config: MENU })).id;
});
afterAll(() => system.stop());

async function makeRule(fields: object = {}, bot = botId): Promise<{ id: number } & Record<string, unknown>> {
  const made = await admin.post<{ id: number }>(`/bots/${bot}/rules`, fields);
  if (made.status !== 201) throw new Error(`no rule: ${JSON.stringify(made.body)}`);
  return made.body;
}

/** A customer nobody has met writes; whose their conversation is once the bots have looked at it. */
async function firstWords(
  text: string,
  { phone = newPhone(), phoneNumberId = PHONE_NUMBER_ID } = {},
): Promise<{
  id: number;
  phone: string;
  bot: number | null;
}> {
  await system.meta.customerSays({ phone }, text, { phoneNumberId });
  const [row] = await system.sql<{ id: string }>(
    `select c.id from conversation c join contact_identity i on i.contact_id = c.contact_id and i.value = $1
     join whatsapp_integration_config w on w.id = c.integration_id and w.phone_number_id = $2
     order by c.id desc limit 1`,
    [phone, phoneNumberId],
  );
  const id = Number(row!.id);
  await lookedAt(id);
  return { id, phone, bot: (await admin.get(`/conversations/${id}`)).body['assigned_bot'] as number | null };
}

/** The consumer's place has passed all that is in the journal of a conversation. */
async function lookedAt(id: number): Promise<void> {
  await eventually(
    async () =>
      (
        await system.sql(
          `select 1 from journal_consumer c where c.name = 'bots' and not exists (
             select from event e where e.conversation_id = $1 and e.type in ('message:new', 'conversation:assigned')
               and not pg_visible_in_snapshot(e.xid, split_part(c.cursor, '~', 1)::pg_snapshot))`,
          [id],
        )
      ).length === 1,
    { what: 'the bots to have looked' },
  );
}

test('a rule is made with what is left out filled in, listed, changed and deleted', async () => {
  const made = await makeRule();
  expect(made).toEqual({
    id: expect.any(Number) as number,
    bot_id: botId,
    priority: 100,
    enabled: true,
    applies_to: 'new_conversation',
    integration_id: null,
    tag_id: null,
    keywords: [],
    hours: null,
    created_at: expect.stringMatching(/Z$/) as string,
    updated_at: expect.stringMatching(/Z$/) as string,
  });
  const urgent = await makeRule({ priority: 1 });
  const path = `/bots/${botId}/rules`;
  const list = await admin.get<{ data: { id: number }[]; meta: object }>(path);
  expect(list.body.data.map((rule) => rule.id)).toEqual([urgent.id, made.id]);
  expect(list.body.meta).toMatchObject({ total: 2 });
  const hours = { when: 'outside', time_zone: 'America/Sao_Paulo', open: ALWAYS_OPEN };
  const changed = await admin.patch(`${path}/${made.id}`, { keywords: ['a'], hours });
  expect(changed).toMatchObject({ status: 200, body: { keywords: ['a'], hours, priority: 100 } });
  expect((await admin.patch(`${path}/${made.id}`, { hours: null })).body).toMatchObject({
    hours: null,
    keywords: ['a'],
  });
  expect((await admin.delete(`${path}/${made.id}`)).status).toBe(204);
  expect((await admin.delete(`${path}/${made.id}`)).status).toBe(404);
  const other = await makeBot(admin, {});
  expect((await admin.patch(`/bots/${other.id}/rules/${urgent.id}`, { priority: 2 })).status).toBe(404);
});

test.each<[string, object]>([
  ['an unknown field', { mood: 1 }],
  ['a negative priority', { priority: -1 }],
  ['an unknown moment', { applies_to: 'never' }],
  ['a number that is not there', { integration_id: 999_999 }],
  ['a tag that is not there', { tag_id: 999_999 }],
  ['keywords that are no texts', { keywords: [''] }],
  ['no such time zone', { hours: { when: 'inside', time_zone: 'Mars/Base', open: ALWAYS_OPEN } }],
  ['an offset as time zone', { hours: { when: 'inside', time_zone: '+03:00', open: ALWAYS_OPEN } }],
  ['hours without zone', { hours: { when: 'inside', open: ALWAYS_OPEN } }],
  [
    'an eighth day',
    { hours: { when: 'inside', time_zone: 'UTC', open: [{ days: [8], from: '09:00', to: '10:00' }] } },
  ],
  [
    'hours backwards',
    { hours: { when: 'inside', time_zone: 'UTC', open: [{ days: [1], from: '18:00', to: '09:00' }] } },
  ],
  [
    'a time that is none',
    { hours: { when: 'inside', time_zone: 'UTC', open: [{ days: [1], from: '9', to: '25:00' }] } },
  ],
])('%s is refused', async (_, fields) => {
  const answer = await admin.post(`/bots/${botId}/rules`, fields);
  expect([answer.status, answer.body['code']]).toEqual([400, 'VALIDATION_FAILED']);
});

test('a rule without conditions gives the bot every new conversation, and it answers the message that opened it', async () => {
  await makeRule();
  const listener = await system.listen(admin);
  const { id, phone, bot } = await firstWords('hello');
  expect(bot).toBe(botId);
  expect(await settled(system, id, 1)).toEqual(['answered']);
  await eventually(() => saidTo(system.meta, phone).length === 1);
  expect((await admin.get(`/conversations/${id}`)).body).toMatchObject({ status: 'active', unread_count: 1 });
  await eventually(() => listener.of('conversation:assigned').some((h) => h.payload['id'] === id));
  expect((await admin.get(`/bots/${botId}`)).body['counters']).toMatchObject({
    conversations: 1,
    messages: 1,
  });
});

test('messages that follow at once are the bot’s too, in their order', async () => {
  await makeRule();
  const phone = newPhone();
  const { id } = await firstWords('1st', { phone });
  await Promise.all(['2nd', '3rd'].map((text) => system.meta.customerSays({ phone }, text)));
  expect(await settled(system, id, 3)).toHaveLength(3);

  const together = newPhone();
  await Promise.all(['a', 'b', 'c', 'd'].map((text) => system.meta.customerSays({ phone: together }, text)));
  const [row] = await system.sql<{ id: string }>('select max(id) as id from conversation');
  expect(await settled(system, Number(row!.id), 4)).toHaveLength(4);
});

test('of rules that match, the one with the lowest number counts; switched off they do not', async () => {
  const second = await makeBot(admin, { kind: 'keyword_menu', config: MENU });
  const rule = await makeRule({ priority: 5 }, second.id);
  await makeRule({ priority: 10 });
  expect((await firstWords('hi')).bot).toBe(second.id);
  await admin.patch(`/bots/${second.id}/rules/${rule.id}`, { enabled: false });
  expect((await firstWords('hi')).bot).toBe(botId);
  await admin.patch(`/bots/${botId}`, { enabled: false });
  expect((await firstWords('hi')).bot).toBeNull();
});

test('conditions: words, the number written to, a tag of the contact', async () => {
  const number = await connectNumber(admin);
  system.meta.addNumber(number);
  const [own] = await system.sql<{ id: string }>(
    'select id from whatsapp_integration_config where phone_number_id = $1',
    [number.phoneNumberId],
  );
  await makeRule({ keywords: ['café', 'coffee'], integration_id: Number(own!.id) });
  const { phoneNumberId } = number;
  expect((await firstWords('Do you have CAFE?', { phoneNumberId })).bot).toBe(botId);
  expect((await firstWords('Do you have tea?', { phoneNumberId })).bot).toBeNull();
  expect((await firstWords('A cafeteria?', { phoneNumberId })).bot).toBeNull();
  expect((await firstWords('coffee')).bot).toBeNull();

  await system.sql('delete from bot_rule');
  const [tag] = await system.sql<{ id: string }>(
    `insert into tag (workspace_id, name) values (1, 'vip') returning id`,
  );
  await makeRule({ tag_id: Number(tag!.id) });
  const { phone, bot, id } = await firstWords('hi');
  expect(bot).toBeNull();
  const { contact_id: contact } = (await admin.get(`/conversations/${id}`)).body;
  expect((await admin.patch(`/conversations/${id}`, { status: 'closed' })).status).toBe(200);
  await system.sql('insert into contact_tag (workspace_id, contact_id, tag_id) values (1, $1, $2)', [
    contact,
    tag!.id,
  ]);
  expect((await firstWords('hi again', { phone })).bot).toBe(botId);
});

test('conditions: inside or outside the business hours', async () => {
  const hours = (when: string, open: object[]): object => ({ when, time_zone: 'Asia/Tokyo', open });
  const rule = await makeRule({ hours: hours('outside', ALWAYS_OPEN) });
  const path = `/bots/${botId}/rules/${rule.id}`;
  expect((await firstWords('hi')).bot).toBeNull();
  await admin.patch(path, { hours: hours('outside', []) });
  expect((await firstWords('hi')).bot).toBe(botId);
  await admin.patch(path, { hours: hours('inside', []) });
  expect((await firstWords('hi')).bot).toBeNull();
});

test('a later message counts only for a rule about any message, and never once somebody had the conversation', async () => {
  await makeRule({ keywords: ['bot'] });
  const phone = newPhone();
  const { id } = await firstWords('hello', { phone });
  await system.meta.customerSays({ phone }, 'a bot, please');
  await lookedAt(id);
  const botOf = async (): Promise<unknown> => (await admin.get(`/conversations/${id}`)).body['assigned_bot'];
  expect(await botOf()).toBeNull();

  await makeRule({ keywords: ['bot'], applies_to: 'any_message' });
  await system.meta.customerSays({ phone }, 'a bot, please!');
  await lookedAt(id);
  expect(await botOf()).toBe(botId);

  await system.meta.customerSays({ phone }, 'talk to us'); // which hands it to the people in the queue
  await eventually(async () => (await botOf()) === null);
  await system.meta.customerSays({ phone }, 'not the bot again');
  await lookedAt(id);
  expect(await botOf()).toBeNull();
});

test('a conversation that somebody has is left to them', async () => {
  await makeRule({ applies_to: 'any_message' });
  const other = await makeBot(admin, {});
  const { id, phone } = await firstWords('hi');
  await admin.patch(`/conversations/${id}/assign`);
  await system.meta.customerSays({ phone }, 'still me');
  await lookedAt(id);
  expect((await admin.get(`/conversations/${id}`)).body['assigned_user']).toBe(admin.user.id);
  await giveToBot(admin, id, other.id);
  await system.meta.customerSays({ phone }, 'and again');
  await lookedAt(id);
  expect((await admin.get(`/conversations/${id}`)).body['assigned_bot']).toBe(other.id);
});

test('the journal handed over once more, as after a crash, gives, asks, counts and says nothing again', async () => {
  const [place] = await system.sql<{ cursor: string }>(
    `select cursor from journal_consumer where name = 'bots'`,
  );
  await makeRule();
  const { id, phone } = await firstWords('hello');
  await system.meta.customerSays({ phone }, 'blah');
  await settled(system, id, 2);
  await admin.patch(`/conversations/${id}/assign`);
  await giveToBot(admin, id, botId);
  await system.meta.customerSays({ phone }, 'hello again');
  await settled(system, id, 3);
  await lookedAt(id);
  const traces = async (): Promise<unknown> => [
    (await admin.get(`/bots/${botId}`)).body['counters'],
    await system.sql('select * from bot_trigger where conversation_id = $1 order by message_id', [id]),
    await system.sql('select * from bot_session where conversation_id = $1', [id]),
    await system.sql('select id, body from message where conversation_id = $1 order by id', [id]),
    (
      await system.sql(
        `select id from event where conversation_id = $1 and type <> 'message:status_changed'`,
        [id],
      )
    ).length,
  ];
  const before = await traces();
  expect((before as object[])[0]).toMatchObject({ conversations: 2, messages: 3 });

  await system.sql(`update journal_consumer set cursor = $1 where name = 'bots'`, [place!.cursor]);
  await lookedAt(id);
  await eventually(
    async () => (await system.sql(`select 1 from job where task = 'bots.answer'`)).length === 0,
  );
  expect(await traces()).toEqual(before);
});

test('rules of one workspace say nothing about another', async () => {
  const { id: workspaceId } = await system.createWorkspace('other-rules');
  const boss = await system.signIn('admin', { workspaceId });
  const bot = await makeBot(boss, { kind: 'keyword_menu', config: MENU });
  expect((await boss.post(`/bots/${bot.id}/rules`, {})).status).toBe(201);
  expect((await firstWords('hi')).bot).toBeNull();
});
