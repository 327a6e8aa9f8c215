import { ChatMessagesService } from '../../src/app-chat/chat-messages.service';
import { chatRefusal } from '../support/chat-conversations';
import { bytesOf, formOf, kept, type Part, sendForm, somebody, UPLOAD } from '../support/chat-uploads';
import { mp4, pdf, picture, zip } from '../support/files';
import { strays } from '../support/stored-files';
import { type Caller, TestSystem } from '../support/system';

const MB = 1024 * 1024;

let system: TestSystem;
let agent: Caller;

beforeAll(async () => {
  system = await TestSystem.start();
  agent = await system.signIn('employer');
});
afterAll(async () => {
  expect(await strays(system)).toEqual({ orphans: [], missing: [] });
  await system.stop();
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
    const { user, id } = await somebody(system);
    const before = await kept(system);
    expect(await sendForm(system, user, await parts(id))).toMatchObject(chatRefusal(status, code, message));
    expect(await kept(system)).toEqual(before);
  });

  test('what goes into somebody else’s conversation', async () => {
    const [{ user }, { id }] = [await somebody(system), await somebody(system)];
    const before = await kept(system);
    expect(await sendForm(system, user, formOf(id, 'file', 'x', 'a.txt'))).toMatchObject(
      chatRefusal(404, 'NOT_FOUND', 'Conversation not found'),
    );
    expect(await kept(system)).toEqual(before);
  });

  test('what goes into a closed conversation', async () => {
    const { user, id } = await somebody(system);
    await agent.patch(`/conversations/${id}`, { status: 'closed' });
    const before = await kept(system);
    expect(await sendForm(system, user, formOf(id, 'file', 'x', 'a.txt'))).toMatchObject(
      chatRefusal(409, 'CONVERSATION_CLOSED'),
    );
    expect(await kept(system)).toEqual(before);
  });

  test('what cannot be said after it was stored', async () => {
    const { user, id } = await somebody(system);
    const before = await kept(system);
    const messages = system.app.get(ChatMessagesService, { strict: false });
    const say = jest.spyOn(messages, 'say').mockRejectedValue(new Error('no'));
    expect((await sendForm(system, user, formOf(id, 'image', await picture('png'), 'a.png'))).status).toBe(
      500,
    );
    say.mockRestore();
    expect(await kept(system)).toEqual(before);
  });

  test('a form that breaks off, and a body that is no form', async () => {
    const { user, id } = await somebody(system);
    const before = await kept(system);
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
      chatRefusal(415, 'UNSUPPORTED_MEDIA_TYPE'),
    );
    expect(await kept(system)).toEqual(before);
  });
});

test('without token or signature nothing is read', async () => {
  const { id } = await somebody(system);
  expect(await sendForm(system, null, formOf(id, 'file', 'x', 'a.txt'))).toMatchObject(
    chatRefusal(401, 'UNAUTHENTICATED'),
  );
});
