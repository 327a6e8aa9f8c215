import { Client } from 'pg';
import { ContactBook } from '../support/contact-book';
import { eventually } from '../support/eventually';
import { type Caller, TestSystem } from '../support/system';
import { deliver, eventsOf, message, storedMessages, stranger, wamidOf } from '../support/webhooks';

let system: TestSystem;
let admin: Caller;
let book: ContactBook;

beforeAll(async () => {
  system = await TestSystem.start({ config: { defaultCountry: 'BR' } });
  admin = await system.signIn('admin');
  book = new ContactBook(system, admin);
});
afterAll(() => system.stop());

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
    expect(await book.auditOf(row!.contact_id)).toEqual([
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
      const [oldest] = await system.sql<{ body: string }>(
        'select body from message where conversation_id = $1 order by id limit 1',
        [row!.conversation_id],
      );
      expect(oldest).toEqual({ body: 'm10000' });
      await client.query('commit');
      expect((await deleting).status).toBe(204);
    } finally {
      await client.end();
    }
    expect(await left()).toBe(0);
  });

  test('by two at once is done once, and the other is told that there is no such contact', async () => {
    const { id } = await book.create({ name: 'Twice' });
    const client = new Client({ connectionString: system.databaseUrl });
    await client.connect();
    try {
      // Until both have seen the contact.
      await client.query('begin');
      await client.query('select from contact where id = $1 for update', [id]);
      const deleting = [1, 2].map(() => admin.delete(`/contacts/${id}`));
      const waiting = `select from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'`;
      await eventually(async () => (await system.sql(waiting)).length === 2, { what: 'both to wait' });
      await client.query('commit');
      expect((await Promise.all(deleting)).map(({ status }) => status).sort((a, b) => a - b)).toEqual([
        204, 404,
      ]);
    } finally {
      await client.end();
    }
    expect((await book.auditOf(id)).map(({ action }) => action)).toEqual([
      'contact.create',
      'contact.delete',
    ]);
  });
});
