import { get, type IncomingMessage } from 'node:http';
import { conversationOf, giveToSomebodyElse, openConversation, secondWorkspace } from '../support/crm';
import { eventually } from '../support/eventually';
import { type Answer, type Caller, TestSystem } from '../support/system';

interface Transcript {
  written_at: string;
  conversation: Record<string, unknown>;
  contact: { name: string };
  messages: { id: number; sender_name: string | null; body: string | null }[];
  notes?: { body: string }[];
}

let system: TestSystem;
let admin: Caller;
let supervisor: Caller;
let ana: Caller;

beforeAll(async () => {
  system = await TestSystem.start();
  admin = await system.signIn('admin');
  supervisor = await system.signIn('supervisor');
  ana = await system.signIn('employer', { username: 'ana' });
});
afterAll(() => system.stop());

const textOf = async (id: number, query = '', caller = ana): Promise<string> => {
  const answer = await caller.get<string>(`/conversations/${id}/transcript${query}`);
  expect([answer.status, answer.body]).toEqual([200, answer.body]);
  return answer.body;
};
const jsonOf = async (id: number, query = ''): Promise<Transcript> =>
  (await ana.get<Transcript>(`/conversations/${id}/transcript?format=json${query}`)).body;
const entriesOf = (text: string): string[] =>
  text
    .split('\n')
    .filter((line) => line.startsWith('['))
    .map((line) => line.replace(/^\[\d{4}-\d\d-\d\d \d\d:\d\d:\d\d UTC\] /, ''));

async function said(conversation: number, by: Caller, body: string): Promise<number> {
  const { body: made } = await by.post<{ id: number }>('/messages', { conversation_id: conversation, body });
  await eventually(async () => (await by.get(`/messages/${made.id}`)).body['whatsapp_status'] === 'read', {
    what: 'read by the customer',
  });
  return made.id;
}

/** Many messages of the customer, made at once. */
async function manyIn(conversation: number, count: number, length = 1): Promise<void> {
  await system.sql(
    `insert into message (workspace_id, conversation_id, sender_type, body, whatsapp_status)
     select 1, $1, 'contact', 'line ' || g || repeat('.', $3::int), 'delivered' from generate_series(1, $2::int) g`,
    [conversation, count, length],
  );
}

describe('a transcript', () => {
  test('as text tells who said what and when, with what the conversation is', async () => {
    const id = await openConversation(system, { says: 'Where is my order?' });
    await said(id, ana, 'On its way.\nTomorrow at the latest.');
    await ana.put(`/conversations/${id}/tags`, { tags: ['Order'] });
    const { body: shown } = await ana.get<{ contact: { name: string; phone_number: string } }>(
      `/conversations/${id}`,
    );
    const answer = await ana.get<string>(`/conversations/${id}/transcript`);
    expect(answer.headers.get('content-type')).toBe('text/plain; charset=utf-8');
    expect(answer.headers.get('content-disposition')).toBe(`attachment; filename="conversation-${id}.txt"`);
    const { name, phone_number } = shown.contact;
    expect(answer.body.replace(/\d{4}-\d\d-\d\d \d\d:\d\d:\d\d UTC/g, 'TIME')).toBe(
      `Conversation ${id} (whatsapp, queue)
With ${name}, ${phone_number}
Begun TIME
Tags: Order
Written TIME

[TIME] ${name} (customer): Where is my order?
[TIME] ana (agent): On its way.
    Tomorrow at the latest.
`,
    );
  });

  test('as JSON has the messages as the API shows them, with names', async () => {
    const id = await openConversation(system, { says: 'Hi' });
    await said(id, ana, 'Hello');
    await ana.put(`/conversations/${id}/tags`, { tags: ['Order'] });
    const [{ body: shown }, { body: history }, answer] = await Promise.all([
      ana.get(`/conversations/${id}`),
      ana.get<{ data: object[] }>(`/messages/conversation/${id}`),
      ana.get<Transcript>(`/conversations/${id}/transcript?format=json`),
    ]);
    expect(answer.headers.get('content-type')).toBe('application/json; charset=utf-8');
    expect(answer.headers.get('content-disposition')).toBe(`attachment; filename="conversation-${id}.json"`);
    const contact = shown['contact'] as { id: number; name: string; phone_number: string };
    expect(answer.body).toEqual({
      written_at: expect.stringMatching(/Z$/),
      conversation: {
        id,
        channel: 'whatsapp',
        status: shown['status'],
        assigned_user: shown['assigned_user'],
        assigned_bot: null,
        unread_count: shown['unread_count'],
        read: shown['read'],
        last_message_at: shown['last_message_at'],
        window_expires_at: shown['window_expires_at'],
        created_at: shown['created_at'],
        updated_at: shown['updated_at'],
        tags: ['Order'],
      },
      contact: { id: contact.id, name: contact.name, phone_number: contact.phone_number },
      messages: history.data
        .toReversed()
        .map((message, i) => ({ ...message, sender_name: i === 0 ? contact.name : 'ana' })),
    });
  });

  test('has the notes of staff only where they are asked for, each at its time', async () => {
    const id = await openConversation(system, { says: 'first' });
    await ana.post(`/conversations/${id}/notes`, { body: 'internal one' });
    await said(id, ana, 'second');
    await supervisor.post(`/conversations/${id}/notes`, { body: 'internal two' });
    for (const query of ['', '?notes=false', '?format=json', '?format=json&notes=false'])
      expect(JSON.stringify((await ana.get(`/conversations/${id}/transcript${query}`)).body)).not.toContain(
        'internal',
      );
    expect(await jsonOf(id)).not.toHaveProperty('notes');
    expect(entriesOf(await textOf(id, '?notes=true'))).toEqual([
      expect.stringContaining('(customer): first'),
      'Note by ana: internal one',
      'ana (agent): second',
      `Note by ${supervisor.user.username}: internal two`,
    ]);
    expect((await jsonOf(id, '&notes=true')).notes).toEqual(
      (await ana.get<{ data: object[] }>(`/conversations/${id}/notes`)).body.data.toReversed(),
    );
  });

  test('shows of what was deleted that it was, and of what has not arrived that it has not', async () => {
    const id = await openConversation(system, { says: 'first' });
    const gone = await said(id, ana, 'regretted');
    await ana.delete(`/messages/${gone}`);
    const { body: failed } = await ana.post('/messages', { conversation_id: id, body: 'never came' });
    await eventually(
      async () => (await ana.get(`/messages/${String(failed['id'])}`)).body['whatsapp_status'] === 'read',
      { what: 'the state to overwrite' },
    );
    await system.sql(
      `update message set whatsapp_status = 'failed', error_reason = 'no such number' where id = $1`,
      [failed['id']],
    );
    const text = await textOf(id);
    expect(text).not.toContain('regretted');
    expect(text).toContain('ana (agent): [deleted]\n');
    expect(text).toContain('ana (agent): never came\n    [failed: no such number]\n');
    const { messages } = await jsonOf(id);
    expect(messages.map(({ body }) => body)).toEqual(['first', null, 'never came']);
  });

  test('names users and bots that are gone', async () => {
    const id = await openConversation(system);
    const leaver = await system.signIn('employer', { username: 'leaver' });
    await said(id, leaver, 'bye');
    const [bot] = await system.sql<{ id: string }>(
      `insert into bot (workspace_id, name, deleted_at) values (1, 'Old Bot', now()) returning id`,
    );
    await system.sql(
      `insert into message (workspace_id, conversation_id, sender_type, sender_bot, body, whatsapp_status)
       values (1, $1, 'bot', $2, 'beep', 'read')`,
      [id, bot!.id],
    );
    expect((await admin.delete(`/users/${leaver.user.id}`)).status).toBe(204);
    const names = (await jsonOf(id)).messages.map((message) => message.sender_name);
    expect(names.slice(1)).toEqual(['leaver', 'Old Bot']);
  });

  test('lists files by name', async () => {
    const id = await openConversation(system);
    const [message] = await system.sql<{ id: string }>(
      'select min(id) as id from message where conversation_id = $1',
      [id],
    );
    await system.sql(
      `insert into message_attachment (workspace_id, message_id, state, kind, mime_type, name, media_id)
       values (1, $1, 'pending', 'document', 'application/pdf', 'invoice.pdf', 'm')`,
      [message!.id],
    );
    expect(await textOf(id)).toContain('(customer): hello\n    [attachment: invoice.pdf]\n');
  });

  test('of a conversation in which nothing was said is no failure', async () => {
    const { body: made } = await admin.post('/contacts', { name: 'Silent' });
    const [number] = await system.sql<{ id: string }>(
      'select min(id) as id from whatsapp_integration_config',
    );
    const { body: open } = await admin.post('/conversations', {
      contact_id: made['id'],
      integration_id: Number(number!.id),
    });
    const id = Number(open['id']);
    expect(entriesOf(await textOf(id))).toEqual([]);
    expect((await jsonOf(id, '&notes=true')).messages).toEqual([]);
  });

  test('is in the audit log', async () => {
    const id = await openConversation(system);
    await textOf(id, '?notes=true');
    const { body: log } = await admin.get<{ data: object[] }>(`/conversations/${id}/audit`);
    expect(log.data[0]).toMatchObject({
      action: 'conversation.transcript',
      user_id: ana.user.id,
      details: { format: 'text', notes: true },
    });
  });

  test.each(['format=pdf', 'format=', 'notes=1', 'notes=yes', 'page=2'])('?%s is refused', async (query) => {
    const id = await openConversation(system);
    expect(await ana.get(`/conversations/${id}/transcript?${query}`)).toMatchObject({
      status: 400,
      body: { code: 'VALIDATION_FAILED' },
    });
  });
});

describe('whose eyes it is for', () => {
  test('a conversation of somebody else, of another workspace and of none are one and the same', async () => {
    const id = await openConversation(system);
    await giveToSomebodyElse(system, id);
    const { conversationId } = await secondWorkspace(system, 'transcripts');
    const answers: Answer[] = [];
    for (const each of [id, conversationId, 999_999_999])
      answers.push(await ana.get(`/conversations/${each}/transcript?notes=true`));
    for (const answer of answers)
      expect(answer).toMatchObject({
        status: 404,
        body: { code: 'NOT_FOUND', message: 'No such conversation.' },
      });
    expect((await supervisor.get(`/conversations/${id}/transcript`)).status).toBe(200);
  });
});

describe('a long conversation', () => {
  const begun = (id: number, query = ''): Promise<IncomingMessage> =>
    new Promise((answered, failed) => {
      const headers = { authorization: `Bearer ${ana.token}` };
      get(`${system.url}/conversations/${id}/transcript${query}`, { headers }, answered).on('error', failed);
    });
  const readOn = async (response: IncomingMessage): Promise<string> => {
    let text = '';
    response.setEncoding('utf8');
    for await (const chunk of response) text += chunk as string;
    return text;
  };

  test('is all there, each message once and in order, notes between', async () => {
    const id = await conversationOf(system, { id: 1, admin });
    await manyIn(id, 1_100);
    for (let n = 1; n <= 3; n++) await ana.post(`/conversations/${id}/notes`, { body: `note ${n}` });
    await manyIn(id, 300);
    const expected = [
      'hello',
      ...Array.from({ length: 1_100 }, (_, i) => `line ${i + 1}.`),
      ...['note 1', 'note 2', 'note 3'],
      ...Array.from({ length: 300 }, (_, i) => `line ${i + 1}.`),
    ];
    const entries = entriesOf(await textOf(id, '?notes=true'));
    expect(entries.map((line) => line.slice(line.indexOf(': ') + 2))).toEqual(expected);
    const { messages } = await jsonOf(id);
    expect(messages.map(({ body }) => body)).toEqual(expected.filter((body) => !body.startsWith('note')));
  });

  /** Far more than sockets and streams hold between a server and a client that does not read. */
  const MANY = 12_000;
  const LONG = 2_000;

  test('holds no transaction while its client does not read, and reads no further ahead', async () => {
    const id = await conversationOf(system, { id: 1, admin });
    await manyIn(id, MANY, LONG);
    const response = await begun(id);
    let last: unknown;
    let unchanged = 0;
    await eventually(
      async () => {
        const [row] = await system.sql(
          `select count(xact_start)::int as open, max(query_start) filter (where query like '%from message%') as last
           from pg_stat_activity where datname = current_database() and application_name = 'apicechat'`,
        );
        unchanged = JSON.stringify(row) === JSON.stringify(last) && row!['open'] === 0 ? unchanged + 1 : 0;
        last = row;
        return unchanged >= 10;
      },
      { what: 'a server that waits for its client, without a transaction', timeoutMs: 20_000 },
    );
    // What it has not read yet and is gone now cannot be in it.
    await system.sql(
      'delete from message where id in (select id from message where conversation_id = $1 order by id desc limit 1000)',
      [id],
    );
    expect(entriesOf(await readOn(response))).toHaveLength(1 + MANY - 1_000);
  }, 60_000);

  test('breaks off for who loses sight of it meanwhile', async () => {
    const id = await conversationOf(system, { id: 1, admin });
    await manyIn(id, MANY, LONG);
    const response = await begun(id);
    expect(response.statusCode).toBe(200);
    await giveToSomebodyElse(system, id);
    await system.sql(`update message set body = 'not for them' where conversation_id = $1`, [id]);
    let text = '';
    response.setEncoding('utf8');
    const reading = (async () => {
      for await (const chunk of response) text += chunk as string;
    })();
    await expect(reading).rejects.toThrow(/aborted/);
    expect(text.length).toBeGreaterThan(0);
    expect(text).not.toContain('not for them');
  }, 60_000);
});
