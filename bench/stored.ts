import { Client } from 'pg';
import { type Batch, messagesByPhone, phoneOf, wamidPrefix } from './webhooks';

/** Queries over a contender's own tables. `$1` is a pattern for message ids. */
export interface Tables {
  /** Message id, and the phone number of the customer under whom it is filed. */
  messages: string;
  /** Message id of each entry of the journal, where there is one. */
  journal: string | null;
  /** Phone number and unread count of each conversation. */
  unread: string;
}

export const SERVER_TABLES: Tables = {
  messages: `
    select m.whatsapp_message_id, i.value from message m
    join conversation c on c.workspace_id = m.workspace_id and c.id = m.conversation_id
    join contact_identity i on i.workspace_id = c.workspace_id and i.contact_id = c.contact_id
      and i.scheme = 'whatsapp_phone'
    where m.whatsapp_message_id like $1`,
  journal: `
    select payload->>'whatsapp_message_id' from event
    where type = 'message:new' and payload->>'whatsapp_message_id' like $1`,
  unread: `
    select i.value, c.unread_count from conversation c
    join contact_identity i on i.workspace_id = c.workspace_id and i.contact_id = c.contact_id
      and i.scheme = 'whatsapp_phone'`,
};

export const FLOOR_TABLES: Tables = {
  messages: `
    select m.wamid, c.wa_id from floor.messages m
    join floor.conversations v on v.id = m.conversation_id
    join floor.contacts c on c.id = v.contact_id
    where m.wamid like $1`,
  journal: null,
  unread: 'select c.wa_id, v.unread from floor.conversations v join floor.contacts c on c.id = v.contact_id',
};

export interface Findings {
  /** Messages that are there exactly once, under the customer who wrote them. */
  storedOnce: number;
  /** Null where the contender keeps no journal. */
  journalledOnce: number | null;
  /** Customers without exactly one conversation with the right unread count. */
  wrongUnread: number;
}

/** Looks at what became of `batch`; `all` is everything that was ever sent to this database. */
export async function examine(url: string, tables: Tables, batch: Batch, all: Batch[]): Promise<Findings> {
  const client = new Client({ connectionString: url });
  await client.connect();
  const rows = async <Row extends unknown[]>(text: string, values: unknown[] = []): Promise<Row[]> =>
    (await client.query<Row>({ text, values, rowMode: 'array' })).rows;
  const pattern = `${wamidPrefix(batch.run)}%`;
  try {
    return {
      storedOnce: countOnce(await rows<[string, string]>(tables.messages, [pattern]), batch),
      journalledOnce:
        tables.journal === null ? null : countOnce(await rows<[string]>(tables.journal, [pattern]), batch),
      wrongUnread: countWrong(await rows<[string, number]>(tables.unread), messagesByPhone(all)),
    };
  } finally {
    await client.end();
  }
}

function countOnce(rows: [wamid: string, phone?: string][], batch: Batch): number {
  const times = new Uint16Array(batch.messages);
  const skip = wamidPrefix(batch.run).length;
  for (const [wamid, phone] of rows) {
    const message = Number(wamid.slice(skip));
    // Under another customer is as bad as not at all.
    times[message]! += phone === undefined || phone === phoneOf(message % batch.contacts) ? 1 : 2;
  }
  return times.reduce((sum, each) => sum + (each === 1 ? 1 : 0), 0);
}

function countWrong(rows: [phone: string, unread: number][], expected: Map<string, number>): number {
  const right = rows.filter(([phone, unread]) => expected.get(phone) === unread);
  const distinct = new Set(right.map(([phone]) => phone)).size;
  return Math.max(rows.length, expected.size) - distinct;
}
