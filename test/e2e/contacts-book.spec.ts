import {
  ContactBook,
  type ListedContacts,
  refused,
  type ShownContact,
  unique,
} from '../support/contact-book';
import { eventually } from '../support/eventually';
import { type Caller, TestSystem } from '../support/system';
import { deliver, message, storedMessages, stranger, wamidOf } from '../support/webhooks';

let system: TestSystem;
let admin: Caller;
let book: ContactBook;

beforeAll(async () => {
  system = await TestSystem.start({ config: { defaultCountry: 'BR' } });
  admin = await system.signIn('admin');
  book = new ContactBook(system, admin);
});
afterAll(() => system.stop());

describe('a contact that is made', () => {
  test('is answered with everything known of it, and found by id, external id and phone', async () => {
    const phone = book.newPhone();
    const external = unique('crm-');
    const contact = await book.create({ name: 'Ana Souza', phone_number: phone, external_id: external });
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
    expect(await book.auditOf(contact.id)).toMatchObject([{ action: 'contact.create' }]);
  });

  test('without an external id is called by its number, without both by something made up', async () => {
    const phone = book.newPhone();
    expect((await book.create({ phone_number: phone })).external_id).toBe(phone.slice(1));
    const nameless = await book.create({ name: 'Only a name' });
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
    const phone = book.newPhone();
    const external = unique('taken-');
    const first = await book.create({ phone_number: phone, external_id: external });
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
    const phone = book.newPhone();
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
    const known = await admin.get<ListedContacts>('/contacts?search=5511961234567');
    const id = known.body.data[0]?.id ?? (await book.create({ phone_number: '+5511961234567' })).id;
    const path = written.includes('%2B') ? written.replaceAll(' ', '%20') : encodeURIComponent(written);
    expect((await admin.get<ShownContact>(`/contacts/phone/${path}`)).body.id).toBe(id);
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
    const phone = book.newPhone();
    const contact = await book.create({ name: 'Ana by hand', phone_number: phone });
    const item = message({ phone: phone.slice(1), userId: ana.userId, name: 'Ana on WhatsApp' }, 'hello');
    await deliver(system, item);
    const [row] = await storedMessages(system, [wamidOf(item)]);
    expect(row!.contact_id).toBe(contact.id);
    const now = (await admin.get<ShownContact>(`/contacts/${contact.id}`)).body;
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
    const contact = await book.create({ name: 'By hand', phone_number: written });
    expect(contact.phone_number).toBe(e164);
    const item = message({ phone: wa, name: 'x' }, 'hello');
    await deliver(system, item);
    expect((await storedMessages(system, [wamidOf(item)]))[0]!.contact_id).toBe(contact.id);
    expect((await admin.get<ShownContact>(`/contacts/phone/${wa}`)).body).toMatchObject({
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
    const { body } = await admin.get<ShownContact>('/contacts/phone/+525587654321');
    expect(body).toMatchObject({ name: 'Luz', phone_number: `+${wa}` });
    const patched = await admin.patch<ShownContact>(`/contacts/${body.id}`, {
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
    const answer = await admin.patch<ShownContact>(`/contacts/${row!.contact_id}`, {
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
    expect(await book.auditOf(row!.contact_id)).toEqual([
      { action: 'contact.update', details: { changed: ['external_id', 'name'] } },
    ]);
  });

  test('that changes nothing leaves no trace', async () => {
    const contact = await book.create({ name: 'Same', phone_number: book.newPhone() });
    const again = await admin.patch(`/contacts/${contact.id}`, {
      name: 'Same',
      phone_number: contact.phone_number,
    });
    expect(again.body).toEqual(contact);
    expect((await admin.patch(`/contacts/${contact.id}`, {})).body).toEqual(contact);
    expect(await book.auditOf(contact.id)).toHaveLength(1);
  });

  test('a typed number that was wrong is let go; one that somebody wrote from stays beside the new one', async () => {
    const [wrong, right, newest] = [book.newPhone(), book.newPhone(), book.newPhone()];
    const contact = await book.create({ name: 'Typo', phone_number: wrong });
    await admin.patch(`/contacts/${contact.id}`, { phone_number: right });
    const other = await book.create({ name: 'Owner of the wrong number', phone_number: wrong });
    await deliver(system, message({ phone: right.slice(1), name: 'x' }, 'hello'));
    const moved = await admin.patch<ShownContact>(`/contacts/${contact.id}`, { phone_number: newest });
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
    const phone = book.newPhone();
    const contact = await book.create({ name: 'Gone', phone_number: phone });
    const answer = await admin.patch<ShownContact>(`/contacts/${contact.id}`, { phone_number: null });
    expect(answer.body).toMatchObject({ phone_number: null, identities: [] });
    expect((await admin.get(`/contacts/phone/${phone}`)).status).toBe(404);
    await book.create({ phone_number: phone });
  });

  test('conflicts name the other contact and change nothing', async () => {
    const [one, two] = [
      await book.create({ phone_number: book.newPhone() }),
      await book.create({ phone_number: book.newPhone() }),
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
    const contact = await book.create({ name: 'Kept' });
    expect(refused(await admin.patch(`/contacts/${contact.id}`, input))).toEqual([400, 'VALIDATION_FAILED']);
    expect((await admin.get(`/contacts/${contact.id}`)).body).toEqual(contact);
  });
});
