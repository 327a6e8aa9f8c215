import { inbound } from '../../simulator/inbound-content';
import { eventually } from '../support/eventually';
import { type Caller, type Listener, TestSystem } from '../support/system';

let system: TestSystem;
let admin: Caller;
let agent: Listener;

beforeAll(async () => {
  system = await TestSystem.start();
  admin = await system.signIn('admin');
  agent = await system.listen(admin);
});
afterAll(() => system.stop());

/** The payload of `message:new` for a message, once it was heard. */
async function announced(wamid: string): Promise<Record<string, unknown>> {
  const find = () => agent.of('message:new').find(({ payload }) => payload['whatsapp_message_id'] === wamid);
  await eventually(find, { what: `message:new of ${wamid}` });
  return find()!.payload;
}

const ANA = { phone: '5491155550001', name: 'Ana' };
const STATE = ['id', 'channel', 'status', 'assigned_user', 'assigned_bot', 'unread_count', 'read'] as const;
const TIMES = ['last_message_at', 'window_expires_at', 'updated_at'] as const;

// The payload is written in SQL for speed, and what REST answers by `toMessageDto`: they must never part.
test.each([
  ['a text', inbound.text('Olá "você" \\ ☕ 𝒳 \u2028')],
  ['a place', inbound.location({ latitude: -23.55, longitude: -46.63, name: 'Praça' })],
  ['a reaction', inbound.reaction('wamid.unknown', '👍')],
])('%s is announced exactly as REST shows it, field by field', async (_, content) => {
  const { wamid } = await system.meta.customerSays(ANA, content);
  const { conversation, ...message } = (await announced(wamid)) as Record<string, unknown> & {
    conversation: object;
  };

  expect(message).toEqual((await admin.get(`/messages/${String(message['id'])}`)).body);
  const shown = (await admin.get(`/conversations/${String(message['conversation_id'])}`)).body;
  expect(conversation).toEqual(Object.fromEntries([...STATE, ...TIMES].map((key) => [key, shown[key]])));
});

test('a reply is announced with what it answers', async () => {
  const first = await system.meta.customerSays(ANA, 'Is it open?');
  const { wamid } = await system.meta.customerSays(ANA, inbound.reply(first.wamid, inbound.text('This one')));
  expect((await announced(wamid))['reply_to_id']).toBe((await announced(first.wamid))['id']);
});
