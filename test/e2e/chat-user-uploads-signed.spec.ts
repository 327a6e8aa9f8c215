import { type ChatPerson, signatureHeaders, signedCall } from '../support/chat';
import { chatRefusal } from '../support/chat-conversations';
import {
  bytesOf,
  formOf,
  kept,
  type Part,
  sendForm,
  somebody,
  UPLOAD,
  type Uploaded,
} from '../support/chat-uploads';
import { mp4, picture } from '../support/files';
import { strays } from '../support/stored-files';
import { type Answer, type Caller, TestSystem } from '../support/system';

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
    const { user, id } = await somebody(system);
    const { answer, again } = await signed(user, formOf(id, 'image', await picture('png'), 'a.png'));
    expect(answer).toMatchObject({ status: 201, body: { data: { message_type: 'image' } } });
    expect((await agent.get(`/messages/${answer.body.data.message_id}`)).body).toMatchObject({
      sender_type: 'contact',
    });
    const before = await kept(system);
    expect(await again()).toMatchObject(chatRefusal(401, 'INVALID_SIGNATURE'));
    expect(await kept(system)).toEqual(before);
  });

  test('a large file is hashed to its last byte', async () => {
    const { user, id } = await somebody(system);
    const content = mp4({ padding: 9 * MB });
    expect((await signed(user, formOf(id, 'file', content, 'a.mp4'))).answer.status).toBe(201);
  });

  test.each(['another secret', 'another body', 'bytes after the form'])(
    'with %s nothing is kept, and the user’s limit is not used up',
    async (what) => {
      const { user, id } = await somebody(system);
      const parts = formOf(id, 'image', await picture('png'), 'a.png');
      const before = await kept(system);
      for (let i = 0; i < 11; i++) {
        const { answer } = await signed(user, parts, {
          forge: what === 'another secret',
          ...(what === 'another body' ? { signedBody: 'something else' } : {}),
          ...(what === 'bytes after the form'
            ? { sent: Buffer.concat([bytesOf(parts, 'signed-form'), Buffer.from('more')]) }
            : {}),
        });
        expect(answer).toMatchObject(chatRefusal(401, 'INVALID_SIGNATURE'));
      }
      expect(await kept(system)).toEqual(before);
      expect((await sendForm(system, user, parts)).status).toBe(201);
    },
  );

  test('somebody else’s conversation is told apart: 403', async () => {
    const [{ user }, { id }] = [await somebody(system), await somebody(system)];
    const { answer } = await signed(user, formOf(id, 'file', 'x', 'a.txt'));
    expect(answer).toMatchObject(chatRefusal(403, 'FORBIDDEN', 'Access denied to conversation'));
  });

  test('a body that is no form is refused like any forged one', async () => {
    const { user, id } = await somebody(system);
    const path = `${UPLOAD}?user_id=${user.userId}`;
    expect((await signedCall(system, 'POST', path, { conversation_id: id })).status).toBe(415);
  });
});
