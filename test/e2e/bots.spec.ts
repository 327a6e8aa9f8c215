import { BOT_SECRET, BotService, giveToBot, makeBot, saidTo, settled } from '../support/bots';
import { eventually } from '../support/eventually';
import { conversationOf, newPhone } from '../support/sending';
import { type Answer, type Caller, TestSystem } from '../support/system';

const OPTION = { title: 'Prices', reply: 'From 5 euros.' };
const MENU = { greeting: 'Welcome!', options: [OPTION], fallback: 'What?' };
const WEBHOOK = { url: 'https://bots.example.com/hook' };

let system: TestSystem;
let admin: Caller;
let supervisor: Caller;
let employer: Caller;

beforeAll(async () => {
  system = await TestSystem.start();
  admin = await system.signIn('admin');
  supervisor = await system.signIn('supervisor');
  employer = await system.signIn('employer');
});
afterAll(() => system.stop());

const names = (answer: Answer): string[] =>
  (answer.body as unknown as { data: { name: string }[] }).data.map((bot) => bot.name);

describe('a bot', () => {
  test('is made with what is left out filled in, read, changed and deleted', async () => {
    const made = await admin.post<{ id: number }>('/bots', {
      name: 'Menu',
      kind: 'keyword_menu',
      config: MENU,
    });
    expect(made.status).toBe(201);
    expect(made.body).toEqual({
      id: expect.any(Number) as number,
      name: 'Menu',
      description: null,
      kind: 'keyword_menu',
      enabled: true,
      config: { ...MENU, max_fallbacks: 3, list_button: 'Menu' },
      secret_end: null,
      counters: {
        conversations: 0,
        messages: 0,
        replies: 0,
        handoffs: 0,
        fallbacks: 0,
        failures: 0,
        unanswered: 0,
      },
      average_reply_ms: null,
      last_active_at: null,
      created_at: expect.stringMatching(/Z$/) as string,
      updated_at: expect.stringMatching(/Z$/) as string,
    });
    const path = `/bots/${made.body.id}`;
    expect((await admin.get(path)).body).toEqual(made.body);
    const changed = await admin.patch(path, { name: 'Other', description: 'd', enabled: false });
    expect(changed).toMatchObject({ status: 200, body: { name: 'Other', description: 'd', enabled: false } });
    expect((await admin.patch(path, { description: null })).body).toMatchObject({
      description: null,
      name: 'Other',
    });
    const deleted = await admin.delete(path);
    expect([deleted.status, deleted.body]).toEqual([204, '']);
    for (const again of [
      await admin.get(path),
      await admin.patch(path, { name: 'x' }),
      await admin.delete(path),
    ])
      expect(again).toMatchObject({ status: 404, body: { code: 'NOT_FOUND' } });
    const log = await system.sql(
      `select action from audit_log where subject_type = 'bot' and subject_id = $1 order by id`,
      [made.body.id],
    );
    expect(log.map((row) => row['action'])).toEqual(['bot.create', 'bot.update', 'bot.update', 'bot.delete']);
  });

  test('becomes another kind together with that kind’s config', async () => {
    const { id } = await makeBot(admin, { kind: 'keyword_menu', config: MENU });
    const without = await admin.patch(`/bots/${id}`, { kind: 'webhook', secret: BOT_SECRET });
    expect(without).toMatchObject({ status: 400, body: { code: 'VALIDATION_FAILED' } });
    expect((await admin.patch(`/bots/${id}`, { kind: 'webhook', config: WEBHOOK })).status).toBe(400); // no secret
    const other = await admin.patch(`/bots/${id}`, { kind: 'webhook', config: WEBHOOK, secret: BOT_SECRET });
    expect(other.body).toMatchObject({ kind: 'webhook', config: { ...WEBHOOK, timeout_seconds: 10 } });
    expect((await admin.patch(`/bots/${id}`, { kind: 'none' })).body).toMatchObject({ config: {} });
  });

  test('keeps its secret: sealed in the database, only its end shown, in no log of what was done', async () => {
    const made = await makeBot(admin, { kind: 'webhook', config: WEBHOOK, secret: BOT_SECRET });
    expect(made['secret_end']).toBe('1234');
    expect(JSON.stringify(made)).not.toContain(BOT_SECRET);
    const changed = await admin.patch(`/bots/${made.id}`, { secret: 'another-secret-of-it-9876' });
    expect(changed.body['secret_end']).toBe('9876');
    const rows = await system.sql(
      `select b::text as row from bot b union all select a::text from audit_log a`,
    );
    expect(rows.some((row) => /a-secret-of-the-bot|another-secret/.test(String(row['row'])))).toBe(false);
  });

  test('shows its config to supervisors, and not to employers', async () => {
    const { id } = await makeBot(admin, { kind: 'webhook', config: WEBHOOK, secret: BOT_SECRET });
    expect((await supervisor.get(`/bots/${id}`)).body['config']).toMatchObject(WEBHOOK);
    expect(await employer.get(`/bots/${id}`)).toMatchObject({ status: 200, body: { config: null } });
  });
});

test('bots are listed by page, search, kind, state and order', async () => {
  const { id: workspaceId } = await system.createWorkspace('listing');
  const boss = await system.signIn('admin', { workspaceId });
  for (const [name, fields] of [
    ['beta', { description: 'for sales', enabled: false }],
    ['Alpha_1', {}],
    ['gamma', { kind: 'keyword_menu', config: MENU }],
  ] as const)
    await makeBot(boss, { name, ...fields });
  expect(names(await boss.get('/bots?sort=-id'))).toEqual(['gamma', 'Alpha_1', 'beta']);
  expect(names(await boss.get('/bots?sort=created_at'))).toEqual(['beta', 'Alpha_1', 'gamma']);
  expect(names(await boss.get('/bots?search=SALES'))).toEqual(['beta']);
  expect(names(await boss.get('/bots?search=_'))).toEqual(['Alpha_1']);
  expect(names(await boss.get('/bots?kind=keyword_menu'))).toEqual(['gamma']);
  expect(names(await boss.get('/bots?enabled=false'))).toEqual(['beta']);
  const page = await boss.get('/bots?limit=2&page=2&sort=id');
  expect([names(page), page.body['meta']]).toEqual([['gamma'], { page: 2, limit: 2, total: 3, pages: 2 }]);
});

describe('what is refused', () => {
  const menu = (changes: object): object => ({ kind: 'keyword_menu', config: { ...MENU, ...changes } });
  const option = (changes: object): object => menu({ options: [{ ...OPTION, ...changes }] });
  const webhook = (config: object): object => ({ kind: 'webhook', secret: BOT_SECRET, config });
  test.each<[string, object]>([
    ['no name', { name: undefined }],
    ['a blank name', { name: '  ' }],
    ['a name with a NUL', { name: 'a\u0000' }],
    ['a long name', { name: 'x'.repeat(101) }],
    ['an unknown kind', { kind: 'oracle' }],
    ['an unknown field', { colour: 'red' }],
    ['enabled as text', { enabled: 'yes' }],
    ['a config that is a list', { config: [] }],
    ['a config for none', { kind: 'none', config: { a: 1 } }],
    ['a menu without config', { kind: 'keyword_menu' }],
    ['a menu without options', menu({ options: [] })],
    [
      'too many options',
      menu({ options: Array.from({ length: 21 }, (_, i) => ({ title: `${i}`, reply: 'x' })) }),
    ],
    ['an unknown field in a menu', menu({ mood: 1 })],
    ['an option that does nothing', option({ reply: undefined })],
    ['an option with two ends', option({ next: 'main', action: 'close' })],
    ['an option that leads nowhere', option({ next: 'nowhere' })],
    ['an unknown action', option({ action: 'dance' })],
    ['a keyword that is no text', option({ keywords: [1] })],
    ['two options of one title', menu({ options: [OPTION, { ...OPTION, title: 'PRÍCES!' }] })],
    ['two menus of one id', menu({ menus: [1, 2].map(() => ({ id: 'a', text: 'x', options: [OPTION] })) })],
    ['a second main menu', menu({ menus: [{ id: 'main', text: 'x', options: [OPTION] }] })],
    ['no tolerance at all', menu({ max_fallbacks: 0 })],
    ['a greeting beyond what WhatsApp takes', menu({ greeting: 'x'.repeat(1_025) })],
    ['a webhook without an address', webhook({})],
    ['another scheme', webhook({ url: 'ftp://example.com' })],
    ['a file', webhook({ url: 'file:///etc/passwd' })],
    ['a user in the address', webhook({ url: 'https://user:secret@example.com' })],
    ['no address', webhook({ url: 'http://' })],
    ['a long wait', webhook({ ...WEBHOOK, timeout_seconds: 11 })],
    ['a webhook without a secret', { kind: 'webhook', config: WEBHOOK }],
    ['a short secret', { kind: 'webhook', config: WEBHOOK, secret: 'short' }],
    ['a secret with blanks', { kind: 'webhook', config: WEBHOOK, secret: 'a secret with blanks' }],
  ])('%s', async (_, body) => {
    const before = await system.sql('select count(*) as n from bot');
    const answer = await admin.post('/bots', { name: 'Bad', ...body });
    expect([answer.status, answer.body['code']]).toEqual([400, 'VALIDATION_FAILED']);
    expect(await system.sql('select count(*) as n from bot')).toEqual(before);
  });

  test.each(['?sort=secret', '?kind=x', '?enabled=maybe', '?page=0', '?search=', '?colour=red'])(
    'GET /bots%s',
    async (query) => {
      expect(await admin.get(`/bots${query}`)).toMatchObject({
        status: 400,
        body: { code: 'VALIDATION_FAILED' },
      });
    },
  );

  test.each([
    '?from=2026-13-01',
    '?from=2026-02-30',
    '?from=2026-02-02&to=2026-02-01',
    '?from=2020-01-01&to=2026-01-01',
    '?from=x',
  ])('GET /bots/:id/stats%s', async (query) => {
    const { id } = await makeBot(admin, {});
    expect(await admin.get(`/bots/${id}/stats${query}`)).toMatchObject({
      status: 400,
      body: { code: 'VALIDATION_FAILED' },
    });
  });
});

describe('a bot that is deleted', () => {
  test('gives its conversations back to the queue, and what it said keeps its sender', async () => {
    const listener = await system.listen(admin);
    const { id } = await makeBot(admin, { kind: 'keyword_menu', config: MENU });
    const phones = [newPhone(), newPhone()];
    const [open, closed] = [
      await conversationOf(system, phones[0]!),
      await conversationOf(system, phones[1]!),
    ];
    for (const conversation of [open, closed]) await giveToBot(admin, conversation, id);
    for (const phone of phones) await system.meta.customerSays({ phone }, 'hi');
    await settled(system, open, 1);
    await settled(system, closed, 1);
    expect((await admin.patch(`/conversations/${closed}`, { status: 'closed' })).status).toBe(200);

    expect((await admin.delete(`/bots/${id}`)).status).toBe(204);

    expect((await admin.get(`/conversations/${open}`)).body).toMatchObject({
      status: 'queue',
      assigned_bot: null,
    });
    expect((await admin.get(`/conversations/${closed}`)).body).toMatchObject({
      status: 'closed',
      assigned_bot: null,
    });
    await eventually(() =>
      listener
        .of('conversation:assigned')
        .some((h) => h.payload['id'] === open && h.payload['assigned_bot'] === null),
    );
    const senders = await system.sql<{ sender_bot: string }>(
      `select sender_bot from message where conversation_id = any ($1) and sender_type = 'bot'`,
      [[open, closed]],
    );
    expect(senders.map((row) => Number(row.sender_bot))).toEqual([id, id]);
    expect(await admin.patch(`/conversations/${open}/assign`, { assigned_bot: id })).toMatchObject({
      status: 400,
      body: { code: 'VALIDATION_FAILED' },
    });
    await system.meta.customerSays({ phone: phones[0]! }, 'still there?');
    expect(saidTo(system.meta, phones[0]!)).toHaveLength(1);
  });

  test('while conversations are given to it ends without one of them being left with it', async () => {
    const { id } = await makeBot(admin, {});
    const conversations = await Promise.all(
      Array.from({ length: 12 }, () => conversationOf(system, newPhone())),
    );
    const giving = conversations.map((each) =>
      admin.patch(`/conversations/${each}/assign`, { assigned_bot: id }),
    );
    const [deleted, ...given] = await Promise.all([admin.delete(`/bots/${id}`), ...giving]);
    expect([204, 409]).toContain(deleted.status);
    for (const answer of given) expect([200, 400]).toContain(answer.status);
    if (deleted.status === 409) expect((await admin.delete(`/bots/${id}`)).status).toBe(204);
    expect(await system.sql('select id from conversation where assigned_bot = $1', [id])).toEqual([]);
  });
});

describe('what a bot has done', () => {
  test('is counted as it happens, shown with it, and by day', async () => {
    const { id } = await makeBot(admin, {
      kind: 'keyword_menu',
      config: { ...MENU, handoff_keywords: ['human'], handoff_text: 'One moment.' },
    });
    const phone = newPhone();
    const conversation = await conversationOf(system, phone);
    await giveToBot(admin, conversation, id);
    for (const text of ['hi', 'blah', 'prices', 'human']) await system.meta.customerSays({ phone }, text);
    await settled(system, conversation, 4);

    const bot = (await employer.get(`/bots/${id}`)).body;
    const counters = {
      conversations: 1,
      messages: 4,
      replies: 5,
      handoffs: 1,
      fallbacks: 1,
      failures: 0,
      unanswered: 0,
    };
    expect(bot).toMatchObject({ counters, last_active_at: expect.stringMatching(/Z$/) as string });
    expect(bot['average_reply_ms']).toBeGreaterThan(0);
    const today = new Date().toISOString().slice(0, 10);
    await system.sql(
      `insert into bot_daily (workspace_id, bot_id, day, messages, answered, answer_ms) values (1, $1, '2026-01-05', 2, 2, 300)`,
      [id],
    );
    const stats = await supervisor.get(`/bots/${id}/stats?from=2026-01-01&to=2026-01-31`);
    expect(stats).toMatchObject({
      status: 200,
      body: {
        from: '2026-01-01',
        to: '2026-01-31',
        totals: { messages: 2, replies: 0, average_reply_ms: 150 },
        days: [{ day: '2026-01-05', messages: 2, average_reply_ms: 150 }],
      },
    });
    const recent = (await supervisor.get(`/bots/${id}/stats`)).body;
    expect(recent).toMatchObject({ to: today, totals: counters, days: [{ day: today, ...counters }] });
    expect(await employer.get(`/bots/${id}/stats`)).toMatchObject({ status: 403 });
  });
});

describe('the address of a service', () => {
  test.each([
    'http://127.0.0.1:PORT',
    'http://localhost:PORT',
    'http://[::1]:PORT',
    'http://[::ffff:127.0.0.1]:PORT',
    'http://2130706433:PORT',
    'http://169.254.169.254',
  ])('%s is not called where the operator has not allowed it', async (address) => {
    const service = await BotService.start();
    try {
      const url = address.replace('PORT', new URL(service.url).port);
      const { id } = await makeBot(admin, { kind: 'webhook', config: { url }, secret: BOT_SECRET });
      const phone = newPhone();
      const conversation = await conversationOf(system, phone);
      await giveToBot(admin, conversation, id);
      await system.meta.customerSays({ phone }, 'hi');
      expect(await settled(system, conversation, 1)).toEqual(['handed_off']);
      expect(service.asked).toEqual([]);
      const [handoff] = await system.sql<{ detail: string }>(
        `select payload->>'detail' as detail from event where type = 'bot:handoff' and conversation_id = $1`,
        [conversation],
      );
      expect(handoff!.detail).toMatch(/not one of the public internet/);
    } finally {
      await service.stop();
    }
  });
});
