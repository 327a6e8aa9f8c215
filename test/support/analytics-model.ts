import { BOUNDS } from '../../src/analytics/spread';
import { dayOf } from '../../src/common/period';

export interface Say {
  what: 'contact' | 'user' | 'bot' | 'reaction';
  user: number | null;
  at: number;
}
export interface Step {
  what: 'closed' | 'reopened' | 'archived' | 'unarchived';
  user: number | null;
  at: number;
}

/** A conversation as a test made it, with all that was done to it, in order. */
export interface Made {
  id: number;
  channel: string;
  openedAt: number;
  done: (Say | Step)[];
  status: 'open' | 'closed' | 'archived';
  user: number | null;
  bot: number | null;
  read: boolean;
  rating: { score: number; at: number; user: number | null } | null;
}

/** What is kept, each row by its key; rows that say nothing are left out. */
export type Kept = Record<string, Record<string, number>>;

/** Under which names `analytics_day` has how many values there are of each measure, and their sum. */
const TOTALS: Record<string, [count: string, sum: string]> = {
  first_response: ['first_responses', 'first_response_ms'],
  later_response: ['later_responses', 'later_response_ms'],
  resolution: ['resolutions', 'resolution_ms'],
  rating: ['ratings', 'rating_sum'],
};

/** The same numbers as the database keeps, counted one after the other from what the test did. */
export function countedByHand(all: Made[], nowOf: Made[] = all): Kept {
  const kept: Kept = {};
  const add = (key: string, name: string, by: number): void => {
    if (by === 0) return;
    const row = (kept[key] ??= {});
    row[name] = (row[name] ?? 0) + by;
  };
  for (const made of all) {
    const happened = (at: number, user: number | null, name: string): void => {
      for (const who of user === null ? [0] : [0, user])
        add(`day ${who} ${dayOf(at)} ${made.channel}`, name, 1);
    };
    const value = (
      measure: string,
      at: number,
      user: number | null,
      bucket: number,
      amount: number,
    ): void => {
      for (const who of user === null ? [0] : [0, user]) {
        const key = `spread ${who} ${measure} ${dayOf(at)} ${made.channel} ${bucket}`;
        add(key, 'count', 1);
        add(key, 'sum', amount);
        const [count, sum] = TOTALS[measure]!;
        add(`day ${who} ${dayOf(at)} ${made.channel}`, count, 1);
        add(`day ${who} ${dayOf(at)} ${made.channel}`, sum, amount);
      }
    };
    const took = (measure: string, from: number, at: number, user: number | null): void => {
      const ms = Math.max(0, at - from);
      value(measure, at, user, BOUNDS.filter((bound) => ms / 1000 >= bound).length, ms);
    };
    happened(made.openedAt, null, 'opened');
    let asked: number | null = null;
    let answered = false;
    let openSince = made.openedAt;
    for (const { what, user, at } of made.done) {
      if (what === 'contact') {
        happened(at, null, 'inbound');
        asked = Math.min(asked ?? at, at);
      } else if (what === 'user') {
        happened(at, user, 'outbound_people');
        if (asked !== null) took(answered ? 'later_response' : 'first_response', asked, at, user);
        answered ||= asked !== null;
        asked = null;
      } else if (what === 'bot') happened(at, null, 'outbound_bots');
      else if (what === 'closed') {
        happened(at, user, 'closed');
        took('resolution', openSince, at, user);
        asked = null;
      } else if (what === 'reopened') {
        happened(at, user, 'reopened');
        openSince = at;
      } else if (what === 'archived') happened(at, user, 'archived');
    }
    if (made.rating !== null)
      value('rating', made.rating.at, made.rating.user, made.rating.score, made.rating.score);
  }
  for (const { channel, user, bot, status, read } of nowOf) {
    const key = `now ${user ?? 0} ${channel}`;
    add(key, 'conversations', 1);
    if (status !== 'open') continue;
    add(key, 'open', 1);
    if (!read) add(key, 'unread', 1);
    if (user === null && bot === null) add(key, 'unassigned', 1);
  }
  return kept;
}

type Sql = <Row>(text: string, values?: unknown[]) => Promise<Row[]>;

/** What the database keeps of a workspace. */
export async function keptOf(sql: Sql, workspaceId = 1): Promise<Kept> {
  const kept: Kept = {};
  const queries = [
    `select 'day ' || user_id || ' ' || day || ' ' || channel as key, inbound, outbound_people, outbound_bots, opened, closed,
       reopened, archived, first_responses, first_response_ms::float8, later_responses, later_response_ms::float8, resolutions,
       resolution_ms::float8, ratings, rating_sum from analytics_day where workspace_id = $1`,
    `select 'spread ' || user_id || ' ' || measure || ' ' || day || ' ' || channel || ' ' || bucket as key, count, sum::float8
     from analytics_spread where workspace_id = $1`,
    `select 'now ' || coalesce(assigned_user, 0) || ' ' || channel as key, sum(conversations)::int as conversations,
       coalesce(sum(conversations) filter (where open), 0)::int as open,
       coalesce(sum(conversations) filter (where open and not read), 0)::int as unread,
       coalesce(sum(conversations) filter (where open and assigned_user is null and not has_bot), 0)::int as unassigned
     from (select *, status in ('queue', 'active', 'transferred') as open from conversation_tally) t
     where workspace_id = $1 group by 1`,
  ];
  for (const query of queries)
    for (const { key, ...numbers } of await sql<{ key: string } & Record<string, number>>(query, [
      workspaceId,
    ])) {
      const told = Object.entries(numbers).filter(([, number]) => number !== 0);
      if (told.length > 0) kept[key] = Object.fromEntries(told);
    }
  return kept;
}
