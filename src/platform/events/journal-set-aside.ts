import type { PoolClient } from 'pg';
import type { PlatformDatabase } from '../database/connections';
import { strikeOut } from '../observability/logger';
import type { JournalEvent } from './journal-reader';

const MAX_ERROR_LENGTH = 2_000;

/** An entry that a consumer could not handle, as operators are shown it. */
export interface SetAsideEntry {
  id: number;
  setAsideAt: Date;
  workspaceId: number;
  consumer: string;
  type: string;
  conversationId: number | null;
  error: string;
}

export async function putAside(
  client: PoolClient,
  consumer: string,
  event: JournalEvent,
  error: unknown,
): Promise<void> {
  const said = error instanceof Error ? `${error.name}: ${error.message}` : String(error);
  await client.query(
    `insert into journal_set_aside (workspace_id, consumer, event_id, cursor, type, conversation_id, audience, payload, happened_at, error)
     select id, $2, $3, $4, $5, $6, $7, $8, $9, $10 from workspace where id = $1
     on conflict (consumer, event_id) do nothing`,
    [
      event.workspaceId,
      consumer,
      event.id,
      event.cursor,
      event.type,
      event.conversationId,
      event.audience,
      event.json,
      event.createdAt,
      strikeOut(said).replaceAll('\0', '\u2400').slice(0, MAX_ERROR_LENGTH),
    ],
  );
}

/** Removes the row and answers what it kept, both for as long as the transaction does not fail; null where it is gone. */
export async function takeBack(
  client: PoolClient,
  id: number,
): Promise<{ consumer: string; event: JournalEvent } | null> {
  const { rows } = await client.query<Omit<JournalEvent, 'payload'> & { consumer: string }>(
    `delete from journal_set_aside where id = $1
     returning consumer, event_id as id, cursor, workspace_id as "workspaceId", type, conversation_id as "conversationId",
       audience, payload::text as json, happened_at as "createdAt"`,
    [id],
  );
  if (rows[0] === undefined) return null;
  const { consumer, ...event } = rows[0];
  return { consumer, event: { ...event, payload: JSON.parse(event.json) as Record<string, unknown> } };
}

/** What is set aside, in the order of the journal. */
export async function setAsideEntries(db: PlatformDatabase, limit: number): Promise<SetAsideEntry[]> {
  return await db.query<SetAsideEntry & Record<string, unknown>>(
    `select id, set_aside_at as "setAsideAt", workspace_id as "workspaceId", consumer, type,
       conversation_id as "conversationId", error
     from journal_set_aside order by event_id, id limit $1`,
    [limit],
  );
}
