import { Client } from 'pg';
import { newWamid } from '../../simulator/identifiers';
import { ContactFollowers } from '../../src/contacts/contact-followers.service';
import { ContactMergeRepository } from '../../src/contacts/contact-merge.repository';
import { ContactsService } from '../../src/contacts/contacts.service';
import { UnitOfWork } from '../../src/platform/database/unit-of-work';
import { eventually } from '../support/eventually';
import { type Caller, TestSystem } from '../support/system';
import {
  connectNumber,
  deliver,
  eventsOf,
  message,
  NUMBER,
  storedMessages,
  stranger,
  wamidOf,
} from '../support/webhooks';

interface Details extends Record<string, unknown> {
  id: number;
  phone_number: string | null;
  identities: { value: string }[];
}
interface Thread {
  id: number;
  contact_id: number;
  status: string;
  unread_count: number;
  read: boolean;
  window_expires_at: Date | null;
}

let system: TestSystem;
let admin: Caller;

beforeAll(async () => {
  system = await TestSystem.start();
  admin = await system.signIn('admin');
});
afterAll(() => system.stop());

type Person = ReturnType<typeof stranger>;

/** Somebody new who wrote this. */
async function whoWrote(
  text: string,
  person: Person = stranger(),
  number = NUMBER,
): Promise<{ person: Person; id: number; conversation: number }> {
  const item = message(person, text, { number });
  await deliver(system, item);
  const [row] = await storedMessages(system, [wamidOf(item)]);
  return { person, id: row!.contact_id, conversation: row!.conversation_id };
}

const threadsOf = (contactId: number): Promise<Thread[]> =>
  system.sql<Thread>(
    'select id, contact_id, status, unread_count, read, window_expires_at from conversation where contact_id = $1 order by id',
    [contactId],
  );

async function merge(kept: number, other: number): Promise<Details> {
  const answer = await admin.post<Details>(`/contacts/${kept}/merge`, { contact_id: other });
  expect([answer.status, answer.body]).toEqual([200, answer.body]);
  return answer.body;
}

test('every table that refers to contacts has somebody who moves its rows when contacts are merged', async () => {
  const rows = await system.sql<{ name: string }>(
    `select distinct conrelid::regclass::text as name from pg_constraint
     where contype = 'f' and confrelid = 'contact'::regclass order by 1`,
  );
  const followers = system.app.get(ContactFollowers, { strict: false }).all;
  const answeredFor = [...ContactMergeRepository.TABLES, ...followers.flatMap(({ tables }) => tables)];
  expect(rows.map((row) => row.name)).toEqual(answeredFor.sort());
});

describe('two contacts that are one person', () => {
  test('become one: names, numbers, tags and conversations, and the other is gone', async () => {
    const second = await connectNumber(admin);
    const [ana, bia] = [await whoWrote('from home'), await whoWrote('from work', stranger(), second)];
    const [tag] = await system.sql<{ id: string }>(
      `insert into tag (workspace_id, name) values (1, 'vip-${ana.id}') returning id`,
    );
    await admin.post(`/contacts/${bia.id}/tags`, { tag_ids: [Number(tag!.id)] });
    const before = await admin.get<{ data: object[] }>(`/contacts/${bia.id}/tags`);

    const kept = await merge(ana.id, bia.id);

    expect(kept).toMatchObject({
      id: ana.id,
      name: ana.person.name,
      external_id: ana.person.phone,
      tags: [{ id: Number(tag!.id) }],
      statistics: { conversations: 2, open_conversations: 2 },
    });
    expect(kept.identities.map(({ value }) => value).sort()).toEqual(
      [ana, bia].flatMap(({ person }) => [person.phone, person.userId]).sort(),
    );
    expect((await admin.get(`/contacts/${ana.id}/tags`)).body).toEqual(before.body);
    expect((await admin.get(`/contacts/${bia.id}`)).status).toBe(404);
    expect((await threadsOf(ana.id)).map(({ id }) => id)).toEqual([ana.conversation, bia.conversation]);
    for (const { person, conversation } of [ana, bia])
      expect(
        await whoWrote('again', person, conversation === bia.conversation ? second : NUMBER),
      ).toMatchObject({ id: ana.id, conversation });
    expect(
      await system.sql(
        `select action, details from audit_log where subject_id = $1 and action = 'contact.merge'`,
        [ana.id],
      ),
    ).toEqual([
      { action: 'contact.merge', details: { merged_contact_id: bia.id, merged_uuid: expect.any(String) } },
    ]);
  });

  test('the kept one has its own name and gets what it lacks', async () => {
    const nameless = (await admin.post<Details>('/contacts', { external_id: `ext-${Date.now()}` })).body;
    const { id, person } = await whoWrote('hello');
    expect(await merge(nameless.id, id)).toMatchObject({
      id: nameless.id,
      external_id: nameless['external_id'],
      name: person.name,
      phone_number: `+${person.phone}`,
    });
  });

  test('asked for twice, the second time answers the same; chains lead to the end', async () => {
    const [a, b, c] = [await whoWrote('a'), await whoWrote('b'), await whoWrote('c')];
    const first = await merge(b.id, a.id);
    expect(await merge(b.id, a.id)).toEqual(first);
    await merge(c.id, b.id);
    await merge(c.id, a.id);
    for (const { person } of [a, b, c]) expect((await whoWrote('again', person)).id).toBe(c.id);
  });

  test.each([
    ['itself', (id: number) => ({ contact_id: id }), 400],
    ['nobody', () => ({ contact_id: 999_999 }), 400],
    ['no id', () => ({}), 400],
    ['a text', () => ({ contact_id: '7' }), 400],
  ])('%s is refused and nothing changes', async (_, body, status) => {
    const { id } = await whoWrote('hello');
    const before = (await admin.get(`/contacts/${id}`)).body;
    expect((await admin.post(`/contacts/${id}/merge`, body(id))).status).toBe(status);
    expect((await admin.get(`/contacts/${id}`)).body).toEqual(before);
    expect((await admin.post(`/contacts/999999/merge`, { contact_id: id })).status).toBe(404);
  });

  test('answers go to where the person really writes from, not to a number typed once', async () => {
    const typed = (await admin.post<Details>('/contacts', { name: 'Ana', phone_number: '+55 11 3456-7890' }))
      .body;
    const { id, person, conversation } = await whoWrote('hello');
    expect((await merge(typed.id, id)).phone_number).toBe(`+${person.phone}`);
    await admin.post('/messages', { conversation_id: conversation, body: 'hi' });
    await system.meta.waitFor(() => system.meta.acceptedFor(person.phone)[0], 'the answer');
  });
});

describe('two open conversations on the same number of ours', () => {
  test('the livelier one goes on, the other is closed with its messages; what is unread shows; sockets hear', async () => {
    const [ana, bia] = [await whoWrote('older'), await whoWrote('newer')];
    await admin.patch(`/conversations/${bia.conversation}/read`);
    const listener = await system.listen(await system.signIn('employer'));
    const overseer = await system.listen(await system.signIn('supervisor'));

    await merge(ana.id, bia.id);

    const threads = await threadsOf(ana.id);
    expect(threads).toMatchObject([
      { id: ana.conversation, status: 'closed', read: false, unread_count: 1 },
      { id: bia.conversation, status: 'queue', read: false, unread_count: 1 },
    ]);
    expect(await whoWrote('next', ana.person)).toMatchObject({ id: ana.id, conversation: bia.conversation });
    await eventually(() => listener.of('conversation:updated').length >= 2, { what: 'the changes' });
    await eventually(() => overseer.of('contact:deleted').length > 0, { what: 'contact:deleted' });
    expect(overseer.of('contact:deleted').map((h) => h.payload)).toEqual([{ id: bia.id }]);
    expect(listener.of('conversation:status_changed').map((h) => h.payload)).toMatchObject([
      { id: ana.conversation, status: 'closed' },
    ]);
    for (const conversation of [ana.conversation, bia.conversation]) {
      const last = listener.of('conversation:updated').findLast((h) => h.payload['id'] === conversation)!;
      expect(last.payload).toMatchObject({
        contact_id: ana.id,
        contact: { id: ana.id, name: ana.person.name },
      });
    }
  });

  test('somebody’s goes on before nobody’s, with the later of the two windows, and keeps its hands', async () => {
    const [ana, bia] = [await whoWrote('assigned'), await whoWrote('newer')];
    await admin.patch(`/conversations/${ana.conversation}/assign`);
    const [window] = (await threadsOf(bia.id)).map((t) => t.window_expires_at);
    await merge(bia.id, ana.id);
    expect(await threadsOf(bia.id)).toMatchObject([
      { id: ana.conversation, status: 'active', window_expires_at: window },
      { id: bia.conversation, status: 'closed' },
    ]);
  });

  test('what waits to be sent in the closed one goes out once, in its order', async () => {
    const [ana, bia] = [await whoWrote('hello'), await whoWrote('hello too')];
    await admin.patch(`/conversations/${bia.conversation}/assign`);
    const bodies = Array.from({ length: 5 }, (_, i) => `answer ${i}`);
    const hold = await system.sql<{ id: number }>(
      'select id from whatsapp_integration_config where phone_number_id = $1',
      [NUMBER.phoneNumberId],
    );
    await system.sql(
      `update whatsapp_integration_config set sending_paused_until = 'infinity', sending_paused_reason = 'held' where id = $1`,
      [hold[0]!.id],
    );
    for (const body of bodies) await admin.post('/messages', { conversation_id: ana.conversation, body });
    await merge(bia.id, ana.id);
    expect(await threadsOf(bia.id)).toContainEqual(
      expect.objectContaining({ id: ana.conversation, status: 'closed' }),
    );
    await admin.patch(`/whatsapp-integration-config/${hold[0]!.id}`, { name: 'goes on' });
    const sent = await eventually(
      () => {
        const all = system.meta.acceptedFor(bia.person.phone);
        return all.length >= bodies.length ? all : null;
      },
      { what: 'the answers' },
    );
    expect(sent!.map((one) => (one.body['text'] as { body: string }).body)).toEqual(bodies);
  });
});

test('messages that come in while contacts are merged are stored once, in order, with the kept contact', async () => {
  const other = await system.startAnother();
  const pairs = Array.from({ length: 8 }, () => [stranger(), stranger()] as const);
  const PER_PERSON = 15;
  const wamids = new Map<Person, string[]>();
  const statuses: number[] = [];
  const write = async (person: Person): Promise<void> => {
    const own = Array.from({ length: PER_PERSON }, () => newWamid());
    wamids.set(person, own);
    for (const [i, id] of own.entries()) {
      // Sometimes by one of the two ids only, sometimes with both, on either server.
      const from = i % 3 === 0 ? person : i % 3 === 1 ? { phone: person.phone } : { userId: person.userId };
      statuses.push((await deliver(i % 2 === 0 ? system : other, message(from, `${i}`, { id }))).status);
    }
  };
  const mergeSoon = async ([one, two]: readonly [Person, Person]): Promise<void> => {
    const idOf = async (person: Person): Promise<number> => {
      const found = await eventually(
        async () => {
          const rows = await system.sql<{ id: number }>(
            `select contact_id as id from contact_identity where scheme = 'whatsapp_phone' and value = $1`,
            [person.phone],
          );
          return rows[0] ?? null;
        },
        { what: 'the contact' },
      );
      return found!.id;
    };
    const [kept, gone] = await Promise.all([idOf(one), idOf(two)]);
    const answer = await admin.post(`/contacts/${kept}/merge`, { contact_id: gone });
    statuses.push(answer.status);
  };
  await Promise.all(pairs.flatMap((pair) => [write(pair[0]), write(pair[1]), mergeSoon(pair)]));

  expect([...new Set(statuses)]).toEqual([200]);
  for (const pair of pairs) {
    const rows = await storedMessages(
      system,
      pair.flatMap((person) => wamids.get(person)!),
    );
    expect(rows).toHaveLength(2 * PER_PERSON);
    expect(new Set(rows.map((row) => row.contact_id)).size).toBe(1);
    const threads = await threadsOf(rows[0]!.contact_id);
    expect(threads.filter(({ status }) => status !== 'closed')).toHaveLength(1);
    for (const person of pair) {
      const own = wamids.get(person)!;
      const inOrder = rows.filter((row) => own.includes(row.wamid));
      expect(inOrder.map((row) => row.body)).toEqual(own.map((_, i) => `${i}`));
    }
    for (const thread of threads) {
      const announced = (await eventsOf(system, thread.id)).filter(({ type }) => type === 'message:new');
      const stored = rows.filter((row) => row.conversation_id === thread.id);
      expect(announced.map(({ payload }) => payload['id'])).toEqual(stored.map((row) => row.id));
      expect([thread.status, thread.unread_count >= stored.length]).toEqual([thread.status, true]);
    }
  }
  expect(await system.sql('select path, reason, detail from webhook_set_aside')).toEqual([]);
}, 120_000);

describe('a message in the very moment of a merge', () => {
  /** Waits until this many of the server's transactions stand before a lock. */
  const waiting = (count: number): Promise<unknown> =>
    eventually(
      async () => {
        const rows = await system.sql(
          `select 1 from pg_stat_activity where wait_event_type = 'Lock' and datname = current_database()`,
        );
        return rows.length >= count;
      },
      { what: `${count} waiting transactions` },
    );

  test('whose conversation is not committed yet is waited for, and comes along', async () => {
    const kept = (await admin.post<Details>('/contacts', { name: 'Kept' })).body;
    const other = (await admin.post<Details>('/contacts', { name: 'Other' })).body;
    const client = new Client({ connectionString: system.databaseUrl });
    await client.connect();
    try {
      await client.query('begin');
      const { rows } = await client.query<{ id: string }>(
        `with c as (insert into conversation (workspace_id, contact_id, channel, integration_id)
           select 1, $1, 'whatsapp', id from whatsapp_integration_config where phone_number_id = $2 returning id)
         insert into message (workspace_id, conversation_id, sender_type, body, whatsapp_status)
         select 1, id, 'contact', 'in time', 'delivered' from c returning conversation_id as id`,
        [other.id, NUMBER.phoneNumberId],
      );
      const merging = merge(kept.id, other.id);
      // Either it waits for us, or it would be through by now.
      await Promise.race([waiting(1), merging]);
      await client.query('commit');
      expect(await merging).toMatchObject({ statistics: { conversations: 1 } });
      expect(await threadsOf(kept.id)).toMatchObject([{ id: Number(rows[0]!.id), status: 'queue' }]);
    } finally {
      await client.end();
    }
  });

  test('that had found the contact before it was merged finds the kept one', async () => {
    const [ana, bia] = [await whoWrote('hello'), await whoWrote('hello')];
    await admin.patch(`/conversations/${ana.conversation}/assign`);
    const client = new Client({ connectionString: system.databaseUrl });
    await client.connect();
    try {
      await client.query('begin');
      await client.query('select from conversation where id = $1 for update', [bia.conversation]);
      const merging = merge(ana.id, bia.id);
      await waiting(1);
      const late = whoWrote('late', bia.person);
      await waiting(2);
      await client.query('commit');
      await merging;
      expect(await late).toMatchObject({ id: ana.id, conversation: ana.conversation });
    } finally {
      await client.end();
    }
  });

  test('a reply that is being prepared goes to the kept contact', async () => {
    const { id, person } = await whoWrote('hello');
    const former = (await admin.post<Details>('/contacts', { name: 'Former' })).body;
    await merge(id, former.id);
    const address = await system.app
      .get(UnitOfWork, { strict: false })
      .run({ workspaceId: 1 }, () => system.app.get(ContactsService, { strict: false }).addressOf(former.id));
    expect(address).toEqual({ whatsapp_phone: person.phone, whatsapp_user: person.userId });
  });
});

test('a contact that is deleted while its messages come in leaves none of them half stored', async () => {
  const person = stranger();
  const { id } = await whoWrote('first', person);
  const own = Array.from({ length: 20 }, () => newWamid());
  const writing = (async () => {
    for (const wamid of own)
      expect((await deliver(system, message(person, 'x', { id: wamid }))).status).toBe(200);
  })();
  expect((await admin.delete(`/contacts/${id}`)).status).toBe(204);
  await writing;
  const rows = await storedMessages(system, own);
  // Those that came after the contact had gone are a new contact's.
  expect(rows.map((row) => row.wamid)).toEqual(own.slice(own.length - rows.length));
  expect(new Set(rows.map((row) => row.contact_id)).size).toBeLessThanOrEqual(1);
  expect(await system.sql('select path, reason, detail from webhook_set_aside')).toEqual([]);
});
