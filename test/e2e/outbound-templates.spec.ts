import { becomes, codeOf, conversationOf, newPhone, type Shown } from '../support/sending';
import { ACCESS_TOKEN, type Answer, type Caller, TestSystem } from '../support/system';

const ACCOUNT = '102290129340398';
const BODY = { type: 'BODY', text: 'Hi {{1}}, your order {{2}} is on its way.' };
const TEMPLATES = [
  {
    name: 'plain',
    components: [
      { type: 'HEADER', format: 'TEXT', text: 'News' },
      { type: 'BODY', text: 'All is well.' },
    ],
  },
  { name: 'order', language: 'pt_BR', components: [BODY, { type: 'FOOTER', text: 'Your shop' }] },
  {
    name: 'named',
    parameter_format: 'NAMED' as const,
    components: [
      { type: 'HEADER', format: 'TEXT', text: 'For {{first_name}}' },
      { type: 'BODY', text: '{{first_name}}: {{discount}} off. Yes, {{discount}}!' },
    ],
  },
  {
    name: 'picture',
    components: [
      { type: 'HEADER', format: 'IMAGE' },
      { type: 'BODY', text: 'Look.' },
    ],
  },
  {
    name: 'place',
    components: [
      { type: 'HEADER', format: 'LOCATION' },
      { type: 'BODY', text: 'Come.' },
    ],
  },
  {
    name: 'buttons',
    category: 'MARKETING',
    components: [
      { type: 'BODY', text: 'Choose.' },
      {
        type: 'BUTTONS',
        buttons: [
          { type: 'QUICK_REPLY', text: 'Yes' },
          { type: 'URL', text: 'Track', url: 'https://shop.test/{{1}}' },
          { type: 'COPY_CODE', text: 'Copy' },
          { type: 'URL', text: 'Home', url: 'https://shop.test' },
          { type: 'PHONE_NUMBER', text: 'Call', phone_number: '+1' },
        ],
      },
    ],
  },
  { name: 'paused', status: 'PAUSED', components: [{ type: 'BODY', text: 'No.' }] },
];

let system: TestSystem;
let admin: Caller;
let employer: Caller;
let integration: number;
let phone: string;
let conversation: number;

beforeAll(async () => {
  system = await TestSystem.start();
  [admin, employer] = [await system.signIn('admin'), await system.signIn('employer')];
  const { body } = await admin.get<{ data: { id: number }[] }>('/whatsapp-integration-config');
  integration = body.data[0]!.id;
  await admin.patch(`/whatsapp-integration-config/${integration}`, { business_account_id: ACCOUNT });
});
beforeEach(async () => {
  system.meta.reset();
  system.meta.templates.set(TEMPLATES);
  phone = newPhone();
  conversation = await conversationOf(system, phone);
  await system.sql(`update conversation set window_expires_at = now() where id = $1`, [conversation]);
});
afterAll(() => system.stop());

interface Template {
  name: string;
  status: string;
  needs: object;
}

const path = (): string => `/whatsapp-integration-config/${integration}/templates`;
const sync = (who = admin): Promise<Answer> => who.post(`${path()}/sync`);
const list = async (query = ''): Promise<Template[]> =>
  (await employer.get<{ data: Template[] }>(`${path()}?limit=100${query}`)).body.data;
const send = (name: string, more: object = {}, language = 'en'): Promise<Answer<Shown>> =>
  employer.post<Shown>('/messages', {
    conversation_id: conversation,
    type: 'template',
    payload: { name, language, ...more },
  });

describe('never fetched', () => {
  beforeEach(async () => {
    await system.sql('update whatsapp_integration_config set templates_synced_at = null');
    await system.sql('delete from message_template');
  });

  test('templates are taken on trust, and Meta decides', async () => {
    system.meta.templates.clear();
    await becomes(admin, (await send('anything')).body, 'read');
    system.meta.templates.set([]);
    const refused = await becomes(admin, (await send('nothing')).body, 'failed');
    expect(refused.error_code).toBe(132001);
  });

  test('a button must say what it is', async () => {
    const answer = await send('buttons', { buttons: [{ index: 1, value: '42' }] });
    expect(answer).toMatchObject({ status: 400, body: { details: [{ field: 'payload.buttons.0.type' }] } });
  });
});

describe('POST /whatsapp-integration-config/:id/templates/sync', () => {
  beforeEach(async () => {
    await system.sql('delete from message_template');
  });

  test('fetches what Meta has, page by page, and says what changed', async () => {
    const many = Array.from({ length: 120 }, (_, i) => ({
      name: `t_${i}`,
      components: [{ type: 'BODY', text: 'x' }],
    }));
    system.meta.templates.set(many);
    expect(await sync()).toMatchObject({ status: 200, body: { total: 120, changed: 120, removed: 0 } });
    expect(await list()).toHaveLength(100);
    const pages = system.meta.requests.filter(({ path: asked }) => asked.includes('/message_templates'));
    expect(pages).toHaveLength(3);

    system.meta.templates.set([...many.slice(1, 119), { ...many[119]!, status: 'PAUSED' }, ...TEMPLATES]);
    expect(await sync()).toMatchObject({ status: 200, body: { total: 126, removed: 1 } });
    expect((await list('&name=t_119')).map((one) => one.status)).toEqual(['PAUSED']);
    expect(await list('&name=t_0')).toEqual([]);
    expect(await system.sql(`select 1 from audit_log where action = 'message_template.sync'`)).toHaveLength(
      2,
    );
  });

  test('again without news changes nothing', async () => {
    const given = TEMPLATES.map((one, i) => ({ ...one, id: String(i) }));
    system.meta.templates.set(given);
    await sync();
    expect((await sync()).body).toMatchObject({ total: TEMPLATES.length, changed: 0, removed: 0 });
  });

  test.each<[string, object, RegExp]>([
    ['refuses', { code: 190, on: 'templates' }, /token/],
    ['answers with a page of a gateway', { httpStatus: 502, body: 'html', on: 'templates' }, /502/],
    ['answers with nothing', { httpStatus: 500, body: 'empty', on: 'templates' }, /500/],
  ])('says so where Meta %s, and keeps what there is', async (_, failNext, words) => {
    await sync();
    Object.assign(system.meta.faults, { failNext });
    const answer = await sync();
    expect([answer.status, codeOf(answer)]).toEqual([502, 'PROVIDER_FAILED']);
    expect(answer.body['message']).toMatch(words);
    expect(JSON.stringify(answer.body)).not.toContain(ACCESS_TOKEN);
    expect(await list()).toHaveLength(TEMPLATES.length);
  });

  test('needs to know the account, and an administrator', async () => {
    const { body } = await admin.post<{ id: number }>('/whatsapp-integration-config', {
      phone_number_id: '1',
      access_token: ACCESS_TOKEN,
    });
    const answer = await admin.post(`/whatsapp-integration-config/${body.id}/templates/sync`);
    expect([answer.status, codeOf(answer)]).toEqual([409, 'CONFLICT']);
    expect((await sync(employer)).status).toBe(403);
    expect((await admin.post('/whatsapp-integration-config/999999/templates/sync')).status).toBe(404);
  });
});

describe('GET /whatsapp-integration-config/:id/templates', () => {
  test.each<[string, string[]]>([
    ['', ['buttons', 'named', 'order', 'paused', 'picture', 'place', 'plain']],
    ['&sort=-name', ['plain', 'place', 'picture', 'paused', 'order', 'named', 'buttons']],
    ['&name=PL', ['place', 'plain']],
    ['&name=%25', []],
    ['&language=pt_BR', ['order']],
    ['&status=paused', ['paused']],
    ['&category=Marketing', ['buttons']],
    ['&status=approved&name=p', ['picture', 'place', 'plain']],
  ])('answers %s', async (query, names) => {
    await sync();
    expect((await list(query)).map((one) => one.name)).toEqual(names);
  });

  test.each(['status=a%20b', 'sort=id', 'language=1', 'name=', 'limit=0', 'x=1'])(
    'refuses ?%s',
    async (query) => {
      expect((await employer.get(`${path()}?${query}`)).status).toBe(400);
    },
  );

  test('says what a message must bring', async () => {
    await sync();
    const needs = Object.fromEntries((await list()).map((one) => [one.name, one.needs]));
    const nothing = { header: null, named: false, body: [], buttons: [] };
    expect(needs).toEqual({
      plain: nothing,
      paused: nothing,
      order: { ...nothing, body: ['1', '2'] },
      named: { header: 'text', named: true, body: ['first_name', 'discount'], buttons: [] },
      picture: { ...nothing, header: 'image' },
      place: { ...nothing, header: 'location' },
      buttons: {
        ...nothing,
        buttons: [
          { index: 1, type: 'url', text: 'Track' },
          { index: 2, type: 'copy_code', text: 'Copy' },
        ],
      },
    });
  });
});

describe('a template that is known', () => {
  beforeEach(() => sync());
  const place = { latitude: 1, longitude: 2 };

  test.each<[string, string, object, string]>([
    ['plain', 'en', {}, 'News\nAll is well.'],
    [
      'order',
      'pt_BR',
      { body: [{ text: 'Ana' }, { text: '42' }] },
      'Hi Ana, your order 42 is on its way.\nYour shop',
    ],
    [
      'order',
      'pt_BR',
      { body: [{ text: '{{2}}' }, { text: '$& $1' }] },
      'Hi {{2}}, your order $& $1 is on its way.\nYour shop',
    ],
    [
      'named',
      'en',
      {
        header: { value: { text: 'Ana' } },
        body: [
          { name: 'discount', text: '5%' },
          { name: 'first_name', text: 'Ana' },
        ],
      },
      'For Ana\nAna: 5% off. Yes, 5%!',
    ],
    ['picture', 'en', { header: { type: 'image', link: 'https://x.test/a.png' } }, 'Look.'],
    ['place', 'en', { header: { location: place } }, 'Come.'],
    [
      'buttons',
      'en',
      {
        buttons: [
          { index: 1, value: '42' },
          { index: 2, value: 'SAVE5' },
          { index: 0, type: 'quick_reply', value: 'YES' },
        ],
      },
      'Choose.\n[Yes] [Track] [Copy] [Home] [Call]',
    ],
  ])('%s (%s) goes out filled, and is readable in the inbox', async (name, language, more, body) => {
    const answer = await send(name, more, language);
    expect(answer).toMatchObject({ status: 201, body: { body, payload: { kind: 'template', name } } });
    await becomes(admin, answer.body, 'read');
  });

  test.each<[string, string, object, string]>([
    ['that Meta does not have', 'none', {}, 'payload.name'],
    ['that is paused', 'paused', {}, 'payload.name'],
    ['with a header it has not', 'plain', { header: { value: { text: 'x' } } }, 'payload.header'],
    ['with a variable it has not', 'plain', { body: [{ text: 'x' }] }, 'payload.body'],
    ['without its header', 'picture', {}, 'payload.header.type'],
    [
      'with another header',
      'picture',
      { header: { type: 'video', link: 'https://x.test' } },
      'payload.header.type',
    ],
    ['without its place', 'place', {}, 'payload.header.location'],
    ['without the value of its header', 'named', { body: [] }, 'payload.header.value'],
    [
      'without names',
      'named',
      { header: { value: { text: 'Ana' } }, body: [{ text: 'a' }, { text: 'b' }] },
      'payload.body',
    ],
    ['without the value of a button', 'buttons', { buttons: [{ index: 1, value: 'x' }] }, 'payload.buttons'],
    [
      'with a button it has not',
      'buttons',
      { buttons: [{ index: 7, value: 'x' }] },
      'payload.buttons.0.index',
    ],
    [
      'with a button that takes nothing',
      'buttons',
      { buttons: [{ index: 3, value: 'x' }] },
      'payload.buttons.0.index',
    ],
    [
      'with a button of another type',
      'buttons',
      { buttons: [{ index: 1, type: 'copy_code', value: 'x' }] },
      'payload.buttons.0.type',
    ],
    [
      'with a button given twice',
      'buttons',
      {
        buttons: [
          { index: 1, value: 'x' },
          { index: 1, value: 'y' },
        ],
      },
      'payload.buttons',
    ],
  ])('%s is refused', async (_, name, more, field) => {
    const answer = await send(name, more);
    expect(answer).toMatchObject({ status: 400, body: { code: 'VALIDATION_FAILED', details: [{ field }] } });
  });

  test('in another language is another template', async () => {
    expect((await send('order', { body: [{ text: 'a' }, { text: 'b' }] }, 'en')).status).toBe(400);
    expect((await send('order', { body: [{ text: 'a' }] }, 'pt_BR')).status).toBe(400);
  });

  test('is pressed by the customer, and the press opens the window', async () => {
    const answer = await send('buttons', {
      buttons: [
        { index: 1, value: '42' },
        { index: 2, value: 'A' },
      ],
    });
    const { whatsapp_message_id: wamid } = await becomes(admin, answer.body, 'read');
    expect(system.meta.phone.bubbles.get(wamid!)).toMatchObject({
      text: 'Choose.',
      choices: [{ title: 'Yes' }],
    });
    await system.meta.customerSays(
      { phone },
      { type: 'button', button: { payload: 'Yes', text: 'Yes' }, context: { id: wamid } },
    );
    const free = await employer.post('/messages', { conversation_id: conversation, body: 'Great' });
    expect(free.status).toBe(201);
  });
});
