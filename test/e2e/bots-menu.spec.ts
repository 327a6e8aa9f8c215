import { inbound } from '../../simulator/inbound-content';
import { giveToBot, makeBot, saidTo, settled } from '../support/bots';
import { eventually } from '../support/eventually';
import { conversationOf, newPhone } from '../support/sending';
import { type Caller, TestSystem } from '../support/system';

const MENU = {
  greeting: 'Welcome! What is it about?',
  options: [
    { title: 'Prices', keywords: ['price', 'cost', 'envío'], reply: 'From 5 euros.' },
    { title: 'Opening hours', next: 'hours' },
    { title: 'Talk to us', action: 'handoff' },
  ],
  menus: [
    {
      id: 'hours',
      text: 'Which shop?',
      options: [
        { title: 'North', reply: 'Nine to five.', action: 'close' },
        { title: 'South', reply: 'Ten to six.', next: 'main' },
      ],
    },
  ],
  fallback: 'I did not understand.',
  handoff_keywords: ['human'],
  handoff_text: 'Somebody will be with you.',
  max_fallbacks: 2,
};
const GREETING = '[button] Welcome! What is it about?';

let system: TestSystem;
let admin: Caller;
let botId: number;

beforeAll(async () => {
  system = await TestSystem.start();
  admin = await system.signIn('admin');
  botId = (await makeBot(admin, { kind: 'keyword_menu', config: MENU })).id;
});
afterAll(() => system.stop());

/** A conversation that the bot has. */
async function withBot(
  bot = botId,
): Promise<{ phone: string; id: number; says: (text: string) => Promise<void> }> {
  const phone = newPhone();
  const id = await conversationOf(system, phone);
  await giveToBot(admin, id, bot);
  let said = 0;
  const says = async (text: string): Promise<void> => {
    await system.meta.customerSays({ phone }, text);
    await settled(system, id, ++said);
  };
  return { phone, id, says };
}

async function heardBy(phone: string, count: number): Promise<string[]> {
  await eventually(() => saidTo(system.meta, phone).length >= count, {
    what: `${count} messages to ${phone}`,
  });
  return saidTo(system.meta, phone);
}

const state = async (id: number): Promise<object> => {
  const { status, assigned_user, assigned_bot } = (await admin.get(`/conversations/${id}`)).body;
  return { status, assigned_user, assigned_bot };
};
const QUEUED = { status: 'queue', assigned_user: null, assigned_bot: null };

test('it greets with its menu, and answers by number, word, title and pressed button', async () => {
  const { phone, says, id } = await withBot();
  await says('good day');
  await says('1');
  await says('how much does the ENVIO cost?');
  await says('opening HOURS');
  await says('2');
  await system.meta.customerSays({ phone }, inbound.buttonReply({ id: 'menu:main:0', title: 'Preise' }));
  await settled(system, id, 6);
  expect(await heardBy(phone, 7)).toEqual([
    GREETING,
    'From 5 euros.',
    'From 5 euros.',
    '[button] Which shop?',
    'Ten to six.',
    GREETING,
    'From 5 euros.',
  ]);
  expect(await state(id)).toEqual({ status: 'active', assigned_user: null, assigned_bot: botId });
});

test('what it does not understand shows the menu again, and the second in a row brings a person', async () => {
  const listener = await system.listen(admin);
  const { phone, says, id } = await withBot();
  await says('hello');
  await says('blah');
  await says('price');
  await says('blah blah');
  await says('blah blah blah');
  expect(await heardBy(phone, 7)).toEqual([
    GREETING,
    'I did not understand.',
    GREETING,
    'From 5 euros.',
    'I did not understand.',
    GREETING,
    'Somebody will be with you.',
  ]);
  expect(await state(id)).toEqual(QUEUED);
  await eventually(() => listener.of('bot:handoff').some((h) => h.payload['conversation_id'] === id));
  const heard = listener.heard.filter((h) => (h.payload['conversation_id'] ?? h.payload['id']) === id);
  expect(heard.find((h) => h.event === 'bot:handoff')?.payload).toEqual({
    conversation_id: id,
    bot_id: botId,
    reason: 'not_understood',
    detail: null,
  });
  expect(heard.filter((h) => h.event === 'conversation:assigned').at(-1)?.payload).toMatchObject(QUEUED);
  // The person's conversation now: the bot hears nothing more of it.
  await system.meta.customerSays({ phone }, '1');
  await admin.patch(`/conversations/${id}/assign`);
  await withBot().then(({ says: others }) => others('later than that'));
  expect(saidTo(system.meta, phone)).toHaveLength(7);
});

test.each([
  ['a word', 'I want a HUMAN!', 'Somebody will be with you.'],
  ['an option', 'talk to us', 'Somebody will be with you.'],
])('%s brings a person at once', async (_, text, answer) => {
  const { phone, says, id } = await withBot();
  await says(text);
  expect(await heardBy(phone, 1)).toEqual([answer]);
  expect(await state(id)).toEqual(QUEUED);
});

test('an option may end the conversation; the next message opens another one, which is not the bot’s', async () => {
  const { phone, says, id } = await withBot();
  await says('hi');
  await says('2');
  await says('north');
  expect((await heardBy(phone, 3)).at(-1)).toBe('Nine to five.');
  expect(await state(id)).toMatchObject({ status: 'closed', assigned_bot: botId });
  const next = await conversationOf(system, phone);
  expect(next).not.toBe(id);
  expect(await state(next)).toEqual(QUEUED);
});

test('a bot that gets a conversation again begins anew', async () => {
  const { phone, says, id } = await withBot();
  await says('hi');
  await says('blah');
  await admin.patch(`/conversations/${id}/assign`);
  await giveToBot(admin, id, botId);
  await says('1'); // means nothing yet
  expect(await heardBy(phone, 4)).toEqual([GREETING, 'I did not understand.', GREETING, GREETING]);
});

test('a menu that does not fit on buttons is a list, and one that does not fit there is numbered', async () => {
  const many = (count: number, title = 'Choice'): object[] =>
    Array.from({ length: count }, (_, i) => ({ title: `${title} ${i + 1}`, reply: `You chose ${i + 1}.` }));
  const listed = await makeBot(admin, {
    kind: 'keyword_menu',
    config: { ...MENU, menus: [], options: many(10) },
  });
  const list = await withBot(listed.id);
  await list.says('hi');
  await system.meta.customerSays(
    { phone: list.phone },
    inbound.listReply({ id: 'menu:main:9', title: 'Choice 10' }),
  );
  expect(await heardBy(list.phone, 2)).toEqual(['[list] Welcome! What is it about?', 'You chose 10.']);

  const numbered = await makeBot(admin, {
    kind: 'keyword_menu',
    config: { ...MENU, menus: [], options: many(11) },
  });
  const text = await withBot(numbered.id);
  await text.says('hi');
  await text.says('11.');
  const [menu, chosen] = await heardBy(text.phone, 2);
  expect(menu!.split('\n').slice(0, 3)).toEqual(['Welcome! What is it about?', '', '1. Choice 1']);
  expect(menu!.endsWith('\n11. Choice 11')).toBe(true);
  expect(chosen).toBe('You chose 11.');
});

test('a picture is not understood, a reaction is nothing to answer', async () => {
  const { phone, says, id } = await withBot();
  await says('hi');
  const [shown] = await system.sql<{ wamid: string }>(
    `select whatsapp_message_id as wamid from message where conversation_id = $1 order by id limit 1`,
    [id],
  );
  await system.meta.customerSays({ phone }, inbound.reaction(shown!.wamid, '👍'));
  await system.meta.customerSays({ phone }, inbound.location({ latitude: 1, longitude: 2 }));
  await settled(system, id, 2);
  expect(await heardBy(phone, 3)).toEqual([GREETING, 'I did not understand.', GREETING]);
});

test('a bot without anything to say leaves its conversations alone', async () => {
  const silent = await makeBot(admin, { kind: 'none' });
  const { says, id } = await withBot(silent.id);
  await says('hello?');
  expect(await state(id)).toMatchObject({ assigned_bot: silent.id, status: 'active' });
  expect(
    (await system.sql(`select 1 from message where conversation_id = $1 and sender_type = 'bot'`, [id]))
      .length,
  ).toBe(0);
});

test('a bot that is switched off brings a person instead of silence', async () => {
  const off = await makeBot(admin, { kind: 'keyword_menu', config: MENU });
  const { says, id } = await withBot(off.id);
  await says('hi');
  await admin.patch(`/bots/${off.id}`, { enabled: false });
  await says('1');
  expect(await state(id)).toEqual(QUEUED);
});
