import type { MigrationInterface, QueryRunner } from 'typeorm';

/**
 * Migration 21 was edited after it had been published: at first it kept `analytics_now` as well, which the tally has made
 * needless. A database that was made then becomes what one that was made later is; in that one nothing is done.
 */
export class AnalyticsWithoutNow1763700000025 implements MigrationInterface {
  name = 'AnalyticsWithoutNow1763700000025';

  async up(db: QueryRunner): Promise<void> {
    const [kept] = (await db.query(`select to_regclass('analytics_now') is not null as now`)) as {
      now: boolean;
    }[];
    if (kept?.now === true) await db.query(WITHOUT_NOW);
  }

  /** Nothing: the migrations before this one make the same. */
  async down(): Promise<void> {}
}

// In the order in which counting locks them.
const WITHOUT_NOW = `
  alter table analytics_conversation
    drop column if exists in_total, drop column if exists user_id, drop column if exists is_open,
    drop column if exists is_unread, drop column if exists is_unassigned;
  comment on table analytics_conversation is 'How far each conversation is counted, and what it contributes to the ratings. No foreign key: of a deleted conversation the contribution is to be taken back.';
  drop table analytics_now;

  create or replace function measure_conversations(ids bigint[]) returns void language plpgsql
    set plan_cache_mode = force_generic_plan set enable_nestloop = off set enable_seqscan = off as $$
  begin
    -- What the next statements see was committed before: nobody else counts in this workspace meanwhile.
    perform pg_advisory_xact_lock(hashtextextended('analytics/' || current_workspace_id(), 0));
    insert into analytics_conversation (conversation_id, channel)
      select t.id, t.channel from unnest(ids) wanted(id)
      cross join lateral (select id, channel from conversation where id = wanted.id limit 1) t
      where not exists (select from analytics_conversation a where a.conversation_id = wanted.id);

    with counted as materialized (
      select a.* from unnest(ids) wanted(id)
      cross join lateral (select * from analytics_conversation where conversation_id = wanted.id limit 1) a
    ), entry as materialized (
      -- In the order in which they happened: by the newest message of that moment, changes of status behind it.
      select c.conversation_id, c.channel, c.answered, c.opened_at as opened_before, c.asked_at as asked_before, 0::bigint as message, 0::bigint as change, 'opened' as kind, null::bigint as user_id, t.created_at as at
      from counted c cross join lateral (select created_at from conversation where id = c.conversation_id limit 1) t
      where c.up_to_change is null
      union all
      select c.conversation_id, c.channel, c.answered, c.opened_at, c.asked_at, m.id, 0,
        case when m.type in ('reaction', 'system', 'edit', 'revoke') then '' else m.sender_type end, m.sender_user, m.created_at
      from counted c cross join lateral (
        select id, type, sender_type, sender_user, created_at from message
        where conversation_id = c.conversation_id and id > c.up_to_message order by id) m
      union all
      select c.conversation_id, c.channel, c.answered, c.opened_at, c.asked_at, s.after_message, s.id,
        case when s.to_status not in ('closed', 'archived') then 'reopened' when s.from_status = 'archived' then '' else s.to_status end,
        s.assigned_user, s.at
      from counted c cross join lateral (
        select id, after_message, from_status, to_status, assigned_user, at from conversation_status_change
        where conversation_id = c.conversation_id and id > coalesce(c.up_to_change, 0) order by id) s
    ), placed as (
      select *,
        -- A turn of the customer ends with the answer of a person, or with the closing.
        count(*) filter (where kind in ('user', 'closed')) over before as turn,
        count(*) filter (where kind in ('user', 'closed')) over (partition by conversation_id) as turns,
        greatest(opened_before, max(at) filter (where kind in ('opened', 'reopened')) over before) as open_since
      from entry
      window before as (partition by conversation_id order by message, change rows between unbounded preceding and 1 preceding)
    ), timed as (
      select *, least(case when turn = 0 then asked_before end,
        min(at) filter (where kind = 'contact') over (partition by conversation_id, turn)) as asked
      from placed
    ), numbered as (
      select t.*, (t.at at time zone 'UTC')::date as day, t.kind = 'user' and t.asked is not null as answers,
        row_number() over (partition by t.conversation_id, t.kind = 'user' and t.asked is not null order by t.message, t.change) as n
      from timed t
    ), present as materialized (
      -- As it is now; of a conversation that is gone, nothing.
      select c.conversation_id, c.channel, t.id is not null as here, r.score, r.rated_on, r.rated_user
      from counted c left join lateral (select id from conversation where id = c.conversation_id limit 1) t on true
      left join lateral (
        select score, rated_user, (created_at at time zone 'UTC')::date as rated_on
        from conversation_rating where conversation_id = c.conversation_id limit 1) r on true
    ), value as (
      select n.day, n.channel, n.user_id, v.measure,
        case when v.measure = 'rating' then v.amount else width_bucket(v.amount / 1000.0, analytics_bounds()::numeric[]) end as bucket,
        1 as count, v.amount
      from numbered n cross join lateral (
        select case when not n.answered and n.n = 1 then 'first_response' else 'later_response' end as measure,
          greatest(0, round(extract(epoch from n.at - n.asked) * 1000))::bigint as amount where n.answers
        union all
        select 'resolution', greatest(0, round(extract(epoch from n.at - n.open_since) * 1000))::bigint
        where n.kind = 'closed' and n.open_since is not null) v
      union all
      select c.rated_on, c.channel, c.rated_user, 'rating', c.score, -1, -c.score
      from counted c join present p using (conversation_id)
      where c.score is not null and p.here and (c.score, c.rated_on) is distinct from (p.score, p.rated_on)
      union all
      select p.rated_on, p.channel, p.rated_user, 'rating', p.score, 1, p.score
      from counted c join present p using (conversation_id)
      where p.score is not null and (c.score, c.rated_on) is distinct from (p.score, p.rated_on)
    ), happened as (
      select day, channel, user_id, kind as what, 1 as count, 0::bigint as amount from numbered
      where kind in ('contact', 'user', 'bot', 'opened', 'closed', 'reopened', 'archived')
      union all
      select day, channel, user_id, measure, count, amount from value
    ), days as (
      insert into analytics_day as d (user_id, day, channel, inbound, outbound_people, outbound_bots, opened, closed, reopened, archived,
        first_responses, first_response_ms, later_responses, later_response_ms, resolutions, resolution_ms, ratings, rating_sum)
      select w.user_id, h.day, h.channel,
        count(*) filter (where what = 'contact'), count(*) filter (where what = 'user'), count(*) filter (where what = 'bot'),
        count(*) filter (where what = 'opened'), count(*) filter (where what = 'closed'),
        count(*) filter (where what = 'reopened'), count(*) filter (where what = 'archived'),
        count(*) filter (where what = 'first_response'), coalesce(sum(amount) filter (where what = 'first_response'), 0),
        count(*) filter (where what = 'later_response'), coalesce(sum(amount) filter (where what = 'later_response'), 0),
        count(*) filter (where what = 'resolution'), coalesce(sum(amount) filter (where what = 'resolution'), 0),
        coalesce(sum(count) filter (where what = 'rating'), 0), coalesce(sum(amount) filter (where what = 'rating'), 0)
      from happened h cross join lateral (select 0::bigint as user_id union all select h.user_id where h.user_id is not null) w
      group by w.user_id, h.day, h.channel order by w.user_id, h.day, h.channel
      on conflict (workspace_id, user_id, day, channel) do update set
        inbound = d.inbound + excluded.inbound, outbound_people = d.outbound_people + excluded.outbound_people,
        outbound_bots = d.outbound_bots + excluded.outbound_bots, opened = d.opened + excluded.opened,
        closed = d.closed + excluded.closed, reopened = d.reopened + excluded.reopened, archived = d.archived + excluded.archived,
        first_responses = d.first_responses + excluded.first_responses, first_response_ms = d.first_response_ms + excluded.first_response_ms,
        later_responses = d.later_responses + excluded.later_responses, later_response_ms = d.later_response_ms + excluded.later_response_ms,
        resolutions = d.resolutions + excluded.resolutions, resolution_ms = d.resolution_ms + excluded.resolution_ms,
        ratings = d.ratings + excluded.ratings, rating_sum = d.rating_sum + excluded.rating_sum
    ), spreads as (
      insert into analytics_spread as s (user_id, measure, day, channel, bucket, count, sum)
      select w.user_id, v.measure, v.day, v.channel, v.bucket, sum(v.count), sum(v.amount)
      from value v cross join lateral (select 0::bigint as user_id union all select v.user_id where v.user_id is not null) w
      group by w.user_id, v.measure, v.day, v.channel, v.bucket having sum(v.count) <> 0 or sum(v.amount) <> 0
      order by w.user_id, v.measure, v.day, v.channel, v.bucket
      on conflict (workspace_id, user_id, measure, day, channel, bucket) do update set
        count = s.count + excluded.count, sum = s.sum + excluded.sum
    ), ends as (
      select e.conversation_id, max(e.message) filter (where e.change = 0) as message, max(e.change) as change,
        greatest(max(e.opened_before), max(e.at) filter (where e.kind in ('opened', 'reopened'))) as opened_at,
        bool_or(e.answers) as answered,
        least(max(e.asked_before) filter (where e.turns = 0), min(e.at) filter (where e.kind = 'contact' and e.turn = e.turns)) as asked_at
      from numbered e group by e.conversation_id
    ), gone as (
      delete from analytics_conversation where conversation_id = any (array(select conversation_id from present where not here))
    )
    update analytics_conversation a set
      up_to_message = greatest(a.up_to_message, e.message), up_to_change = greatest(a.up_to_change, e.change, 0),
      opened_at = case when e.conversation_id is null then a.opened_at else e.opened_at end,
      asked_at = case when e.conversation_id is null then a.asked_at else e.asked_at end, answered = a.answered or coalesce(e.answered, false),
      score = p.score, rated_on = p.rated_on, rated_user = p.rated_user
    from present p left join ends e on e.conversation_id = p.conversation_id
    where a.conversation_id = p.conversation_id and a.conversation_id = any (ids) and p.here;
  end $$;

  create or replace function rebuild_analytics() returns void language plpgsql as $$
  declare
    part bigint[];
    last bigint := 0;
  begin
    perform pg_advisory_xact_lock(hashtextextended('analytics/' || current_workspace_id(), 0));
    delete from analytics_spread;
    delete from analytics_day;
    delete from analytics_conversation;
    loop
      part := array(select id from conversation where id > last order by id limit 1000);
      exit when cardinality(part) = 0;
      perform measure_conversations(part);
      last := part[cardinality(part)];
    end loop;
  end $$;
`;
