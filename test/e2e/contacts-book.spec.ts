import { Client } from 'pg';
import { type Answer, type Caller, TestSystem } from '../support/system';
import { deliver, eventsOf, message, storedMessages, stranger, wamidOf } from '../support/webhooks';
import { eventually } from '../support/eventually';

interface Shown extends Record<string, unknown> {
  id: number;
  name: string | null;
  external_id: string;
  phone_number: string | null;
  tags: { id: number; name: string }[];
  identities: { scheme: string; value: string }[];
  statistics: Record<string, unknown>;
}
interface Listed {
  data: Shown[];
  meta: { page: number; limit: number; total: number; pages: number };
}

let system: TestSystem;
let admin: Caller;

beforeAll(async () => {
  system = await TestSystem.start({ config: { defaultCountry: 'BR' } });
  admin = await system.signIn('admin');
});
afterAll(() => system.stop());

let made = 0;
/** Text that no other test has. */
const unique = (text: string): string => `${text}${(++made).toString(36)}q${Date.now().toString(36)}`;
const newPhone = (): string => `+55119${String(6_0000000 + ++made * 17).padStart(8, '0')}`;

async function create(input: object): Promise<Shown> {
  const answer = await admin.post<Shown>('/contacts', input);
  expect([answer.status, answer.body]).toEqual([201, answer.body]);
  return answer.body;
}

async function createTag(name = unique('tag')): Promise<number> {
  const [row] = await system.sql<{ id: string }>(
    'insert into tag (workspace_id, name) values (1, $1) returning id',
    [name],
  );
  return Number(row!.id);
}

async function idsOf(path: string): Promise<number[]> {
  const answer = await admin.get<Listed>(path);
  expect([answer.status, answer.body]).toEqual([200, answer.body]);
  return answer.body.data.map((contact) => contact.id);
}

const find = (text: string): Promise<number[]> =>
  idsOf(`/contacts?limit=100&search=${encodeURIComponent(text)}`);
const auditOf = (id: number): Promise<{ action: string; details: object }[]> =>
  system.sql(
    `select action, details from audit_log where subject_type = 'contact' and subject_id = $1 order by id`,
    [id],
  );
const refused = ({ status, body }: Answer): unknown => [status, body['code']];

describe('a contact that is made', () => {
  test('is answered with everything known of it, and found by id, external id and phone', async () => {
    const phone = newPhone();
    const external = unique('crm-');
    const contact = await create({ name: 'Ana Souza', phone_number: phone, external_id: external });
    expect(contact).toMatchObject({
      name: 'Ana Souza',
      external_id: external,
      phone_number: phone,
      tags: [],
      statistics: {
        conversations: 0,
        open_conversations: 0,
        first_conversation_at: null,
        last_conversation_at: null,
        last_message_at: null,
      },
    });
    expect(contact.identities[0]).toMatchObject({ scheme: 'whatsapp_phone', value: phone.slice(1) });
    for (const path of [
      `/contacts/${contact.id}`,
      `/contacts/external-id/${external}`,
      `/contacts/phone/${encodeURIComponent(phone)}`,
    ])
      expect((await admin.get(path)).body).toEqual(contact);
    expect(await auditOf(contact.id)).toMatchObject([{ action: 'contact.create' }]);
  });

  test('without an external id is called by its number, without both by something made up', async () => {
    const phone = newPhone();
    expect((await create({ phone_number: phone })).external_id).toBe(phone.slice(1));
    const nameless = await create({ name: 'Only a name' });
    expect(nameless.external_id).toMatch(/^[0-9a-f-]{36}$/);
    expect(nameless.phone_number).toBeNull();
  });

  test.each([
    ['nothing', {}],
    ['nothing but nulls', { name: null, phone_number: null }],
    ['a blank name', { name: '  ' }],
    ['a name of 151 characters', { name: 'x'.repeat(151) }],
    ['a name with a NUL', { name: 'a\0b' }],
    ['a name with half a surrogate pair', { name: 'a\ud800' }],
    ['an external id of 151 characters', { external_id: 'x'.repeat(151) }],
    ['an external id that is null', { external_id: null, name: 'Ana' }],
    ['a number that is none', { phone_number: '12' }],
    ['a number with words', { phone_number: '+55 11 98765-4321; drop table contact' }],
    ['a number as a number', { phone_number: 5511987654321 }],
    ['an unknown field', { name: 'Ana', workspace_id: 2 }],
    ['a list', []],
  ])('from %s is refused', async (_, input) => {
    const [before] = await system.sql('select count(*) from contact');
    expect(refused(await admin.post('/contacts', input))).toEqual([400, 'VALIDATION_FAILED']);
    expect(await system.sql('select count(*) from contact')).toEqual([before]);
  });

  test('with an external id or a phone that another one has is a conflict that names the other', async () => {
    const phone = newPhone();
    const external = unique('taken-');
    const first = await create({ phone_number: phone, external_id: external });
    expect(await admin.post('/contacts', { name: 'x', external_id: external })).toMatchObject({
      status: 409,
      body: { code: 'CONFLICT', details: { field: 'external_id', contact_id: first.id } },
    });
    expect(await admin.post('/contacts', { phone_number: phone, external_id: unique('o') })).toMatchObject({
      status: 409,
      body: { code: 'CONFLICT', details: { field: 'phone_number', contact_id: first.id } },
    });
  });

  test('twenty times at once exists once', async () => {
    const phone = newPhone();
    const answers = await Promise.all(
      Array.from({ length: 20 }, (_, i) =>
        admin.post('/contacts', { phone_number: phone, external_id: unique(`${i}-`) }),
      ),
    );
    const statuses = answers.map(({ status }) => status);
    expect(statuses.filter((status) => status === 201)).toHaveLength(1);
    expect(statuses.filter((status) => status === 409)).toHaveLength(19);
    const id = answers.find(({ status }) => status === 201)!.body['id'];
    for (const { status, body } of answers)
      if (status === 409) expect(body['details']).toEqual({ field: 'phone_number', contact_id: id });
  });
});

describe('a number', () => {
  test.each([
    '+55 11 96123-4567',
    '%2B55 11 96123-4567',
    '0055 (11) 96123.4567',
    '5511961234567',
    '11 96123-4567',
    '551161234567',
  ])('asked for as %s is found', async (written) => {
    const known = await admin.get<Listed>('/contacts?search=5511961234567');
    const id = known.body.data[0]?.id ?? (await create({ phone_number: '+5511961234567' })).id;
    const path = written.includes('%2B') ? written.replaceAll(' ', '%20') : encodeURIComponent(written);
    expect((await admin.get<Shown>(`/contacts/phone/${path}`)).body.id).toBe(id);
  });

  test.each(['abc', '%00', '%F0%9F', '+', '123456789012345678901234567890', "'; drop table contact;--"])(
    'asked for as %s is not found, and nothing breaks',
    async (written) => {
      const { status } = await admin.get(
        `/contacts/phone/${written.includes('%') ? written : encodeURIComponent(written)}`,
      );
      expect([400, 404]).toContain(status);
    },
  );

  test('entered by hand is known when its owner writes, and an answer reaches them', async () => {
    const ana = stranger();
    const phone = newPhone();
    const contact = await create({ name: 'Ana by hand', phone_number: phone });
    const item = message({ phone: phone.slice(1), userId: ana.userId, name: 'Ana on WhatsApp' }, 'hello');
    await deliver(system, item);
    const [row] = await storedMessages(system, [wamidOf(item)]);
    expect(row!.contact_id).toBe(contact.id);
    const now = (await admin.get<Shown>(`/contacts/${contact.id}`)).body;
    expect(now).toMatchObject({
      name: 'Ana by hand',
      phone_number: phone,
      statistics: { conversations: 1, open_conversations: 1 },
    });
    expect(now.identities).toContainEqual(
      expect.objectContaining({ scheme: 'whatsapp_user', value: ana.userId }),
    );
    const sent = await admin.post('/messages', { conversation_id: row!.conversation_id, body: 'hi' });
    expect(sent.status).toBe(201);
    await system.meta.waitFor(() => system.meta.acceptedFor(phone.slice(1))[0], 'the answer');
  });

  test.each([
    ['Mexico', '+52 55 1234 5678', '5215512345678', '+525512345678'],
    ['Brazil', '+55 11 98765 4321', '551187654321', '+5511987654321'],
    ['Argentina', '+54 11 2233 4455', '5491122334455', '+541122334455'],
  ])('of %s is known also as WhatsApp writes it, and never rewritten', async (_, written, wa, e164) => {
    const contact = await create({ name: 'By hand', phone_number: written });
    expect(contact.phone_number).toBe(e164);
    const item = message({ phone: wa, name: 'x' }, 'hello');
    await deliver(system, item);
    expect((await storedMessages(system, [wamidOf(item)]))[0]!.contact_id).toBe(contact.id);
    expect((await admin.get<Shown>(`/contacts/phone/${wa}`)).body).toMatchObject({
      id: contact.id,
      phone_number: e164,
    });
    expect(await admin.post('/contacts', { phone_number: `+${wa}`, external_id: unique('x') })).toMatchObject(
      {
        status: 409,
        body: { details: { contact_id: contact.id } },
      },
    );
  });

  test('that came from WhatsApp stays as it is when somebody enters the same line', async () => {
    const wa = '5215587654321';
    await deliver(system, message({ phone: wa, name: 'Luz' }, 'hola'));
    const { body } = await admin.get<Shown>('/contacts/phone/+525587654321');
    expect(body).toMatchObject({ name: 'Luz', phone_number: `+${wa}` });
    const patched = await admin.patch<Shown>(`/contacts/${body.id}`, {
      phone_number: '+52 55 8765 4321',
      name: 'Luz M.',
    });
    expect(patched).toMatchObject({ status: 200, body: { name: 'Luz M.', phone_number: `+${wa}` } });
    expect(patched.body.identities.map(({ value }) => value)).toEqual([wa]);
  });
});

describe('PATCH /contacts/:id', () => {
  test('changes what is named, tells sockets of its conversations, and is audited without personal data', async () => {
    const person = stranger();
    const item = message(person, 'hello');
    await deliver(system, item);
    const [row] = await storedMessages(system, [wamidOf(item)]);
    const listener = await system.listen(await system.signIn('employer'));
    const external = unique('crm-');
    const answer = await admin.patch<Shown>(`/contacts/${row!.contact_id}`, {
      name: 'New Name',
      external_id: external,
    });
    expect(answer).toMatchObject({
      status: 200,
      body: { name: 'New Name', external_id: external, phone_number: `+${person.phone}` },
    });
    const [heard] = (await eventually(
      () => {
        const all = listener
          .of('conversation:updated')
          .filter((h) => h.payload['id'] === row!.conversation_id);
        return all.length > 0 ? all : null;
      },
      { what: 'conversation:updated' },
    )) as { payload: object }[];
    expect(heard!.payload).toMatchObject({
      contact: { id: row!.contact_id, name: 'New Name', external_id: external },
    });
    expect(heard!.payload).toEqual(
      expect.objectContaining({
        contact: (await admin.get<{ contact: object }>(`/conversations/${row!.conversation_id}`)).body
          .contact,
      }),
    );
    expect(await auditOf(row!.contact_id)).toEqual([
      { action: 'contact.update', details: { changed: ['external_id', 'name'] } },
    ]);
  });

  test('that changes nothing leaves no trace', async () => {
    const contact = await create({ name: 'Same', phone_number: newPhone() });
    const again = await admin.patch(`/contacts/${contact.id}`, {
      name: 'Same',
      phone_number: contact.phone_number,
    });
    expect(again.body).toEqual(contact);
    expect((await admin.patch(`/contacts/${contact.id}`, {})).body).toEqual(contact);
    expect(await auditOf(contact.id)).toHaveLength(1);
  });

  test('a typed number that was wrong is let go; one that somebody wrote from stays beside the new one', async () => {
    const [wrong, right, newest] = [newPhone(), newPhone(), newPhone()];
    const contact = await create({ name: 'Typo', phone_number: wrong });
    await admin.patch(`/contacts/${contact.id}`, { phone_number: right });
    const other = await create({ name: 'Owner of the wrong number', phone_number: wrong });
    await deliver(system, message({ phone: right.slice(1), name: 'x' }, 'hello'));
    const moved = await admin.patch<Shown>(`/contacts/${contact.id}`, { phone_number: newest });
    expect(moved.body.identities[0]!.value).toBe(newest.slice(1));
    expect(moved.body.identities.map(({ value }) => value)).toContain(right.slice(1));
    const items = [wrong, right, newest].map((phone) =>
      message({ phone: phone.slice(1), name: 'y' }, 'again'),
    );
    await deliver(system, ...items);
    const rows = await storedMessages(system, items.map(wamidOf));
    const owner = new Map(rows.map((r) => [r.wamid, r.contact_id]));
    expect(items.map((item) => owner.get(wamidOf(item)))).toEqual([other.id, contact.id, contact.id]);
  });

  test('null takes every number away', async () => {
    const phone = newPhone();
    const contact = await create({ name: 'Gone', phone_number: phone });
    const answer = await admin.patch<Shown>(`/contacts/${contact.id}`, { phone_number: null });
    expect(answer.body).toMatchObject({ phone_number: null, identities: [] });
    expect((await admin.get(`/contacts/phone/${phone}`)).status).toBe(404);
    await create({ phone_number: phone });
  });

  test('conflicts name the other contact and change nothing', async () => {
    const [one, two] = [
      await create({ phone_number: newPhone() }),
      await create({ phone_number: newPhone() }),
    ];
    expect(
      await admin.patch(`/contacts/${two.id}`, { name: 'x', phone_number: one.phone_number }),
    ).toMatchObject({
      status: 409,
      body: { code: 'CONFLICT', details: { field: 'phone_number', contact_id: one.id } },
    });
    expect(await admin.patch(`/contacts/${two.id}`, { external_id: one.external_id })).toMatchObject({
      status: 409,
      body: { code: 'CONFLICT', details: { field: 'external_id', contact_id: one.id } },
    });
    expect((await admin.get(`/contacts/${two.id}`)).body).toEqual(two);
  });

  test.each([
    ['external_id null', { external_id: null }],
    ['an empty external id', { external_id: '' }],
    ['a blank name', { name: ' ' }],
    ['an impossible number', { phone_number: '+1 2' }],
    ['an unknown field', { uuid: 'x' }],
  ])('with %s is refused', async (_, input) => {
    const contact = await create({ name: 'Kept' });
    expect(refused(await admin.patch(`/contacts/${contact.id}`, input))).toEqual([400, 'VALIDATION_FAILED']);
    expect((await admin.get(`/contacts/${contact.id}`)).body).toEqual(contact);
  });
});

describe('DELETE /contacts/:id', () => {
  test('takes the conversations, messages and names with it, tells sockets, and is audited', async () => {
    const person = stranger();
    const items = Array.from({ length: 5 }, (_, i) => message(person, `${i}`));
    await deliver(system, ...items);
    const [row] = await storedMessages(system, items.map(wamidOf));
    const listener = await system.listen(admin);
    const employer = await system.listen(await system.signIn('employer'));
    expect((await admin.delete(`/contacts/${row!.contact_id}`)).status).toBe(204);
    expect(await storedMessages(system, items.map(wamidOf))).toEqual([]);
    expect(await system.sql('select 1 from contact_identity where value = $1', [person.phone])).toEqual([]);
    for (const path of [`/contacts/${row!.contact_id}`, `/conversations/${row!.conversation_id}`])
      expect((await admin.get(path)).status).toBe(404);
    expect((await admin.delete(`/contacts/${row!.contact_id}`)).status).toBe(404);
    await eventually(() => listener.of('contact:deleted').length > 0, { what: 'contact:deleted' });
    expect(listener.of('contact:deleted').map((h) => h.payload)).toEqual([{ id: row!.contact_id }]);
    for (const heard of [listener, employer])
      expect(heard.of('conversation:deleted').map((h) => h.payload)).toContainEqual({
        id: row!.conversation_id,
      });
    expect(employer.of('contact:deleted')).toEqual([]);
    expect(await auditOf(row!.contact_id)).toEqual([
      { action: 'contact.delete', details: { conversations: 1 } },
    ]);
    expect(JSON.stringify(await eventsOf(system, row!.conversation_id))).toContain('conversation:deleted');
    // Whoever writes again is somebody new.
    const again = message(person, 'again');
    await deliver(system, again);
    expect((await storedMessages(system, [wamidOf(again)]))[0]!.contact_id).not.toBe(row!.contact_id);
  });

  test('of somebody who said very much goes in steps, oldest first, and nobody waits for all of them', async () => {
    const person = stranger();
    const item = message(person, 'first');
    await deliver(system, item);
    const [row] = await storedMessages(system, [wamidOf(item)]);
    await system.sql(
      `insert into message (workspace_id, conversation_id, sender_type, body, whatsapp_status)
       select 1, $1, 'contact', 'm' || g, 'delivered' from generate_series(1, 12000) g`,
      [row!.conversation_id],
    );
    const left = async (): Promise<number> => {
      const [rows] = await system.sql<{ count: number }>(
        'select count(*)::int as count from message where conversation_id = $1',
        [row!.conversation_id],
      );
      return rows!.count;
    };
    const client = new Client({ connectionString: system.databaseUrl });
    await client.connect();
    try {
      await client.query('begin');
      await client.query(
        'select from message where conversation_id = $1 order by id desc limit 1 for update',
        [row!.conversation_id],
      );
      const deleting = admin.delete(`/contacts/${row!.contact_id}`);
      await eventually(async () => (await left()) === 2_001, { what: 'the steps before the last' });
      await client.query('commit');
      expect((await deleting).status).toBe(204);
    } finally {
      await client.end();
    }
    expect(await left()).toBe(0);
  });
});

describe('tags of a contact', () => {
  test('are added, several and again, shown with when and by whom, and removed', async () => {
    const contact = await create({ name: 'Tagged' });
    const [red, blue] = [await createTag(), await createTag()];
    const added = await admin.post<{ data: { id: number; added_by: object; added_at: string }[] }>(
      `/contacts/${contact.id}/tags`,
      { tag_ids: [red, blue, red] },
    );
    expect(added.status).toBe(201);
    expect(added.body.data).toHaveLength(2);
    expect(added.body.data[0]).toMatchObject({
      added_by: { id: admin.user.id, name: expect.any(String) },
      added_at: expect.stringMatching(/Z$/),
    });
    expect((await admin.post(`/contacts/${contact.id}/tags`, { tag_ids: [red] })).body).toEqual(added.body);
    expect((await admin.get(`/contacts/${contact.id}/tags`)).body).toEqual(added.body);
    const shown = (await admin.get<Shown>(`/contacts/${contact.id}`)).body.tags.map(({ id }) => id);
    expect([...shown].sort((a, b) => a - b)).toEqual([red, blue].sort((a, b) => a - b));
    expect(await idsOf(`/contacts/by-tag/${red}`)).toEqual([contact.id]);
    expect((await admin.delete(`/contacts/${contact.id}/tags`, { tag_ids: [red] })).status).toBe(204);
    expect((await admin.delete(`/contacts/${contact.id}/tags?tag_ids=${red},${blue}`)).status).toBe(204);
    expect((await admin.get(`/contacts/${contact.id}/tags`)).body).toEqual({ data: [] });
    expect(await auditOf(contact.id)).toMatchObject([
      { action: 'contact.create' },
      { action: 'contact.tag', details: { tag_ids: [red, blue] } },
      { action: 'contact.untag', details: { tag_ids: [red] } },
      { action: 'contact.untag', details: { tag_ids: [blue] } },
    ]);
  });

  test.each([
    ['no list', {}],
    ['an empty list', { tag_ids: [] }],
    ['a text', { tag_ids: '1' }],
    ['fractions', { tag_ids: [1.5] }],
    ['negative ids', { tag_ids: [-1] }],
    ['too many', { tag_ids: Array.from({ length: 101 }, (_, i) => i + 1) }],
    ['no such tag', { tag_ids: [999_999] }],
    ['ids beyond what a number holds', { tag_ids: [2 ** 60] }],
  ])('%s is refused and nothing added', async (_, input) => {
    const contact = await create({ name: 'Untagged' });
    expect(refused(await admin.post(`/contacts/${contact.id}/tags`, input))).toEqual([
      400,
      'VALIDATION_FAILED',
    ]);
    expect((await admin.get(`/contacts/${contact.id}/tags`)).body).toEqual({ data: [] });
  });

  test('removing without saying which is refused', async () => {
    const contact = await create({ name: 'Tagged' });
    await admin.post(`/contacts/${contact.id}/tags`, { tag_ids: [await createTag()] });
    for (const path of ['', '?tag_ids=', '?tag_ids=x', '?tag_ids=1,'])
      expect(refused(await admin.delete(`/contacts/${contact.id}/tags${path}`))).toEqual([
        400,
        'VALIDATION_FAILED',
      ]);
    expect((await admin.get<{ data: object[] }>(`/contacts/${contact.id}/tags`)).body.data).toHaveLength(1);
  });
});

describe('lists', () => {
  test('come in pages that never overlap, by name, date and change, forwards and backwards', async () => {
    const mark = unique('sorted');
    const ids: number[] = [];
    for (const name of ['émile', 'Zoe', 'ana', 'Bia'])
      ids.push((await create({ name: `${name} ${mark}` })).id);
    ids.push((await create({ external_id: mark })).id);
    const [emile, zoe, ana, bia, nameless] = ids as [number, number, number, number, number];
    const list = (more: string): Promise<number[]> => idsOf(`/contacts?search=${mark}${more}`);
    expect(await list('&sort=name')).toEqual([ana, bia, emile, zoe, nameless]);
    expect(await list('&sort=-name')).toEqual([nameless, zoe, emile, bia, ana]);
    expect(await list('&sort=created_at')).toEqual([emile, zoe, ana, bia, nameless]);
    expect(await list('')).toEqual([nameless, bia, ana, zoe, emile]);
    await admin.patch(`/contacts/${ana}`, { name: `Ana ${mark}` });
    expect((await list('&sort=-updated_at'))[0]).toBe(ana);
    expect(await list('&sort=name&limit=2&page=2')).toEqual([emile, zoe]);
    const last = await admin.get<Listed>(`/contacts?search=${mark}&limit=2&page=3`);
    expect(last.body.meta).toEqual({ page: 3, limit: 2, total: 5, pages: 3 });
    expect(last.body.data[0]).not.toHaveProperty('search_text');
  });

  test('are filtered by any or all of several tags, and by when contacts were made', async () => {
    const [red, blue, green] = [await createTag(), await createTag(), await createTag()];
    const [both, onlyRed, onlyBlue] = [
      await create({ name: 'a' }),
      await create({ name: 'y' }), // no hexadecimal digit: made-up external ids are searched, too
      await create({ name: 'c' }),
    ];
    await admin.post(`/contacts/${both.id}/tags`, { tag_ids: [red, blue] });
    await admin.post(`/contacts/${onlyRed.id}/tags`, { tag_ids: [red] });
    await admin.post(`/contacts/${onlyBlue.id}/tags`, { tag_ids: [blue] });
    const by = (query: string): Promise<number[]> => idsOf(`/contacts?sort=created_at&${query}`);
    expect(await by(`tag_id=${red}`)).toEqual([both.id, onlyRed.id]);
    expect(await by(`tag_id=${red}&tag_id=${blue}`)).toEqual([both.id, onlyRed.id, onlyBlue.id]);
    expect(await by(`tag_id=${red},${blue}&tag_match=all`)).toEqual([both.id]);
    expect(await by(`tag_id=${red},${red}&tag_match=all`)).toEqual([both.id, onlyRed.id]);
    expect(await by(`tag_id=${red},${green}&tag_match=all`)).toEqual([]);
    expect(await by(`tag_id=${red}&search=y`)).toEqual([onlyRed.id]);
    await system.sql(`update contact set created_at = '2001-02-03' where id = $1`, [onlyRed.id]);
    expect(await by(`tag_id=${red}&created_since=2002-01-01`)).toEqual([both.id]);
    expect(await by(`tag_id=${red}&created_since=2001-02-03T00:00:00Z`)).toEqual([onlyRed.id, both.id]);
    expect(await idsOf(`/contacts/by-tag/${red}?sort=created_at&limit=1&page=2`)).toEqual([both.id]);
    expect((await admin.get('/contacts/by-tag/999999')).status).toBe(404);
  });

  test.each([
    'page=0',
    'page=x',
    'limit=101',
    'limit=-1',
    'limit=1e9',
    'sort=id',
    'sort=name;drop table contact',
    'sort=name&sort=name',
    'search=',
    'search=%20',
    `search=${'x'.repeat(101)}`,
    'search=a&search=b',
    'search=%00',
    'tag_id=x',
    'tag_id=0',
    'tag_id=-1',
    'tag_id=1,,2',
    'tag_id[a]=1',
    'tag_match=some',
    'created_since=yesterday',
    'created_since=2026-02-31',
    'unknown=1',
  ])('with %s are refused', async (query) => {
    expect(refused(await admin.get(`/contacts?${query}`))).toEqual([400, 'VALIDATION_FAILED']);
  });
});

describe('search', () => {
  test('finds by any part of the name, whatever case and accents, and by several words in any order', async () => {
    const mark = unique('srch');
    const { id } = await create({ name: `José Müller-Ångström ${mark}` });
    for (const text of ['jose', 'JOSÉ', 'muller', 'MÜLL', 'ngstro', 'Müller José', 'jo mu', `${mark} JOSE`])
      expect([text, await find(`${text} ${mark}`)]).toEqual([text, [id]]);
    for (const text of ['josef', 'jose silva', 'ose mul x', 'ul'])
      expect([text, await find(`${text} ${mark}`)]).toEqual([text, []]);
  });

  test.each([
    ['+55 (11) 97000-1234'],
    ['5511970001234'],
    ['97000 1234'],
    ['970001'],
    ['0055 11 97000-1234'],
    ['(11) 97000-1234'],
    ['011 97000 1234'],
  ])('finds a number typed as %s', async (text) => {
    const known = await find('5511970001234');
    const id = known[0] ?? (await create({ phone_number: '+5511970001234', external_id: unique('p') })).id;
    expect(await find(text)).toContain(id);
  });

  test('finds by the external id, with and without its dashes', async () => {
    const { id } = await create({ external_id: 'CRM-77-4242-19' });
    for (const text of ['crm-77-4242', '77-4242-19', '77424219', '4242-19'])
      expect(await find(text)).toEqual([id]);
  });

  test.each([
    '%',
    '_',
    '\\',
    "'",
    '"',
    '%%%',
    "' or 1=1 --",
    ':*',
    '$$',
    '(((',
    '[',
    'a\\',
    '%_%',
    '\u202e',
    '😀',
    '🙂'.repeat(100),
    'x'.repeat(100),
  ])('takes %j as text', async (text) => {
    const mark = unique('odd');
    const { id } = await create({ name: Array.from(`a${text} ${mark}`).slice(0, 150).join('') });
    expect(await find(text.length > 50 ? text : `a${text} ${mark}`)).toContain(id);
    const { id: plain } = await create({ name: `plain ${mark}` });
    expect(await find(text.length > 50 ? text : `${text}${text}${text}x`)).not.toContain(plain);
  });

  test('finds names in scripts of their own', async () => {
    const ids = [
      await create({ name: '王伟' }),
      await create({ name: 'Анна Каренина' }),
      await create({ name: 'محمد علي' }),
    ].map(({ id }) => id);
    expect(await find('王伟')).toEqual([ids[0]]);
    expect(await find('каренин')).toEqual([ids[1]]);
    expect(await find('محمد')).toEqual([ids[2]]);
  });
});
