import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { envelope } from '../../simulator/envelope';
import { inbound } from '../../simulator/inbound-content';
import { metaJson } from '../../simulator/signature';
import { TestSystem } from '../support/system';
import {
  deliver,
  deliverBytes,
  message,
  setAsideOf,
  status,
  storedMessages,
  stranger,
  wamidOf,
} from '../support/webhooks';

let system: TestSystem;

beforeAll(async () => {
  system = await TestSystem.start();
});
afterAll(() => system.stop());

const aMessage = (text = 'hello') => message(stranger(), text);

/** A body with one change of the known number, whose value has these lists besides. */
const withValue = (value: object): Buffer =>
  metaJson({
    object: 'whatsapp_business_account',
    entry: [
      {
        id: '102290129340398',
        changes: [
          { field: 'messages', value: { metadata: { phone_number_id: '106540352242922' }, ...value } },
        ],
      },
    ],
  });

describe('what cannot become a message is kept with its bytes, for an operator, and Meta gets its 200', () => {
  test('a number we do not know, beside one we do', async () => {
    const [known, more] = [aMessage(), aMessage()];
    const foreign = message(stranger(), 'whose?', {
      number: { phoneNumberId: '999', displayPhoneNumber: '1', businessAccountId: '9' },
    });
    const bytes = metaJson(envelope([known, foreign, more]));

    expect(await deliverBytes(system, bytes)).toMatchObject({ status: 200 });

    expect(await storedMessages(system, [known, foreign, more].map(wamidOf))).toMatchObject([
      { wamid: wamidOf(known) },
      { wamid: wamidOf(more) },
    ]);
    const kept = await setAsideOf(system, bytes);
    expect(kept).toMatchObject([
      {
        workspace_id: null,
        reason: 'unknown_number',
        phone_number_id: '999',
        path: 'entry[1].changes[0].value.messages[0]',
      },
    ]);
    expect(kept[0]!.body.equals(bytes)).toBe(true);
  });

  const malformed = JSON.parse(
    readFileSync(join(__dirname, '../fixtures/meta-webhooks/malformed.json'), 'utf8'),
  ) as { name: string; body: unknown; outcome: string[] }[];

  test.each(malformed)('$name', async ({ name, body, outcome }) => {
    // a space at the end tells bodies apart that several cases share
    const bytes = Buffer.concat([metaJson(body), Buffer.from(' '.repeat(name.length))]);
    expect(await deliverBytes(system, bytes)).toMatchObject({ status: 200 });
    const kept = (await setAsideOf(system, bytes)).map((row) => row.reason);
    const reasons = outcome.filter((each) => !['message', 'status'].includes(each));
    expect(kept.filter((reason) => reason !== 'unknown_number').sort()).toEqual(reasons.sort());
  });

  test.each<[string, string | Buffer]>([
    ['nothing at all', ''],
    ['no JSON', '{"entry":'],
    ['HTML', '<html></html>'],
    ['a number', '7'],
    ['a huge number', '1e999999'],
    ['a text', '"entry"'],
    ['true', 'true'],
    ['bytes that are no UTF-8', Buffer.from([0xff, 0xfe, 0x00, 0x80])],
    ['a byte order mark', Buffer.from('\ufeff{}')],
    ['100,000 lists in one another', '['.repeat(100_000) + ']'.repeat(100_000)],
    ['100,000 objects in one another', `${'{"entry":'.repeat(100_000)}1${'}'.repeat(100_000)}`],
    ['keys that mean something to JavaScript', '{"__proto__":{"entry":[]},"constructor":1,"toString":2}'],
  ])('signed garbage: %s', async (_what, text) => {
    const bytes = Buffer.from(text);
    expect(await deliverBytes(system, bytes)).toMatchObject({ status: 200 });
    expect(await setAsideOf(system, bytes)).toHaveLength(1);
  });

  test('a message full of deep nesting is stored all the same', async () => {
    const deep = `${'{"a":'.repeat(50_000)}1${'}'.repeat(50_000)}`;
    const from = stranger();
    const items = [
      message(from, inbound.raw({ type: 'poll', poll: 'DEEP' })),
      message(from, inbound.raw({ type: 'interactive', interactive: { type: 'new', new: { it: 'DEEP' } } })),
      message(from, inbound.flowReply({ it: 'DEEP' })),
    ];
    const inText = JSON.stringify(deep).slice(1, -1);
    const bytes = metaJson(envelope(items))
      .toString()
      .replaceAll('"DEEP"', deep)
      .replaceAll('\\"DEEP\\"', inText);
    expect(await deliverBytes(system, Buffer.from(bytes))).toMatchObject({ status: 200 });
    expect(await storedMessages(system, items.map(wamidOf))).toHaveLength(3);
  });

  test('one of 1,000 items is bad: 999 are stored, one is kept', async () => {
    const from = stranger();
    const items = Array.from({ length: 1_000 }, (_, i) => message(from, `${i}`));
    items[500]!.item['timestamp'] = 'yesterday';
    const bytes = metaJson(envelope(items));

    expect(await deliverBytes(system, bytes)).toMatchObject({ status: 200 });

    expect(await storedMessages(system, items.map(wamidOf))).toHaveLength(999);
    expect(await setAsideOf(system, bytes)).toMatchObject([{ reason: 'bad_timestamp' }]);
  });

  test('ids too long for a contact are set aside, and cost nobody else anything', async () => {
    const [before, after] = [aMessage(), aMessage()];
    const endless = message({ userId: `BR.${'1'.repeat(400)}` }, 'who?');
    const bytes = metaJson(envelope([before, endless, after]));
    expect(await deliverBytes(system, bytes)).toMatchObject({ status: 200 });
    expect(await storedMessages(system, [before, endless, after].map(wamidOf))).toHaveLength(2);
    expect(await setAsideOf(system, bytes)).toMatchObject([{ reason: 'cannot_be_stored', workspace_id: 1 }]);
  });

  test('statuses, errors and actions that are none of ours', async () => {
    const bytes = withValue({
      statuses: [{ id: 'wamid.x', status: 'sent', type: 'call' }],
      errors: [{ code: 131_000, title: 'Something went wrong' }],
      user_actions: [{ action_type: 'marketing_messages_link_click' }],
    });
    expect(await deliverBytes(system, bytes)).toMatchObject({ status: 200 });
    const reasons = (await setAsideOf(system, bytes)).map((row) => row.reason);
    expect(reasons).toEqual(['status_not_handled', 'value_error', 'user_action']);
  });
});

describe('an item that the database refuses', () => {
  /** Storing the message fails, `times` times or always. */
  async function poison(wamid: string, times: number | 'always' = 'always'): Promise<void> {
    await system.sql(`
      create sequence poisoned_so_far;
      create function refuse_poison() returns trigger language plpgsql security definer as $$
      begin
        if new.whatsapp_message_id = '${wamid}' and ${times === 'always' ? 'true' : `nextval('poisoned_so_far') <= ${times}`} then
          raise exception 'poison';
        end if;
        return new;
      end $$;
      create trigger poison before insert or update on message for each row execute function refuse_poison();`);
  }

  afterEach(async () => {
    await system.sql(
      'drop trigger if exists poison on message; drop function if exists refuse_poison(); drop sequence if exists poisoned_so_far',
    );
  });

  test('in the middle of a webhook: it is set aside, all others are stored, in order, and announced once', async () => {
    const ana = stranger();
    const items = Array.from({ length: 101 }, (_, i) => message(i % 2 === 0 ? ana : stranger(), `${i}`));
    const bad = items[50]!;
    await poison(wamidOf(bad));
    const bytes = metaJson(envelope(items));

    expect(await deliverBytes(system, bytes)).toMatchObject({ status: 200 });

    const rows = await storedMessages(system, items.map(wamidOf));
    expect(rows.map((row) => row.body)).toHaveLength(100);
    const ofAna = rows.filter((row) =>
      items.some((i) => wamidOf(i) === row.wamid && i.item['from'] === ana.phone),
    );
    expect(ofAna.map((row) => Number(row.body))).toEqual(
      Array.from({ length: 51 }, (_, i) => 2 * i).filter((n) => n !== 50),
    );
    const [events] = await system.sql<{ count: number }>(
      `select count(*)::int as count from event where type = 'message:new' and payload ->> 'whatsapp_message_id' = any ($1)`,
      [items.map(wamidOf)],
    );
    expect(events).toEqual({ count: 100 });
    const kept = await setAsideOf(system, bytes);
    expect(kept).toMatchObject([{ reason: 'cannot_be_stored', workspace_id: 1, detail: 'error: poison' }]);
    expect(kept[0]!.path).toMatch(/^entry\[\d+\]\.changes\[\d\]\.value\.messages\[\d\]$/);
  });

  test('among the webhooks of others that are written together: only its own is set aside', async () => {
    const items = Array.from({ length: 40 }, () => aMessage());
    await poison(wamidOf(items[7]!));
    const answers = await Promise.all(items.map((item) => deliver(system, item)));
    expect(answers.every((answer) => answer.status === 200)).toBe(true);
    expect(await storedMessages(system, items.map(wamidOf))).toHaveLength(39);
    for (const [i, item] of items.entries())
      expect(await setAsideOf(system, metaJson(envelope([item])))).toHaveLength(i === 7 ? 1 : 0);
  });

  test('only because of something that passes is stored at the next try, also where it came alone', async () => {
    const item = aMessage();
    await poison(wamidOf(item), 1);
    expect(await deliver(system, item)).toMatchObject({ status: 200 });
    expect(await storedMessages(system, [wamidOf(item)])).toHaveLength(1);
    expect(await setAsideOf(system, metaJson(envelope([item])))).toEqual([]);
  });

  test('a status: the other statuses and the messages beside it are taken', async () => {
    const first = aMessage();
    await deliver(system, first);
    const [row] = await storedMessages(system, [wamidOf(first)]);
    const [bad, good] = ['wamid.bad', 'wamid.good'];
    await system.sql(
      `insert into message (workspace_id, conversation_id, sender_type, whatsapp_message_id, whatsapp_status)
       select 1, $1, 'system', id, 'sent' from unnest($2::text[]) as id`,
      [row!.conversation_id, [bad, good]],
    );
    await poison(bad);
    const beside = aMessage();
    const bytes = metaJson(envelope([status(bad, 'read'), beside, status(good, 'read')]));

    expect(await deliverBytes(system, bytes)).toMatchObject({ status: 200 });

    expect(await storedMessages(system, [wamidOf(beside)])).toHaveLength(1);
    expect(
      await system.sql(
        'select whatsapp_status from message where whatsapp_message_id = any ($1) order by id',
        [[bad, good]],
      ),
    ).toEqual([{ whatsapp_status: 'sent' }, { whatsapp_status: 'read' }]);
    expect(await setAsideOf(system, bytes)).toMatchObject([{ reason: 'cannot_be_stored' }]);
  });
});
