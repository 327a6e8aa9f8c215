import { randomUUID } from 'node:crypto';
import { request } from 'node:http';
import { ChatMessagesService } from '../../src/app-chat/chat-messages.service';
import { type ChatPerson, clientId, openChat, signatureHeaders, signedCall } from '../support/chat';
import { docx, mp3, mp4, pdf, picture, wav, zip } from '../support/files';
import { filesOnDisk, strays } from '../support/stored-files';
import { type Answer, type Caller, TestSystem } from '../support/system';

const UPLOAD = '/api/chat/upload';
const MB = 1024 * 1024;

interface Uploaded {
  status: string;
  message: string;
  error_code: string;
  data: {
    file_id: string;
    file_url: string;
    message_id: number;
    filename: string;
    file_size: number;
    mime_type: string;
    message_type: string;
    thumbnail_url: string | null;
  };
}

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

type Part = [field: string, content: Buffer | string, name?: string];

/** A form, byte by byte, so that it can be signed. */
function bytesOf(parts: Part[], boundary: string): Buffer {
  const chunks = parts.flatMap(([field, content, name]) => [
    Buffer.from(
      `--${boundary}\r\nContent-Disposition: form-data; name="${field}"${name === undefined ? '' : `; filename="${name}"`}\r\n` +
        `${name === undefined ? '' : 'Content-Type: application/octet-stream\r\n'}\r\n`,
    ),
    Buffer.from(content as string),
    Buffer.from('\r\n'),
  ]);
  return Buffer.concat([...chunks, Buffer.from(`--${boundary}--\r\n`)]);
}

async function send(
  caller: Caller | null,
  parts: Part[],
  headers: Record<string, string> = {},
  path = UPLOAD,
): Promise<Answer<Uploaded>> {
  const boundary = `form-${randomUUID()}`;
  return await system.call<Uploaded>('POST', path, bytesOf(parts, boundary), {
    'content-type': `multipart/form-data; boundary=${boundary}`,
    ...(caller === null ? {} : { authorization: `Bearer ${caller.token}` }),
    ...headers,
  });
}

async function conversationOf(user: ChatPerson): Promise<number> {
  const answer = await user.post<{ data: { conversation_id: number } }>('/api/chat/conversations', {
    initial_message: 'hello',
  });
  expect(answer.status).toBe(201);
  return answer.body.data.conversation_id;
}

async function somebody(): Promise<{ user: ChatPerson; id: number }> {
  const user = await openChat(system);
  return { user, id: await conversationOf(user) };
}

const formOf = (id: number | string, type: string, content: Buffer | string, name = 'image.jpg'): Part[] => [
  ['file', content, name],
  ['conversation_id', `${id}`],
  ['message_type', type],
];

async function kept(): Promise<object> {
  const [rows] = await system.sql(
    `select (select count(*) from upload) as uploads, (select count(*) from unclaimed_file) as unclaimed,
       (select count(*) from message) as messages`,
  );
  return { ...rows, files: filesOnDisk(system) };
}

const refused = (status: number, error_code: string, message?: string): object => ({
  status,
  body: { status: 'error', error_code, message: message ?? expect.any(String) },
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
  const { user, id } = await somebody();
  const content = await make();
  const answer = await send(user, formOf(id, type, content, name));
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
  const { user, id } = await somebody();
  const parts = formOf(id, 'image', await picture('png'), 'a.png').toReversed();
  expect((await send(user, parts)).status).toBe(201);
});

test.each([
  ['chat.example.com', 'http://chat.example.com/files/'],
  ['[::1]:8080', 'http://[::1]:8080/files/'],
  ['%%%', '/files/'],
])('a caller who reached the server as "%s" gets links that begin with %s', async (host, beginning) => {
  const { user, id } = await somebody();
  expect((await send(user, formOf(id, 'image', await picture('png')))).status).toBe(201);
  const { status, body } = await getAs(host, user);
  expect(status).toBe(200);
  const { file_url, thumbnail_url } = body.data.messages[1]!;
  expect(file_url.slice(0, beginning.length)).toBe(beginning);
  expect(thumbnail_url.slice(0, beginning.length)).toBe(beginning);
});

test('a retry with the same client_message_id is the same message, and keeps no second file', async () => {
  const { user, id } = await somebody();
  const parts: Part[] = [
    ...formOf(id, 'image', await picture('png'), 'a.png'),
    ['client_message_id', clientId()],
  ];
  const first = await send(user, parts);
  expect(first.status).toBe(201);
  const before = await system.sql('select id from upload order by id');
  const again = await send(user, parts);
  expect([again.status, again.body]).toEqual([201, first.body]);
  expect(await system.sql('select id from upload order by id')).toEqual(before);
});

describe('nothing is kept of', () => {
  const cases: [string, (id: number) => Promise<Part[]> | Part[], number, string, string?][] = [
    ['a PDF as an image', (id) => formOf(id, 'image', pdf(), 'a.jpg'), 415, 'UNSUPPORTED_MEDIA_TYPE'],
    ['a film as an image', (id) => formOf(id, 'image', mp4()), 415, 'UNSUPPORTED_MEDIA_TYPE'],
    ['a program', (id) => formOf(id, 'file', '\x7fELF\x02\x01\x01', 'a.pdf'), 415, 'UNSUPPORTED_MEDIA_TYPE'],
    ['an archive', (id) => formOf(id, 'file', zip({ 'a.txt': 'x' }), 'a.zip'), 415, 'UNSUPPORTED_MEDIA_TYPE'],
    ['an empty file', (id) => formOf(id, 'file', '', 'a.txt'), 400, 'VALIDATION_FAILED'],
    ['a form without file', (id) => formOf(id, 'file', 'x').slice(1), 400, 'VALIDATION_FAILED'],
    [
      'a form without conversation',
      (id) => formOf(id, 'file', 'x', 'a.txt').filter(([f]) => f !== 'conversation_id'),
      400,
      'VALIDATION_FAILED',
    ],
    [
      'a form without message_type',
      (id) => formOf(id, 'file', 'x', 'a.txt').slice(0, 2),
      400,
      'VALIDATION_FAILED',
    ],
    ['another message_type', (id) => formOf(id, 'video', 'x', 'a.txt'), 400, 'VALIDATION_FAILED'],
    ['an id that is none', () => formOf('x', 'file', 'x', 'a.txt'), 400, 'VALIDATION_FAILED'],
    [
      'a field of its own',
      (id) => [...formOf(id, 'file', 'x', 'a.txt'), ['sender_role', 'admin']],
      400,
      'VALIDATION_FAILED',
    ],
    [
      'a field twice',
      (id) => [...formOf(id, 'file', 'x', 'a.txt'), ['message_type', 'image']],
      400,
      'VALIDATION_FAILED',
    ],
    [
      'two files',
      (id) => [...formOf(id, 'file', 'x', 'a.txt'), ['file', 'y', 'b.txt']],
      400,
      'VALIDATION_FAILED',
    ],
    [
      'a file in another field',
      (id) => [['other', 'x', 'a.txt'], ...formOf(id, 'file', 'x').slice(1)],
      400,
      'VALIDATION_FAILED',
    ],
    [
      'somebody else',
      (id) => [...formOf(id, 'file', 'x', 'a.txt'), ['user_id', '999999999']],
      403,
      'FORBIDDEN',
    ],
    [
      'an unknown conversation',
      () => formOf(999_999, 'file', 'x', 'a.txt'),
      404,
      'NOT_FOUND',
      'Conversation not found',
    ],
    [
      'a text above 10 MB',
      (id) => formOf(id, 'file', Buffer.alloc(11 * MB, 'x'), 'a.txt'),
      413,
      'PAYLOAD_TOO_LARGE',
      'File too large',
    ],
    [
      'anything above 50 MB',
      (id) => formOf(id, 'file', Buffer.alloc(51 * MB, 'x'), 'a.txt'),
      413,
      'PAYLOAD_TOO_LARGE',
      'File too large',
    ],
  ];
  test.each(cases)('%s', async (...given) => {
    const [, parts, status, code, message] = given;
    const { user, id } = await somebody();
    const before = await kept();
    expect(await send(user, await parts(id))).toMatchObject(refused(status, code, message));
    expect(await kept()).toEqual(before);
  });

  test('what goes into somebody else’s conversation', async () => {
    const [{ user }, { id }] = [await somebody(), await somebody()];
    const before = await kept();
    expect(await send(user, formOf(id, 'file', 'x', 'a.txt'))).toMatchObject(
      refused(404, 'NOT_FOUND', 'Conversation not found'),
    );
    expect(await kept()).toEqual(before);
  });

  test('what goes into a closed conversation', async () => {
    const { user, id } = await somebody();
    await agent.patch(`/conversations/${id}`, { status: 'closed' });
    const before = await kept();
    expect(await send(user, formOf(id, 'file', 'x', 'a.txt'))).toMatchObject(
      refused(409, 'CONVERSATION_CLOSED'),
    );
    expect(await kept()).toEqual(before);
  });

  test('what cannot be said after it was stored', async () => {
    const { user, id } = await somebody();
    const before = await kept();
    const messages = system.app.get(ChatMessagesService, { strict: false });
    const say = jest.spyOn(messages, 'say').mockRejectedValue(new Error('no'));
    expect((await send(user, formOf(id, 'image', await picture('png'), 'a.png'))).status).toBe(500);
    say.mockRestore();
    expect(await kept()).toEqual(before);
  });

  test('a form that breaks off, and a body that is no form', async () => {
    const { user, id } = await somebody();
    const before = await kept();
    const boundary = 'broken';
    const whole = bytesOf(formOf(id, 'file', 'x'.repeat(500), 'a.txt'), boundary);
    const headers = {
      'content-type': `multipart/form-data; boundary=${boundary}`,
      authorization: `Bearer ${user.token}`,
    };
    for (const end of [10, 200, 600, whole.length - 30])
      expect(await system.call('POST', UPLOAD, whole.subarray(0, end), headers)).toMatchObject({
        status: 400,
      });
    expect(await user.post(UPLOAD, { conversation_id: id })).toMatchObject(
      refused(415, 'UNSUPPORTED_MEDIA_TYPE'),
    );
    expect(await kept()).toEqual(before);
  });
});

describe('signed by the app’s server', () => {
  const signed = async (
    user: ChatPerson,
    parts: Part[],
    options: { forge?: boolean; signedBody?: string; sent?: Buffer } = {},
  ): Promise<{ answer: Answer<Uploaded>; again: () => Promise<Answer<Uploaded>> }> => {
    const boundary = 'signed-form';
    const body = bytesOf(parts, boundary);
    const path = `${UPLOAD}?user_id=${user.userId}`;
    const headers = {
      'content-type': `multipart/form-data; boundary=${boundary}`,
      ...signatureHeaders('POST', path, body, {
        ...(options.forge === true ? { secret: 'not-the-secret-of-this-app' } : {}),
        ...(options.signedBody === undefined ? {} : { signed: { body: options.signedBody } }),
      }),
    };
    const again = (): Promise<Answer<Uploaded>> =>
      system.call<Uploaded>('POST', path, options.sent ?? body, headers);
    return { answer: await again(), again };
  };

  test('it is the user’s, and works once', async () => {
    const { user, id } = await somebody();
    const { answer, again } = await signed(user, formOf(id, 'image', await picture('png'), 'a.png'));
    expect(answer).toMatchObject({ status: 201, body: { data: { message_type: 'image' } } });
    expect((await agent.get(`/messages/${answer.body.data.message_id}`)).body).toMatchObject({
      sender_type: 'contact',
    });
    const before = await kept();
    expect(await again()).toMatchObject(refused(401, 'INVALID_SIGNATURE'));
    expect(await kept()).toEqual(before);
  });

  test('a large file is hashed to its last byte', async () => {
    const { user, id } = await somebody();
    const content = mp4({ padding: 9 * MB });
    expect((await signed(user, formOf(id, 'file', content, 'a.mp4'))).answer.status).toBe(201);
  });

  test.each(['another secret', 'another body', 'bytes after the form'])(
    'with %s nothing is kept, and the user’s limit is not used up',
    async (what) => {
      const { user, id } = await somebody();
      const parts = formOf(id, 'image', await picture('png'), 'a.png');
      const before = await kept();
      for (let i = 0; i < 11; i++) {
        const { answer } = await signed(user, parts, {
          forge: what === 'another secret',
          ...(what === 'another body' ? { signedBody: 'something else' } : {}),
          ...(what === 'bytes after the form'
            ? { sent: Buffer.concat([bytesOf(parts, 'signed-form'), Buffer.from('more')]) }
            : {}),
        });
        expect(answer).toMatchObject(refused(401, 'INVALID_SIGNATURE'));
      }
      expect(await kept()).toEqual(before);
      expect((await send(user, parts)).status).toBe(201);
    },
  );

  test('somebody else’s conversation is told apart: 403', async () => {
    const [{ user }, { id }] = [await somebody(), await somebody()];
    const { answer } = await signed(user, formOf(id, 'file', 'x', 'a.txt'));
    expect(answer).toMatchObject(refused(403, 'FORBIDDEN', 'Access denied to conversation'));
  });

  test('a body that is no form is refused like any forged one', async () => {
    const { user, id } = await somebody();
    const path = `${UPLOAD}?user_id=${user.userId}`;
    expect((await signedCall(system, 'POST', path, { conversation_id: id })).status).toBe(415);
  });
});

test('staff upload into what they may see; it is theirs', async () => {
  const { user, id } = await somebody();
  const answer = await send(agent, formOf(id, 'image', await picture('png'), 'a.png'));
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
  const before = await kept();
  expect(await send(agent, formOf(id, 'file', 'x', 'a.txt'))).toMatchObject(
    refused(404, 'NOT_FOUND', 'Conversation not found'),
  );
  expect(await kept()).toEqual(before);
});

test('without token or signature nothing is read', async () => {
  const { id } = await somebody();
  expect(await send(null, formOf(id, 'file', 'x', 'a.txt'))).toMatchObject(refused(401, 'UNAUTHENTICATED'));
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
