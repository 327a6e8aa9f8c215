import { Client } from 'pg';
import type { ContactImportReport } from '../../src/contacts/contacts.types';
import { ContactBook, type ShownContact, unique } from '../support/contact-book';
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

async function importing(...lines: string[]): Promise<ContactImportReport> {
  const answer = await system.call<ContactImportReport>('POST', '/contacts/import', lines.join('\n'), {
    authorization: `Bearer ${admin.token}`,
    'content-type': 'text/csv',
  });
  expect([answer.status, answer.body]).toEqual([200, answer.body]);
  return answer.body;
}

const shown = async (id: number): Promise<ShownContact> =>
  (await admin.get<ShownContact>(`/contacts/${id}`)).body;
const numbersOf = async (id: number): Promise<string[]> =>
  (await shown(id)).identities.filter(({ scheme }) => scheme === 'whatsapp_phone').map(({ value }) => value);
/** Whose a message from this phone is. */
async function writes(phone: string): Promise<number> {
  const item = message({ phone }, 'hello');
  await deliver(system, item);
  return (await storedMessages(system, [wamidOf(item)]))[0]!.contact_id;
}

describe('a row', () => {
  test('with another number leaves the one from which the customer wrote, so that they stay one person', async () => {
    const { phone } = stranger();
    const id = await writes(phone);
    const [external, newer] = [unique('crm'), book.newPhone()];
    await importing('phone_number,external_id', `+${phone},${external}`);
    expect(await importing('external_id,phone_number', `${external},${newer}`)).toMatchObject({ updated: 1 });
    expect((await shown(id)).phone_number).toBe(newer);
    expect(await numbersOf(id)).toEqual(expect.arrayContaining([newer.slice(1), phone]));
    expect(await writes(phone)).toBe(id);
  });

  test('with another number frees the one that was only typed in, for whoever writes from it', async () => {
    const [typed, newer] = [book.newPhone(), book.newPhone()];
    const { id, external_id: external } = await book.create({ phone_number: typed });
    expect(external).toBe(typed.slice(1));
    expect(await importing('external_id,phone_number', `${external},${newer}`)).toMatchObject({ updated: 1 });
    expect(await shown(id)).toMatchObject({ phone_number: newer });
    expect((await shown(id)).external_id).not.toBe(external);
    expect(await writes(typed.slice(1))).not.toBe(id);
  });

  test('is about the contact who shows a number rather than one who wrote from it once', async () => {
    const { phone } = stranger();
    const wrote = await writes(phone);
    await admin.patch(`/contacts/${wrote}`, { phone_number: book.newPhone() });
    const [shows] = await system.sql<{ id: string }>(
      `insert into contact (workspace_id, external_id, phone_number) values (1, $1, $2) returning id`,
      [unique('shows'), `+${phone}`],
    );
    const name = unique('name');
    expect(await importing('phone_number,name', `+${phone},${name}`)).toMatchObject({ updated: 1 });
    expect((await shown(Number(shows!.id))).name).toBe(name);
  });

  test('is a twin of an earlier one by the external id that this one got from its number', async () => {
    const phone = book.newPhone();
    const mark = unique('far');
    const between = Array.from({ length: 600 }, (_, i) => `,${mark}-${i}`);
    const report = await importing('phone_number,external_id', `${phone},`, ...between, `,${phone.slice(1)}`);
    expect(report).toMatchObject({ created: 601, rejected: 1 });
    expect(report.rows).toMatchObject([{ line: 603, message: 'The same contact as on line 2.' }]);
  });

  test('whose number is another contact’s external id makes a contact of its own', async () => {
    const phone = book.newPhone();
    const other = await book.create({ external_id: phone.slice(1) });
    expect(await importing('phone_number,external_id', `${phone},`)).toMatchObject({ created: 1 });
    expect((await shown(other.id)).phone_number).toBeNull();
    expect(await writes(phone.slice(1))).not.toBe(other.id);
  });

  test('takes a tag that exists, however it is written', async () => {
    const tag = unique('Tag');
    await book.createTag(tag);
    await importing('external_id,tags', `${unique('e')},${tag.toUpperCase()}|${tag.toLowerCase()}`);
    expect(await system.sql('select name from tag where lower(name) = lower($1)', [tag])).toEqual([
      { name: tag },
    ]);
  });

  test('that gives a tag and nothing else changes the contact, and it is known who did', async () => {
    const { id, external_id: external } = await book.create({ external_id: unique('crm') });
    const tag = unique('tag');
    expect(await importing('external_id,tags', `${external},${tag}`)).toMatchObject({
      updated: 1,
      unchanged: 0,
    });
    expect((await admin.get(`/contacts/${id}/tags`)).body).toMatchObject({
      data: [{ name: tag, added_by: { id: admin.user.id } }],
    });
  });
});

describe('somebody else who is faster', () => {
  /** Their change is made before the import looks, and committed once it waits for that. */
  async function meanwhile(
    change: (client: Client) => Promise<unknown>,
    file: string[],
  ): Promise<ContactImportReport> {
    const client = new Client({ connectionString: system.databaseUrl });
    await client.connect();
    try {
      await client.query('begin');
      await change(client);
      const report = importing(...file);
      const waiting = `select from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'`;
      await eventually(async () => (await system.sql(waiting)).length > 0, { what: 'the import to wait' });
      await client.query('commit');
      return await report;
    } finally {
      await client.end();
    }
  }

  test('and writes from the number of a row is its contact', async () => {
    const phone = book.newPhone();
    const external = unique('crm');
    const { id } = await book.create({ name: 'Faster' });
    const writesNow = (client: Client): Promise<unknown> =>
      client.query(
        `insert into contact_identity (workspace_id, scheme, value, contact_id) values (1, 'whatsapp_phone', $1, $2)`,
        [phone.slice(1), id],
      );
    const report = await meanwhile(writesNow, ['phone_number,external_id', `${phone},${external}`]);
    expect(report).toMatchObject({ created: 0, updated: 1 });
    expect((await shown(id)).external_id).toBe(external);
  });

  test('and takes the number of a row keeps it, and the row is refused', async () => {
    const phone = book.newPhone();
    const { external_id: external } = await book.create({ external_id: unique('crm') });
    const takesIt = (client: Client): Promise<unknown> =>
      client.query('insert into contact (workspace_id, external_id, phone_number) values (1, $1, $2)', [
        unique('other'),
        phone,
      ]);
    const report = await meanwhile(takesIt, ['phone_number,external_id', `${phone},${external}`]);
    expect(report).toMatchObject({ updated: 0, rejected: 1, rows: [{ line: 2, code: 'CONFLICT' }] });
  });

  test('and deletes the contact of a row makes it one that is made anew', async () => {
    const { id, external_id: external } = await book.create({ external_id: unique('crm') });
    const deletes = (client: Client): Promise<unknown> =>
      client.query('delete from contact where id = $1', [id]);
    const report = await meanwhile(deletes, ['external_id,name', `${external},Again`]);
    expect(report).toMatchObject({ created: 1, updated: 0, rejected: 0 });
  });
});
