import { inbound } from '../../simulator/inbound-content';
import { eventually } from '../support/eventually';
import { picture } from '../support/files';
import { becomes, conversationOf, newPhone, reply, type Shown } from '../support/sending';
import { type Caller, type Listener, TestSystem } from '../support/system';
import { deliver, message, storedMessages, stranger, wamidOf } from '../support/webhooks';

let system: TestSystem;
let admin: Caller;
let listener: Listener;

beforeAll(async () => {
  system = await TestSystem.start();
  admin = await system.signIn('admin');
  listener = await system.listen(admin);
});
afterAll(() => system.stop());

const shownOf = async (id: number): Promise<Shown> => (await admin.get<Shown>(`/messages/${id}`)).body;
const deleted = (id: number): Promise<Shown | null> =>
  eventually(
    async () => {
      const now = await shownOf(id);
      return now['deleted_at'] === null ? null : now;
    },
    { what: `message ${id} deleted` },
  );
/** The tries to delete that wait for their message are made now. */
const tryNow = (): Promise<unknown> =>
  system.sql(`update job set run_at = now() where task = 'messages.revoke' and held_by is null`);
const waits = async (): Promise<boolean> =>
  (await system.sql(`select from job where task = 'messages.revoke' and held_by is null and run_at > now()`))
    .length === 1;
const triesLeft = (): Promise<unknown[]> => system.sql(`select from job where task = 'messages.revoke'`);

describe('a message that the customer has deleted', () => {
  it('is hidden everywhere, as one that staff deleted, and keeps its place', async () => {
    const customer = stranger();
    const said = message(customer, 'my card number');
    await deliver(system, said);
    const [row] = await storedMessages(system, [wamidOf(said)]);
    const before = await shownOf(row!.id);

    const word = message(customer, inbound.revoke(wamidOf(said)));
    await deliver(system, word);
    const after = await deleted(row!.id);

    expect(after).toEqual({ ...before, body: null, payload: null, deleted_at: after!['deleted_at'] });
    expect(after!['deleted_by']).toBeNull();
    const history = await admin.get<{ data: Shown[] }>(`/messages/conversation/${row!.conversation_id}`);
    expect(history.body.data).toMatchObject([{ type: 'revoke', whatsapp_message_id: wamidOf(word) }, after]);
    const found = await admin.get<{ data: unknown[] }>(
      `/messages/conversation/${row!.conversation_id}/search?q=card`,
    );
    expect(found.body.data).toEqual([]);
    const heard = await eventually(
      () => listener.of('message:deleted').find((each) => each.payload['id'] === row!.id),
      { what: 'the event' },
    );
    const { conversation, ...told } = heard!.payload;
    expect(told).toEqual(after);
    // The word itself is unread, the message is not any more.
    expect(conversation).toMatchObject({ id: row!.conversation_id, unread_count: 1, read: false });
    expect(await triesLeft()).toEqual([]);
  });

  it('shows no file any more, nor one that is still on its way', async () => {
    const customer = { phone: newPhone() };
    system.meta.faults.failNext = { on: 'media', httpStatus: 500, body: 'html', times: 1 };
    const media = system.meta.putMedia(await picture('png'), 'image/png');
    const { wamid } = await system.meta.customerSays(customer, inbound.image(media));
    const [row] = await storedMessages(system, [wamid]);
    await system.meta.customerSays(customer, inbound.revoke(wamid));
    expect(await deleted(row!.id)).toMatchObject({ attachments: [] });
    const left = () => system.sql('select from message_attachment where message_id = $1', [row!.id]);
    expect(await left()).toEqual([]);
  });

  it('is deleted also where it arrives after the word that it is', async () => {
    const customer = stranger();
    const said = message(customer, 'too late');
    await deliver(system, message(customer, inbound.revoke(wamidOf(said))));
    await eventually(waits, { what: 'the first look' });
    await deliver(system, said);
    const [row] = await storedMessages(system, [wamidOf(said)]);
    expect((await shownOf(row!.id)).body).toBe('too late');
    await tryNow();
    expect((await deleted(row!.id))!.body).toBeNull();
    await eventually(async () => (await triesLeft()).length === 0, { what: 'no more tries' });
  });

  it('is waited for a week, and no longer', async () => {
    const customer = stranger();
    const word = message(customer, inbound.revoke('wamid.never'));
    await deliver(system, word);
    const age = (days: number): Promise<unknown> =>
      system.sql(
        `update message set created_at = now() - $2 * interval '1 day' where whatsapp_message_id = $1`,
        [wamidOf(word), days],
      );
    const looked = async (): Promise<Date | undefined> =>
      (
        await system.sql<{ run_at: Date }>(
          `select run_at from job where task = 'messages.revoke' and held_by is null`,
        )
      )[0]?.run_at;
    await age(6);
    await tryNow();
    const nextHour = async () => ((await looked())?.getTime() ?? 0) > Date.now() + 3_000_000;
    await eventually(nextHour, { what: 'another look within the hour' });
    await age(8);
    await tryNow();
    await eventually(async () => (await triesLeft()).length === 0, { what: 'no more tries' });
  });
});

describe('nobody deletes', () => {
  /** It was looked for, and not found. */
  const settled = (): Promise<unknown> => eventually(waits, { what: 'the first look' });
  afterEach(() => system.sql(`delete from job where task = 'messages.revoke'`));

  it('what another customer said', async () => {
    const said = message(stranger(), 'mine');
    await deliver(system, said);
    await deliver(system, message(stranger(), inbound.revoke(wamidOf(said))));
    await settled();
    const [row] = await storedMessages(system, [wamidOf(said)]);
    expect(await shownOf(row!.id)).toMatchObject({ body: 'mine', deleted_at: null });
  });

  it('what we said', async () => {
    const phone = newPhone();
    const sent = await becomes(
      admin,
      await reply(admin, await conversationOf(system, phone), 'ours'),
      'read',
    );
    await system.meta.customerSays({ phone }, inbound.revoke(sent['whatsapp_message_id'] as string));
    await settled();
    expect(await shownOf(sent.id)).toMatchObject({ body: 'ours', deleted_at: null });
  });

  it('what staff have deleted already', async () => {
    const customer = stranger();
    const said = message(customer, 'once');
    await deliver(system, said);
    const [row] = await storedMessages(system, [wamidOf(said)]);
    await admin.delete(`/messages/${row!.id}`);
    const before = await shownOf(row!.id);
    await deliver(system, message(customer, inbound.revoke(wamidOf(said))));
    await eventually(async () => (await triesLeft()).length === 0, { what: 'the look' });
    expect(await shownOf(row!.id)).toEqual(before);
    expect(before['deleted_by']).toBe(admin.user.id);
  });
});
