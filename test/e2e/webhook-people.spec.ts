import { newUserId, newWamid } from '../../simulator/identifiers';
import { type Customer, inbound } from '../../simulator/inbound-content';
import { TestSystem } from '../support/system';
import { deliver, inSeconds, message, storedMessages, stranger, wamidOf } from '../support/webhooks';

let system: TestSystem;

beforeAll(async () => {
  system = await TestSystem.start();
});
afterAll(() => system.stop());

interface ContactRow {
  id: number;
  external_id: string;
  name: string | null;
  phone_number: string | null;
  identities: string[];
}

const onlyPhone = ({ phone, name }: Customer): Customer => ({ phone, name });
const onlyUserId = ({ userId, name }: Customer): Customer => ({ userId, name });

/** Each customer in turn writes once, each in a webhook of their own. */
async function write(...customers: Customer[]): Promise<string[]> {
  const items = customers.map((customer) => message(customer, 'hello'));
  for (const item of items) expect(await deliver(system, item)).toMatchObject({ status: 200 });
  return items.map(wamidOf);
}

/** The contacts that these messages are stored with, in the order of the messages. */
async function contactsOf(wamids: string[]): Promise<number[]> {
  const rows = await storedMessages(system, wamids);
  return wamids.map((wamid) => rows.find((row) => row.wamid === wamid)!.contact_id);
}

/** Every contact that has to do with one of these ids or numbers. */
async function allContacts(...values: (string | undefined)[]): Promise<ContactRow[]> {
  return await system.sql<ContactRow>(
    `select c.id, c.external_id, c.name, c.phone_number,
       array(select i.value from contact_identity i where i.contact_id = c.id order by i.scheme desc, i.created_at, i.value) as identities
     from contact c
     where c.external_id = any ($1) or ltrim(c.phone_number, '+') = any ($1)
       or exists (select 1 from contact_identity i where i.contact_id = c.id and i.value = any ($1))
     order by c.id`,
    [values],
  );
}

/** Where an answer would go. */
async function addressOf(wamid: string, to: Customer): Promise<string | undefined> {
  const admin = await system.signIn('admin');
  const [row] = await storedMessages(system, [wamid]);
  const sent = await admin.post('/messages', { conversation_id: row!.conversation_id, body: 'hello' });
  expect(sent.status).toBe(201);
  const find = () =>
    system.meta.accepted.find(
      ({ bizOpaqueCallbackData }) => bizOpaqueCallbackData === `apicechat:${String(sent.body['id'])}`,
    );
  return (await system.meta.waitFor(find, `the answer to ${to.name}`)).to;
}

describe('one person is one contact, whatever WhatsApp tells of them', () => {
  const orders: [string, ((of: Customer) => Customer)[]][] = [
    ['first the phone, then both, then the user id', [onlyPhone, (both) => both, onlyUserId]],
    ['first the user id, then both, then the phone', [onlyUserId, (both) => both, onlyPhone]],
    ['first both, then the user id, then the phone', [(both) => both, onlyUserId, onlyPhone]],
  ];

  test.each(orders)('%s, in webhooks of their own', async (_order, views) => {
    const ana = stranger();
    const contacts = await contactsOf(await write(...views.map((view) => view(ana))));
    expect(new Set(contacts).size).toBe(1);
    expect(await allContacts(ana.phone, ana.userId)).toMatchObject([
      { name: ana.name, phone_number: `+${ana.phone}`, identities: [ana.userId, ana.phone] },
    ]);
  });

  test.each(orders)('%s, in one webhook', async (_order, views) => {
    const ana = stranger();
    const items = views.map((view, i) => message(view(ana), `${i}`, { at: inSeconds(i - 9) }));
    expect(await deliver(system, ...items)).toMatchObject({ status: 200 });
    const contacts = await contactsOf(items.map(wamidOf));
    expect(new Set(contacts).size).toBe(1);
    expect(await allContacts(ana.phone, ana.userId)).toMatchObject([
      { name: ana.name, phone_number: `+${ana.phone}`, identities: [ana.userId, ana.phone] },
    ]);
  });

  test('everything at once, on two servers, also where only the ids tell that it is one person', async () => {
    const other = await system.startAnother();
    const people = Array.from({ length: 10 }, stranger);
    const wamids = new Map(people.map((person) => [person, [newWamid(), newWamid(), newWamid()]]));
    await Promise.all(
      people.flatMap((person) => {
        const [one, two, three] = wamids.get(person)!;
        return [
          deliver(system, message(person, 'both', { id: one })),
          deliver(other, message(onlyUserId(person), 'user id', { id: two })),
          deliver(other, message(person, 'both again', { id: three })),
        ];
      }),
    );
    for (const person of people) {
      expect(new Set(await contactsOf(wamids.get(person)!)).size).toBe(1);
      expect(await allContacts(person.phone, person.userId)).toHaveLength(1);
    }
  });

  test('a name and a number that came later are filled in; a name that is there stays', async () => {
    const ana = stranger();
    await write({ userId: ana.userId });
    expect(await allContacts(ana.userId)).toMatchObject([{ name: null, phone_number: null }]);
    await write(ana, { ...ana, name: 'Somebody else' });
    expect(await allContacts(ana.userId)).toMatchObject([
      { name: ana.name, phone_number: `+${ana.phone}`, external_id: ana.userId },
    ]);
  });

  test('an agent entered the number by hand before the person wrote: the same contact', async () => {
    const ana = stranger();
    await system.sql(
      'insert into contact (workspace_id, external_id, name, phone_number) values (1, $1, $2, $3)',
      [`by-hand-${ana.phone}`, 'Ana by hand', `+${ana.phone}`],
    );
    await write(ana, onlyUserId(ana));
    expect(await allContacts(ana.phone, ana.userId)).toMatchObject([
      { name: 'Ana by hand', external_id: `by-hand-${ana.phone}`, identities: [ana.userId, ana.phone] },
    ]);
  });
});

describe('where the user id and the phone belong to two contacts, the user id decides', () => {
  test('messages with both go to the contact of the user id, and neither contact loses anything', async () => {
    const [ana, bia] = [stranger(), stranger()];
    const [ofAna, ofBia] = await contactsOf(await write(onlyUserId(ana), onlyPhone(bia)));
    const both: Customer = { userId: ana.userId, phone: bia.phone };
    const contacts = await contactsOf(await write(both, onlyPhone(bia), onlyUserId(ana), both));
    expect(contacts).toEqual([ofAna, ofBia, ofAna, ofAna]);
    expect(await allContacts(ana.userId, bia.phone)).toMatchObject([
      { identities: [ana.userId], phone_number: null },
      { identities: [bia.phone], phone_number: `+${bia.phone}` },
    ]);
  });
});

describe('a person who changes number or id stays the same contact', () => {
  test('a new number, announced: later messages from it, and answers to it', async () => {
    const ana = stranger();
    const moved = { ...stranger(), name: ana.name };
    const change = inbound.changedNumber({
      wa_id: moved.phone,
      user_id: moved.userId,
      previous_user_id: ana.userId,
    });
    const first = await write(ana);
    await deliver(system, message(onlyPhone(ana), change));
    const later = await write(moved, onlyPhone(moved), onlyUserId(moved));
    expect(new Set(await contactsOf([...first, ...later])).size).toBe(1);
    expect(await allContacts(ana.phone, moved.phone)).toMatchObject([{ phone_number: `+${moved.phone}` }]);
    expect(await addressOf(later[0]!, moved)).toBe(moved.phone);
  });

  test('the announcement and the first message from the new number in one webhook', async () => {
    const ana = stranger();
    const moved = stranger();
    const first = await write(ana);
    const change = inbound.changedNumber({ wa_id: moved.phone, user_id: moved.userId });
    const next = message(moved, 'my new number', { at: inSeconds(2) });
    await deliver(system, next, message(onlyPhone(ana), change, { at: inSeconds(1) }));
    expect(new Set(await contactsOf([...first, wamidOf(next)])).size).toBe(1);
    expect(await allContacts(ana.phone, moved.phone)).toHaveLength(1);
  });

  test('a new user id, with nothing but ids', async () => {
    const ana = stranger();
    const fresh = newUserId(ana.phone);
    const first = await write(onlyUserId(ana));
    await deliver(
      system,
      message({}, inbound.changedUserId({ user_id: fresh, previous_user_id: ana.userId })),
    );
    const later = await write({ userId: fresh });
    expect(new Set(await contactsOf([...first, ...later])).size).toBe(1);
    expect(await allContacts(ana.userId, fresh)).toHaveLength(1);
  });

  test('somebody known by user id only, whose announcement names the old number and the old id', async () => {
    const ana = stranger();
    const moved = stranger();
    const first = await write(onlyUserId(ana));
    const change = inbound.changedNumber({
      wa_id: moved.phone,
      user_id: moved.userId,
      previous_user_id: ana.userId,
    });
    await deliver(system, message(onlyPhone(ana), change));
    const later = await write(moved);
    expect(new Set(await contactsOf([...first, ...later])).size).toBe(1);
    expect(await allContacts(ana.userId, ana.phone, moved.phone)).toHaveLength(1);
  });

  test('there and back again, and the first announcement once more: the number of now stays', async () => {
    const home = stranger();
    const away = stranger();
    const first = await write(home);
    const leave = message(onlyPhone(home), inbound.changedNumber({ wa_id: away.phone }), {
      at: inSeconds(5),
    });
    const back = message(onlyPhone(away), inbound.changedNumber({ wa_id: home.phone }), {
      at: inSeconds(10),
    });
    for (const item of [leave, back, leave]) await deliver(system, item);
    expect(await allContacts(home.phone, away.phone)).toMatchObject([{ phone_number: `+${home.phone}` }]);
    expect(await addressOf(first[0]!, home)).toBe(home.phone);
  });

  test('a number that another contact has stays with that one', async () => {
    const [ana, bia] = [stranger(), stranger()];
    const [ofAna, ofBia] = await contactsOf(await write(ana, bia));
    await deliver(system, message(onlyPhone(ana), inbound.changedNumber({ wa_id: bia.phone })));
    expect(await contactsOf(await write(bia, ana))).toEqual([ofBia, ofAna]);
    expect(await allContacts(ana.phone, bia.phone)).toMatchObject([
      { phone_number: `+${ana.phone}` },
      { phone_number: `+${bia.phone}` },
    ]);
  });

  test('a number that somebody else wrote from just before, in the same webhook, stays with them', async () => {
    const [ana, bia] = [stranger(), stranger()];
    const [ofAna] = await contactsOf(await write(ana));
    await deliver(
      system,
      message(onlyPhone(bia), 'hello', { at: inSeconds(1) }),
      message(onlyPhone(ana), inbound.changedNumber({ wa_id: bia.phone }), { at: inSeconds(2) }),
    );
    const [ofBia, ofAnaStill] = await contactsOf(await write(onlyPhone(bia), ana));
    expect(ofAnaStill).toBe(ofAna);
    expect(ofBia).not.toBe(ofAna);
  });
});
