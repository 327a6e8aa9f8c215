import { request } from 'node:http';
import { type ChatPerson, clientId } from '../support/chat';
import { chatRefusal } from '../support/chat-conversations';
import { formOf, kept, type Part, sendForm, somebody } from '../support/chat-uploads';
import { docx, mp3, mp4, pdf, picture, wav } from '../support/files';
import { strays } from '../support/stored-files';
import { type Caller, TestSystem } from '../support/system';

let system: TestSystem;
let agent: Caller;
let admin: Caller;

beforeAll(async () => {
  system = await TestSystem.start();
  agent = await system.signIn('employer');
  admin = await system.signIn('admin');
});
afterAll(async () => {
  expect(await strays(system)).toEqual({ orphans: [], missing: [] });
  await system.stop();
});

test.each<[string, string, string, () => Promise<Buffer> | Buffer, object]>([
  [
    'image',
    'a picture',
    'image.jpg',
    () => picture('jpeg'),
    { mime_type: 'image/jpeg', message_type: 'image' },
  ],
  ['image', 'a PNG', 'a.png', () => picture('png'), { mime_type: 'image/png', message_type: 'image' }],
  ['file', 'a PDF', 'a.pdf', () => pdf(), { mime_type: 'application/pdf', message_type: 'file' }],
  ['file', 'a Word file', 'a.docx', () => docx(), { message_type: 'file' }],
  ['file', 'a sound', 'a.wav', () => wav(), { mime_type: 'audio/wav', message_type: 'file' }],
  ['file', 'another sound', 'a.mp3', () => mp3(), { mime_type: 'audio/mpeg', message_type: 'file' }],
  ['file', 'a film', 'a.mp4', () => mp4(), { mime_type: 'video/mp4', message_type: 'file' }],
  [
    'file',
    'text',
    'a.txt',
    () => Buffer.from('some text\n'),
    { mime_type: 'text/plain', message_type: 'file' },
  ],
  [
    'file',
    'a picture as a file',
    'a.png',
    () => picture('png'),
    { mime_type: 'image/png', message_type: 'image' },
  ],
])('message_type %s: %s is stored with its message, and answered as both contracts say', async (...given) => {
  const [type, , name, make, expected] = given;
  const { user, id } = await somebody(system);
  const content = await make();
  const answer = await sendForm(system, user, formOf(id, type, content, name));
  expect(answer).toMatchObject({
    status: 201,
    body: {
      status: 'success',
      data: {
        file_id: expect.stringMatching(/^upload_[0-9a-f-]{36}$/),
        file_url: expect.stringMatching(/^http:\/\/127\.0\.0\.1:\d+\/files\//),
        message_id: expect.any(Number),
        filename: name,
        file_size: content.length,
        ...expected,
      },
    },
  });
  const { file_url, message_id } = answer.body.data;
  const file = await fetch(file_url);
  expect([file.status, Buffer.from(await file.arrayBuffer()).equals(content)]).toEqual([200, true]);

  const history = await user.get<{ data: { messages: object[] } }>('/api/chat/messages');
  expect(history.body.data.messages[1]).toMatchObject({
    id: message_id,
    file_url,
    sender_role: 'user',
    message: '',
  });
  expect((await agent.get(`/messages/${message_id}`)).body).toMatchObject({
    conversation_id: id,
    sender_type: 'contact',
    attachments: [{ size: content.length }],
  });
});

test('the fields may come before the file as well', async () => {
  const { user, id } = await somebody(system);
  const parts = formOf(id, 'image', await picture('png'), 'a.png').toReversed();
  expect((await sendForm(system, user, parts)).status).toBe(201);
});

test.each([
  ['chat.example.com', 'http://chat.example.com/files/'],
  ['[::1]:8080', 'http://[::1]:8080/files/'],
  ['%%%', '/files/'],
])('a caller who reached the server as "%s" gets links that begin with %s', async (host, beginning) => {
  const { user, id } = await somebody(system);
  expect((await sendForm(system, user, formOf(id, 'image', await picture('png')))).status).toBe(201);
  const { status, body } = await getAs(host, user);
  expect(status).toBe(200);
  const { file_url, thumbnail_url } = body.data.messages[1]!;
  expect(file_url.slice(0, beginning.length)).toBe(beginning);
  expect(thumbnail_url.slice(0, beginning.length)).toBe(beginning);
});

test('a retry with the same client_message_id is the same message, and keeps no second file', async () => {
  const { user, id } = await somebody(system);
  const parts: Part[] = [
    ...formOf(id, 'image', await picture('png'), 'a.png'),
    ['client_message_id', clientId()],
  ];
  const first = await sendForm(system, user, parts);
  expect(first.status).toBe(201);
  const before = await system.sql('select id from upload order by id');
  const again = await sendForm(system, user, parts);
  expect([again.status, again.body]).toEqual([201, first.body]);
  expect(await system.sql('select id from upload order by id')).toEqual(before);
});

test.each(['a user', 'staff'])(
  'a retry of %s gets the same answer also after the conversation was closed',
  async (who) => {
    const { user, id } = await somebody(system);
    const caller = who === 'staff' ? agent : user;
    const parts: Part[] = [
      ...formOf(id, 'image', await picture('png'), 'a.png'),
      ['client_message_id', clientId()],
    ];
    const first = await sendForm(system, caller, parts);
    expect(first.status).toBe(201);
    const before = await system.sql('select id from upload order by id');
    const again = await Promise.all([1, 2].map(() => sendForm(system, caller, parts)));
    await admin.patch(`/conversations/${id}`, { status: 'closed' });
    for (const answer of [...again, await sendForm(system, caller, parts)])
      expect([answer.status, answer.body]).toEqual([201, first.body]);
    expect(await system.sql('select id from upload order by id')).toEqual(before);
    expect(
      await sendForm(system, caller, [
        ...formOf(id, 'file', 'x', 'a.txt'),
        ['client_message_id', clientId()],
      ]),
    ).toMatchObject(chatRefusal(409, 'CONVERSATION_CLOSED'));
    expect(await system.sql('select id from upload order by id')).toEqual(before);
    if (who === 'staff')
      expect(
        await sendForm(system, caller, [...formOf(id, 'file', 'y', 'b.txt'), parts.at(-1)!]),
      ).toMatchObject(chatRefusal(409, 'IDEMPOTENCY_KEY_REUSED'));
  },
);

test('staff upload into what they may see; it is theirs', async () => {
  const { user, id } = await somebody(system);
  const answer = await sendForm(system, agent, formOf(id, 'image', await picture('png'), 'a.png'));
  expect(answer).toMatchObject({ status: 201, body: { data: { message_type: 'image', filename: 'a.png' } } });
  const history = await user.get<{ data: { messages: object[] } }>('/api/chat/messages');
  expect(history.body.data.messages[1]).toMatchObject({
    id: answer.body.data.message_id,
    sender_role: 'admin',
    sender_identifier: agent.user.username,
    message_type: 'image',
  });
  const other = await system.signIn('employer');
  await admin.patch(`/conversations/${id}/assign`, { assigned_user: other.user.id });
  const before = await kept(system);
  expect(await sendForm(system, agent, formOf(id, 'file', 'x', 'a.txt'))).toMatchObject(
    chatRefusal(404, 'NOT_FOUND', 'Conversation not found'),
  );
  expect(await kept(system)).toEqual(before);
});

interface History {
  data: { messages: { file_url: string; thumbnail_url: string }[] };
}

/** `fetch` does not let anybody choose the host. */
async function getAs(host: string, user: ChatPerson): Promise<{ status: number; body: History }> {
  return await new Promise((resolve, reject) => {
    const headers = { host, authorization: `Bearer ${user.token}` };
    const sent = request(`${system.url}/api/chat/messages`, { headers }, (response) => {
      let text = '';
      response.on('data', (chunk: Buffer) => (text += chunk.toString()));
      response.on('end', () => resolve({ status: response.statusCode!, body: JSON.parse(text) as History }));
    });
    sent.on('error', reject);
    sent.end();
  });
}
