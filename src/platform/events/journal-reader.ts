import { Injectable } from '@nestjs/common';
import type { PoolClient } from 'pg';
import { PlatformDatabase } from '../database/connections';
import { durablePart, formatCursor, type JournalCursor } from './journal-cursor';

/** An entry of the journal. */
export interface JournalEvent {
  id: number;
  /** Ask for what came after this entry with it. */
  cursor: string;
  workspaceId: number;
  type: string;
  conversationId: number | null;
  audience: number[] | null;
  /** As JSON text, the way it is stored. */
  json: string;
  /** The same, read. */
  readonly payload: Record<string, unknown>;
  createdAt: Date;
}

export interface JournalPage {
  events: JournalEvent[];
  next: JournalCursor;
  /** Nothing is left at this moment. */
  complete: boolean;
  /** Something after the cursor is no longer kept: `events` may not be all, and the state must be fetched anew. */
  gap: boolean;
}

/** The newest transaction known to have, or to have had, an entry. */
const LAST_XID = `greatest((select xid from event order by xid desc limit 1), (select xid from journal_floor))::text`;

interface EventRow {
  now: string;
  last: string;
  gap: boolean;
  id: number | null;
  workspace_id: number;
  type: string;
  conversation_id: number | null;
  audience: number[] | null;
  payload: string;
  created_at: Date;
}

/** An entry whose content is read only where somebody asks for it: sockets are sent the text. */
class StoredEvent implements JournalEvent {
  readonly id: number;
  readonly cursor: string;
  readonly workspaceId: number;
  readonly type: string;
  readonly conversationId: number | null;
  readonly audience: number[] | null;
  readonly json: string;
  readonly createdAt: Date;
  private read: Record<string, unknown> | null = null;

  constructor(row: EventRow, base: string, upto: string) {
    this.id = row.id!;
    this.cursor = formatCursor({ base, upto, after: this.id });
    this.workspaceId = row.workspace_id;
    this.type = row.type;
    this.conversationId = row.conversation_id;
    this.audience = row.audience;
    this.json = row.payload;
    this.createdAt = row.created_at;
  }

  get payload(): Record<string, unknown> {
    return (this.read ??= JSON.parse(this.json) as Record<string, unknown>);
  }
}

/**
 * Reads the journal so that nothing is skipped and nothing comes twice, whatever is being written meanwhile.
 *
 * Ids are drawn before commits happen, so `id > last` would skip the entries of a transaction that commits late.
 * Instead a reader asks for the difference between two snapshots: the entries whose transaction is visible now
 * and was not visible at its last reading. Every transaction becomes visible exactly once, so it is in exactly
 * one difference. Within a difference entries come by id: transactions that touch the same conversation draw
 * ids while holding its row lock, so id order is the order in which they happened; and a transaction that waited
 * for another's lock can never be visible where that other one is not.
 */
@Injectable()
export class JournalReader {
  constructor(private readonly db: PlatformDatabase) {}

  /** The place from which only what commits from now on is seen. */
  async now(): Promise<JournalCursor> {
    const [row] = await this.db.query<{ now: string; last: string }>(
      `select pg_current_snapshot()::text as now, ${LAST_XID} as last`,
    );
    return { base: durablePart(row!.now, row!.last), upto: null, after: 0 };
  }

  /** What came after `cursor`, at most `limit` entries, of all workspaces or of one. */
  async read(cursor: JournalCursor, limit: number, workspaceId: number | null = null): Promise<JournalPage> {
    return pageOf(
      await this.db.prepared<EventRow>(
        ...readStatement(cursor, limit, workspaceId === null ? null : [workspaceId], null),
      ),
      cursor,
      limit,
    );
  }

  /** Where the journal ends at this moment, as `upto` of a cursor. */
  async end(client: PoolClient): Promise<string> {
    const { rows } = await client.query<{ now: string; last: string }>(
      `select pg_current_snapshot()::text as now, ${LAST_XID} as last`,
    );
    return durablePart(rows[0]!.now, rows[0]!.last);
  }

  /**
   * The same over a connection that the caller holds, and only entries of these types and, if given, workspaces; `bare`:
   * without what they say.
   */
  async readOn(
    client: PoolClient,
    cursor: JournalCursor,
    limit: number,
    types: readonly string[],
    workspaceIds: readonly number[] | null,
    bare = false,
  ): Promise<JournalPage> {
    const [name, text, values] = readStatement(cursor, limit, workspaceIds, types, bare);
    return pageOf((await client.query<EventRow>({ name, text, values })).rows, cursor, limit);
  }

  /** Whether everything after `cursor` is still kept, and the cursor is of this database's history. */
  async reaches(cursor: JournalCursor): Promise<boolean> {
    const [row] = await this.db.query<{ kept: boolean }>(
      `select pg_snapshot_xmin($1::pg_snapshot) > xid
         and pg_snapshot_xmax($1::pg_snapshot) <= pg_snapshot_xmax(pg_current_snapshot()) as kept
       from journal_floor`,
      [cursor.base],
    );
    return row!.kept;
  }
}

function readStatement(
  cursor: JournalCursor,
  limit: number,
  workspaceIds: readonly number[] | null,
  types: readonly string[] | null,
  bare = false,
): [name: string, text: string, values: unknown[]] {
  return [
    bare ? 'journal_read_bare' : 'journal_read',
    // Without `upto` the difference ends at this statement's own snapshot, which is what it sees.
    `select pg_current_snapshot()::text as now, ${LAST_XID} as last, floor.xid >= pg_snapshot_xmin($1) as gap, e.*
     from journal_floor floor
     left join lateral (
       select id, workspace_id, type, conversation_id, audience, ${bare ? `'null'` : 'payload::text'} as payload, created_at from event
       where xid >= pg_snapshot_xmin($1::pg_snapshot)
         and xid < pg_snapshot_xmax(pg_current_snapshot()) -- else it came with a dump of another cluster
         and not pg_visible_in_snapshot(xid, $1::pg_snapshot)
         and ($2::pg_snapshot is null or pg_visible_in_snapshot(xid, $2::pg_snapshot))
         and id > $3 and ($5::bigint[] is null or workspace_id = any ($5::bigint[]))
         and ($6::text[] is null or type = any ($6::text[]))
       order by id limit $4
     ) e on true`,
    [cursor.base, cursor.upto, cursor.after, limit, workspaceIds, types],
  ];
}

function pageOf(rows: EventRow[], cursor: JournalCursor, limit: number): JournalPage {
  const { now, last, gap } = rows[0]!;
  const upto = cursor.upto ?? durablePart(now, last);
  const events = rows.filter((row) => row.id !== null).map((row) => new StoredEvent(row, cursor.base, upto));
  if (events.length === limit) {
    return { events, next: { base: cursor.base, upto, after: events.at(-1)!.id }, complete: false, gap };
  }
  return { events, next: { base: upto, upto: null, after: 0 }, complete: cursor.upto === null, gap };
}
