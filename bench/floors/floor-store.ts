import { Pool } from 'pg';

/** All that a floor takes from a message. */
export interface FloorMessage {
  wamid: string;
  from: string;
  name: string | null;
  body: string | null;
  at: Date;
}

/** Resolves once the message is durable. */
export type Store = (message: FloorMessage) => Promise<void>;

const POOL_SIZE = 10;
/** How long a batch gathers after its first message, in ms; afterwards, for as long as the flush before it takes. */
const GATHER_MS = 2;
const MAX_BATCH = 500;

interface Waiting {
  message: FloorMessage;
  done: () => void;
  failed: (error: unknown) => void;
}

export function floorPool(url: string): Pool {
  return new Pool({ connectionString: url, max: POOL_SIZE, options: '-c search_path=floor' });
}

/** Concurrent webhooks gathered into one set-based call, one flush at a time. */
export function batchedStore(pool: Pool): Store {
  let waiting: Waiting[] = [];
  let timer: NodeJS.Timeout | undefined;
  let flushing = false;

  const write = async (batch: Waiting[]): Promise<void> => {
    const messages = batch.map((one) => one.message);
    try {
      await pool.query({
        name: 'ingest_batch',
        text: 'select * from ingest_batch($1, $2, $3, $4, $5)',
        values: [
          messages.map((m) => m.wamid),
          messages.map((m) => m.from),
          messages.map((m) => m.name),
          messages.map((m) => m.body),
          messages.map((m) => m.at),
        ],
        rowMode: 'array',
      });
      for (const one of batch) one.done();
    } catch (error) {
      for (const one of batch) one.failed(error);
    }
  };
  const flush = async (): Promise<void> => {
    timer = undefined;
    if (flushing) return;
    flushing = true;
    while (waiting.length > 0) await write(waiting.splice(0, MAX_BATCH));
    flushing = false;
  };
  return (message) =>
    new Promise<void>((done, failed) => {
      waiting.push({ message, done, failed });
      if (!flushing) timer ??= setTimeout(() => void flush(), GATHER_MS);
    });
}

/** The obvious way: BEGIN, five statements, COMMIT for each message. */
export function transactionStore(pool: Pool): Store {
  return async ({ wamid, from, name, body, at }) => {
    const client = await pool.connect();
    const first = async (statement: string, text: string, values: unknown[]): Promise<string | undefined> => {
      const { rows } = await client.query<{ id: string }>({ name: statement, text, values });
      return rows[0]?.id;
    };
    try {
      await client.query('begin');
      const contact = await first(
        'contact',
        'insert into contacts (wa_id, name) values ($1, $2) on conflict (wa_id) do update set name = excluded.name returning id',
        [from, name],
      );
      const open = await first(
        'find_conversation',
        'select id from conversations where contact_id = $1 and status = 0',
        [contact],
      );
      const conversation =
        open ??
        (await first(
          'open_conversation',
          'insert into conversations (contact_id) values ($1) on conflict (contact_id) where status = 0 do update set status = 0 returning id',
          [contact],
        ));
      const added = await first(
        'message',
        'insert into messages (conversation_id, wamid, body, sent_at) values ($1, $2, $3, $4) on conflict (wamid) do nothing returning id',
        [conversation, wamid, body, at],
      );
      if (added !== undefined) {
        await first(
          'count',
          'update conversations set unread = unread + 1, last_message_at = $2, last_message = left($3, 100) where id = $1',
          [conversation, at, body],
        );
      }
      await client.query('commit');
    } catch (error) {
      await client.query('rollback');
      throw error;
    } finally {
      client.release();
    }
  };
}
