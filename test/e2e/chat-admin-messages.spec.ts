import { collectEntrances } from '../../scripts/access-table';
import type { AdminSentMessage } from '../../src/app-chat/admin-conversation.types';
import { ChatAppsController } from '../../src/app-chat/chat-apps.controller';
import { AppModule } from '../../src/app.module';
import { UploadsService } from '../../src/uploads/uploads.service';
import { customer, IM, SUPPORT, type Success } from '../support/chat-admin';
import { eventually } from '../support/eventually';
import { pdf, picture } from '../support/files';
import { type Answer, type Caller, TestSystem } from '../support/system';

const TIME = expect.stringMatching(/^\d{4}-\d\d-\d\dT[\d:.]+Z$/) as string;
const SECRET = 'Refund processed via admin panel';

let system: TestSystem;
let supervisor: Caller;
let employer: Caller;
let image: { id: number; uuid: string };
let paper: { id: number; uuid: string };

beforeAll(async () => {
  system = await TestSystem.start();
  supervisor = await system.signIn('supervisor');
  employer = await system.signIn('employer');
  image = await upload(await picture('png'), 'photo.png');
  paper = await upload(pdf(), 'invoice.pdf');
});
afterAll(() => system.stop());

async function upload(bytes: Buffer, name: string, workspaceId = 1): Promise<{ id: number; uuid: string }> {
  const uploads = system.app.get(UploadsService, { strict: false });
  return await uploads.store({ workspaceId, userId: null }, bytes, { name });
}

const send = async (
  id: number,
  body: object,
  headers: Record<string, string> = {},
  surface = IM,
): Promise<Answer<Success<AdminSentMessage>>> =>
  await employer.post(`${surface}/${id}/messages`, body, headers);
const countOf = async (table: string, id: number): Promise<number> =>
  (await system.sql(`select 1 from ${table} where conversation_id = $1`, [id])).length;
const actionsOf = async (id: number): Promise<{ action: string; details: object }[]> =>
  await system.sql(
    `select action, details from audit_log where subject_type = 'conversation' and subject_id = $1 order by id`,
    [id],
  );

test('a message of staff is stored, told to the user and answered as the contract says', async () => {
  const jane = await customer(system);
  const listener = await system.listen(supervisor);
  const message = 'Hello! I have reviewed your account and processed the refund.';
  const internal_note = `${SECRET} - $29.99`;

  const answer = await send(jane.conversation, { message, message_type: 'text', internal_note });

  expect(answer.status).toBe(201);
  const { data } = answer.body;
  expect(data).toMatchObject({
    conversation_id: jane.conversation,
    message,
    sender_role: 'admin',
    sender_identifier: employer.user.username,
    timestamp: TIME,
    internal_note,
    status: 'sent',
    message_type: 'text',
  });
  await eventually(() =>
    listener
      .of('message:new')
      .some(({ payload }) => payload['id'] === data.id && payload['body'] === message),
  );
  const { body: notes } = await employer.get<{ data: object[] }>(`/conversations/${jane.conversation}/notes`);
  expect(notes.data).toMatchObject([{ kind: 'note', body: internal_note, message_id: data.id }]);
  const actions = await actionsOf(jane.conversation);
  expect(actions.map(({ action }) => action)).toEqual(['conversation.message', 'conversation.note']);
  expect(actions[0]!.details).toEqual({ message_id: data.id });
});

test('without a note there is none, not even an empty one', async () => {
  const jane = await customer(system);
  for (const body of [{ message: 'Hello' }, { message: 'Hello', internal_note: null }]) {
    const { data } = (await send(jane.conversation, body)).body;
    expect(Object.keys(data)).not.toContain('internal_note');
  }
  expect(await countOf('conversation_note', jane.conversation)).toBe(0);
});

describe('internal notes', () => {
  test('are in nothing that the user can fetch, and in no event but those of notes', async () => {
    const jane = await customer(system);
    const { data } = (await send(jane.conversation, { message: 'Done.', internal_note: SECRET })).body;
    await employer.put(`${IM}/${jane.conversation}/assign`, { admin_id: employer.user.id, notes: SECRET });
    await employer.put(`${IM}/${jane.conversation}/status`, { status: 'closed', resolution_notes: SECRET });
    expect(await countOf('conversation_note', jane.conversation)).toBe(3);

    // Staff find them, so that finding nothing means something.
    expect(JSON.stringify(await employer.get(`/conversations/${jane.conversation}/notes`))).toContain(SECRET);
    const told = await system.sql<{ type: string; payload: object }>(
      'select type, payload from event where conversation_id = $1',
      [jane.conversation],
    );
    expect(told.map(({ type }) => type)).toContain('message:new');
    const telling = told.filter(({ payload }) => JSON.stringify(payload).includes(SECRET));
    expect([...new Set(telling.map(({ type }) => type))]).toEqual(['conversation:note']);

    const routes = (await collectEntrances(AppModule)).filter(
      ({ kind, scope, type }) => kind === 'route' && scope === 'GET' && type !== ChatAppsController,
    );
    let answered = 0;
    for (const { name } of routes) {
      for (const id of [jane.conversation, data.id]) {
        const path = name.replace(/:\w+/g, String(id));
        for (const query of ['', `?search=${encodeURIComponent('Refund')}&q=Refund`]) {
          const { status, body } = await jane.get(`${path}${query}`);
          if (status === 200) answered++;
          expect([name, JSON.stringify(body).includes(SECRET)]).toEqual([name, false]);
        }
      }
    }
    expect(answered).toBeGreaterThan(0);
    expect(routes.length).toBeGreaterThan(50);
  });
});

describe('sent again', () => {
  test.each([
    ['in the body', (key: string) => [{ client_message_id: key }, {}] as const],
    ['in the header', (key: string) => [{}, { 'idempotency-key': key }] as const],
  ])('with the same id %s it is one message with one note', async (_, withKey) => {
    const jane = await customer(system);
    const [fields, headers] = withKey(`key-${jane.conversation}`);
    const body = { message: 'Once', internal_note: SECRET, ...fields };
    const answers = await Promise.all(
      Array.from({ length: 6 }, () => send(jane.conversation, body, headers)),
    );
    await jane.says('In between');
    answers.push(await send(jane.conversation, body, headers));

    expect(answers.map(({ status }) => status)).toEqual(answers.map(() => 201));
    for (const { body: answer } of answers) expect(answer).toEqual(answers[0]!.body);
    expect(answers[0]!.body.data.internal_note).toBe(SECRET);
    expect(await countOf('message', jane.conversation)).toBe(3);
    expect(await countOf('conversation_note', jane.conversation)).toBe(1);
    expect(await actionsOf(jane.conversation)).toHaveLength(2);
  });

  test('with another text, file or note under the same id it is refused', async () => {
    const jane = await customer(system);
    const body = { message: 'Once', internal_note: SECRET, client_message_id: 'k' };
    expect((await send(jane.conversation, body)).status).toBe(201);
    for (const other of [
      { message: 'Twice' },
      { message_type: 'image', file_id: image.uuid },
      { internal_note: 'another' },
      { internal_note: null },
    ])
      expect(await send(jane.conversation, { ...body, ...other })).toMatchObject({
        status: 409,
        body: { status: 'error', error_code: 'IDEMPOTENCY_KEY_REUSED' },
      });
    expect(await countOf('message', jane.conversation)).toBe(2);
    expect(await countOf('conversation_note', jane.conversation)).toBe(1);
  });

  test('with two different ids at once it is refused', async () => {
    const jane = await customer(system);
    expect(
      await send(jane.conversation, { message: 'x', client_message_id: 'a' }, { 'idempotency-key': 'b' }),
    ).toMatchObject({ status: 400, body: { error_code: 'VALIDATION_FAILED' } });
  });
});

describe('files', () => {
  test.each([
    [
      'an image with words',
      () => ({ message: 'Look', message_type: 'image', file_id: image.uuid }),
      'image',
      'Look',
    ],
    ['an image without', () => ({ message_type: 'image', file_id: `upload_${image.uuid}` }), 'image', ''],
    ['a file', () => ({ message: '', message_type: 'file', file_id: paper.uuid }), 'file', ''],
    ['an image as a file', () => ({ message_type: 'file', file_id: image.uuid }), 'image', ''],
  ])('%s', async (_, body, type, text) => {
    const jane = await customer(system);
    const { status, body: answer } = await send(jane.conversation, body());
    expect(status).toBe(201);
    const uuid = body().file_id.replace('upload_', '');
    expect(answer.data).toMatchObject({
      message_type: type,
      message: text,
      file_id: `upload_${uuid}`,
      file_url: expect.stringContaining(uuid),
    });
    expect((await fetch(answer.data.file_url!)).status).toBe(200);
  });
});

test('an answer may name the message it answers, of the same conversation', async () => {
  const [jane, john] = [await customer(system), await customer(system)];
  const question = await jane.says('Which one?');
  const elsewhere = await john.says('What?');
  expect((await send(jane.conversation, { message: 'This', reply_to_id: question })).body.data).toMatchObject(
    {
      reply_to_id: question,
    },
  );
  expect(await send(jane.conversation, { message: 'That', reply_to_id: elsewhere })).toMatchObject({
    status: 400,
    body: { error_code: 'VALIDATION_FAILED' },
  });
});

test('what looks like a page’s code is kept as written, for whoever shows it to escape', async () => {
  const jane = await customer(system);
  const message = `<script>alert('x')</script> {{contact.name}} ' or 1=1 --`;
  expect((await send(jane.conversation, { message })).body.data.message).toBe(message);
});

describe.each([
  ['HomeAssistant IM', IM],
  ['Anume', SUPPORT],
])('bad messages over %s', (_, surface) => {
  test.each<[string, () => object]>([
    ['nothing', () => ({})],
    ['an empty text', () => ({ message: '' })],
    ['blanks', () => ({ message: ' \n ' })],
    ['no text', () => ({ message: 5 })],
    ['a text that is too long', () => ({ message: 'x'.repeat(system.config.chat.messageMaxLength + 1) })],
    ['a text beyond all limits', () => ({ message: 'x'.repeat(100_001) })],
    ['a NUL', () => ({ message: 'a\0b' })],
    ['half a character', () => ({ message: 'a\udc00' })],
    ['a type that is none', () => ({ message: 'x', message_type: 'system' })],
    ['a text with a file', () => ({ message: 'x', file_id: image.uuid })],
    ['an image without a file', () => ({ message: 'x', message_type: 'image' })],
    ['a file without a file', () => ({ message: 'x', message_type: 'file', file_id: null })],
    ['an image that is none', () => ({ message_type: 'image', file_id: paper.uuid })],
    [
      'a file that is not there',
      () => ({ message_type: 'file', file_id: image.uuid.replace(/^.{8}/, '00000000') }),
    ],
    ['a file by another name', () => ({ message_type: 'file', file_id: '../../etc/passwd' })],
    ['a note without words', () => ({ message: 'x', internal_note: ' ' })],
    ['a note that is too long', () => ({ message: 'x', internal_note: 'x'.repeat(5_001) })],
    ['an id of its own that is too long', () => ({ message: 'x', client_message_id: 'x'.repeat(101) })],
    ['an answer to nothing', () => ({ message: 'x', reply_to_id: 999_999_999 })],
    ['an unknown field', () => ({ message: 'x', sender_role: 'user' })],
  ])('%s is refused, and nothing is stored', async (_name, body) => {
    const jane = await customer(system);
    expect(await send(jane.conversation, body(), {}, surface)).toMatchObject({
      status: 400,
      body: { status: 'error', error_code: 'VALIDATION_FAILED', message: expect.any(String) },
    });
    expect(await countOf('message', jane.conversation)).toBe(1);
    expect(await countOf('conversation_note', jane.conversation)).toBe(0);
    expect(await actionsOf(jane.conversation)).toEqual([]);
  });
});

test('a file of another workspace is not there', async () => {
  const { id } = await system.createWorkspace('with-files');
  const theirs = await upload(await picture('jpeg'), 'theirs.jpg', id);
  const jane = await customer(system);
  expect(await send(jane.conversation, { message_type: 'image', file_id: theirs.uuid })).toMatchObject({
    status: 400,
    body: { message: 'There is no such file.' },
  });
});
