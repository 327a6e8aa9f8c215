import { eventually } from '../support/eventually';
import { type Caller, TestSystem } from '../support/system';

let system: TestSystem;
let admin: Caller;

beforeAll(async () => {
  system = await TestSystem.start();
  admin = await system.signIn('admin');
});
afterAll(() => system.stop());

test('a customer writes, an agent hears it, answers, and sees the answer delivered and read', async () => {
  const agent = await system.listen(admin);

  await system.meta.customerSays({ phone: '5491155550001', name: 'Ana' }, 'Hola, ¿tienen café? ☕');

  await eventually(() => agent.of('message:new').length === 1, { what: 'message:new' });
  expect(agent.heard.map((h) => h.event)).toEqual(['stream:ready', 'conversation:new', 'message:new']);
  const list = await admin.get<{
    data: { id: number; unread_count: number; last_message: { body: string }; contact: { name: string } }[];
  }>('/conversations');
  expect(list.body.data).toMatchObject([
    { unread_count: 1, contact: { name: 'Ana' }, last_message: { body: 'Hola, ¿tienen café? ☕' } },
  ]);

  const conversationId = list.body.data[0]!.id;
  const answer = await admin.post<{ id: number; whatsapp_status: string }>('/messages', {
    conversation_id: conversationId,
    body: 'Sí, claro',
  });
  expect(answer).toMatchObject({ status: 201, body: { whatsapp_status: 'pending', sender_type: 'user' } });

  await eventually(
    async () => (await admin.get(`/messages/${answer.body.id}`)).body['whatsapp_status'] === 'read',
    { what: 'read in REST' },
  );
  expect(
    system.meta.acceptedFor('5491155550001').map((m) => (m.body as { text: { body: string } }).text.body),
  ).toEqual(['Sí, claro']);
  await eventually(
    () => agent.of('message:status_changed').some((h) => h.payload['whatsapp_status'] === 'read'),
    { what: 'read at the socket' },
  );
  expect(agent.of('message:status_changed').map((h) => h.payload['whatsapp_status'])).toEqual([
    'sent',
    'delivered',
    'read',
  ]);
});
