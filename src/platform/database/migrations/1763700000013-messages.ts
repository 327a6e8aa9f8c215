import type { MigrationInterface, QueryRunner } from 'typeorm';

/** What reading needs: how far a conversation is read, withdrawn messages, and the search. */
export class Messages1763700000013 implements MigrationInterface {
  name = 'Messages1763700000013';

  async up(db: QueryRunner): Promise<void> {
    await db.query(`
      alter table message add column edited_at timestamptz, add column deleted_at timestamptz, add column deleted_by bigint,
        add foreign key (workspace_id, deleted_by) references users (workspace_id, id);
      comment on column message.deleted_at is 'From then on nobody is shown what it says; its place in the history stays.';
      create index message_deleted_by on message (workspace_id, deleted_by) where deleted_by is not null;

      alter table conversation add column read_up_to_id bigint not null default 0, add column read_at timestamptz;
      comment on column conversation.read_up_to_id is 'Staff have read the customer''s messages up to this id; unread_count is those after it that are not deleted.';
      comment on column conversation.read_at is 'When read_up_to_id last moved forward.';
      create index conversation_unread on conversation (workspace_id, assigned_user) include (unread_count) where unread_count > 0;

      create table conversation_read (
        workspace_id bigint not null,
        conversation_id bigint not null,
        up_to_id bigint not null,
        read_at timestamptz not null default now(),
        primary key (workspace_id, conversation_id, up_to_id),
        foreign key (workspace_id, conversation_id) references conversation (workspace_id, id) on delete cascade
      );
      comment on table conversation_read is 'Each time that staff read on: a message of the customer was read at the first row with up_to_id >= its id.';
      -- For an owner who is an ordinary user the rows would not be there.
      alter table conversation no force row level security;
      alter table message no force row level security;
      update conversation set read_at = updated_at, read_up_to_id = coalesce(
        (select min(id) - 1 from (
          select id from message where message.workspace_id = conversation.workspace_id and conversation_id = conversation.id
            and sender_type = 'contact' order by id desc limit unread_count) unread),
        last_message_id, 0);
      insert into conversation_read (workspace_id, conversation_id, up_to_id, read_at)
        select workspace_id, id, read_up_to_id, read_at from conversation;
      alter table message force row level security;
      alter table conversation force row level security;
      call protect_by_workspace('conversation_read');

      -- Whoever sets the count and that it is read says thereby what is read. Intake, which moves last_message_id as
      -- well, reads nothing, nor does who deletes the last unread message and says that it is read only afterwards.
      create function keep_read_up_to() returns trigger language plpgsql as $$
      declare
        newest bigint;
        first_read timestamptz;
      begin
        if new.read_up_to_id = old.read_up_to_id then
          if new.unread_count = 0 and new.read then
            new.read_up_to_id := greatest(old.read_up_to_id, new.last_message_id);
          elsif new.unread_count > old.unread_count then
            select id into newest from message
              where conversation_id = new.id and sender_type = 'contact' and deleted_at is null order by id desc limit 1;
            new.unread_count := (newest is not null)::int;
            new.read_up_to_id := least(old.read_up_to_id, newest - 1);
          end if;
        end if;
        if new.read_up_to_id > old.read_up_to_id then
          new.read_at := now();
          insert into conversation_read (conversation_id, up_to_id) values (new.id, new.read_up_to_id);
        elsif new.read_up_to_id < old.read_up_to_id then
          with undone as (
            delete from conversation_read where conversation_id = new.id and up_to_id > new.read_up_to_id returning read_at
          ) select min(read_at) into first_read from undone;
          insert into conversation_read (conversation_id, up_to_id, read_at)
            select new.id, new.read_up_to_id, first_read where first_read is not null on conflict do nothing;
        end if;
        return new;
      end $$;
      create trigger conversation_read_up_to before update on conversation for each row
        when (new.last_message_id is not distinct from old.last_message_id
          and (new.unread_count <> old.unread_count or new.read_up_to_id <> old.read_up_to_id))
        execute function keep_read_up_to();
    `);
    await db.query(SEARCH);
  }

  async down(db: QueryRunner): Promise<void> {
    await db.query(`
      drop policy searching on message;
      drop policy searching on conversation;
      drop function search_messages(text, bigint, bigint, bigint, integer, integer);
      drop index message_words;
      drop function rough_patterns(text[]);
      drop function message_query(text, text), message_words(text, text), search_form(text);
      drop trigger conversation_read_up_to on conversation;
      drop function keep_read_up_to();
      drop table conversation_read;
      drop index conversation_unread;
      alter table conversation drop column read_up_to_id, drop column read_at;
      alter table message drop column edited_at, drop column deleted_at, drop column deleted_by;
    `);
  }
}

/**
 * A message is indexed by its words, each with the workspace and a range of 2^17 ids in front of it, as in
 * `1/76/hola`. So one tenant's words cost another one's search nothing, and a search goes through the ranges from the
 * newest on and stops when it has enough: a word that stands in millions of messages is as quick as a rare one.
 */
const SEARCH = `
  -- Lower case, without accents, and each sign of a script without spaces for itself. What is longer is cut: an index
  -- that refuses a text would refuse the message.
  create function search_form(text) returns text language sql immutable parallel safe
    return case when octet_length($1) = char_length($1) then lower(left($1, 16000))
      -- Nothing in these ranges becomes a sign of such a script, and looking for one in vain costs as much as the rest.
      when $1 !~ '[^\\u0001-\\u0dff\\u1e00-\\u2e7f\\U0001f300-\\U0001faff]'
      then lower(regexp_replace(normalize(left($1, 16000), NFKD), '[\\u0300-\\u036f]', '', 'g'))
      else regexp_replace(lower(regexp_replace(normalize(left($1, 16000), NFKD), '[\\u0300-\\u036f\\u3099\\u309a]', '', 'g')),
        '([\\u0e00-\\u0eff\\u1000-\\u109f\\u1780-\\u17ff\\u3040-\\u30ff\\u3400-\\u9fff])', ' \\1 ', 'g') end;

  create function message_words(range text, body text) returns tsvector language sql immutable parallel safe
    return (range || regexp_replace(
      -- No shorter text can hold a word too long for an index, however its letters come apart.
      case when octet_length(body) <= 150 then search_form(body)
        else regexp_replace(search_form(body), '([[:alnum:]]{64})[[:alnum:]]+', '\\1', 'g') end,
      '[^[:alnum:]]+', ' ' || range, 'g'))::tsvector;

  -- All words of what is looked for, each as the beginning of one.
  create function message_query(range text, wanted text) returns tsquery language sql immutable parallel safe
    return (select string_agg('''' || range || left(word, 64) || ''':*', '&')::tsquery
      from (select distinct word from regexp_split_to_table(search_form(wanted), '[^[:alnum:]]+') word where word <> '' limit 20) w);

  create index message_words on message using gin (message_words(workspace_id || '/' || (id >> 17) || '/', body))
    with (gin_pending_list_limit = 1024) where body is not null and deleted_at is null;

  -- @@ is not leakproof: under a policy it could use no index. So this runs as the owner, for whom there is a policy
  -- without a condition, and keeps to the workspace by itself. The words in the index begin with the workspace too.
  create policy searching on message for select to current_user using (true);
  create policy searching on conversation for select to current_user using (true);

  -- What the raw text of a message that holds these words must look like, as a regular expression for each: a letter
  -- for a letter, where one outside of ASCII may stand for any. Looking at a text so costs a tenth of taking it apart.
  create function rough_patterns(words text[]) returns text[] language sql immutable parallel safe
    return array(select (select string_agg(case when letter ~ '[a-z]' then format('[%s%s\\u0080-\\U0010ffff]', letter, upper(letter))
        when letter ~ '[0-9]' then format('[%s\\u0080-\\U0010ffff]', letter) else '[\\u0080-\\U0010ffff]' end, '[\\u0080-\\U0010ffff]*' order by place)
      from string_to_table(word, null) with ordinality as letters(letter, place)) from unnest(words) word);

  create function search_messages(wanted text, visible_only_to bigint, in_conversation bigint, before_id bigint,
    wanted_count integer, budget_ms integer, out ids bigint[], out searched_to bigint)
    language plpgsql stable security definer
    set search_path = public, pg_temp set enable_seqscan = off set max_parallel_workers_per_gather = 0 set work_mem = '16MB'
    set plan_cache_mode = force_generic_plan as $$
  declare
    here constant bigint := current_workspace_id();
    deadline constant timestamptz := clock_timestamp() + budget_ms * interval '1 millisecond';
    query constant tsquery := message_query('', wanted);
    words constant text[] := array(select lexeme from regexp_split_to_table(search_form(wanted), '[^[:alnum:]]+') lexeme where lexeme <> '');
    -- Much cheaper than taking a text apart; whatever holds the words passes.
    patterns constant text[] := array(select '%' || word || '%' from unnest(words) word);
    rough constant text[] := rough_patterns(words);
    -- A letter that may become several, so that there is no rough look at the text.
    many constant text := '[^\\u0001-\\u0131\\u0134-\\u0148\\u014a-\\u01c3\\u01cd-\\u01f0\\u01f4-\\u0586\\u0588-\\u05ff\\u1e00-\\u1e99\\u1e9b-\\u20a7\\u20a9-\\u20ff\\u2190-\\u23ff\\u2500-\\u2a73\\ufe00-\\ufe0f\\U0001f300-\\U0001faff]';
    rare text := wanted;
    walk integer := 250;
    all_walked integer := 0;
    walked integer;
    held_by integer[];
    ranges tsquery;
    high bigint;
    low bigint;
    size integer := 1;
    more bigint[];
  begin
    ids := '{}';
    searched_to := 0;
    if here is null or query is null then return; end if;
    if in_conversation is not null and visible_only_to is not null and not exists (
      select from conversation c where c.workspace_id = here and c.id = in_conversation
        and (c.assigned_user is null or c.assigned_user = visible_only_to)) then return; end if;
    searched_to := before_id;

    -- The newest ones first, one by one: a common word is found there, and most conversations are no longer than this.
    loop
      if in_conversation is null then
        with newest as materialized (
          select id, conversation_id, case when deleted_at is null then body end as body from message
          where workspace_id = here and id < searched_to order by id desc limit walk)
        select array(select id from newest
            where case when body ~ all (rough) or body ~ many then search_form(body) like all (patterns) and message_words('', body) @@ query end
              and (visible_only_to is null or (select c.assigned_user is null or c.assigned_user = visible_only_to
            from conversation c where c.workspace_id = here and c.id = conversation_id)) order by id desc limit wanted_count - cardinality(ids)),
          (select count(*) from newest), (select min(id) from newest),
          case when cardinality(words) > 1 then array(select (select count(*) from newest where body ~ pattern) from unnest(rough) pattern) end
          into more, walked, searched_to, held_by;
      else
        with newest as materialized (
          select id, conversation_id, case when deleted_at is null then body end as body from message
          where workspace_id = here and conversation_id = in_conversation and id < searched_to order by id desc limit walk)
        select array(select id from newest
            where case when body ~ all (rough) or body ~ many then search_form(body) like all (patterns) and message_words('', body) @@ query end
              and (true) order by id desc limit wanted_count - cardinality(ids)),
          (select count(*) from newest), (select min(id) from newest),
          case when cardinality(words) > 1 then array(select (select count(*) from newest where body ~ pattern) from unnest(rough) pattern) end
          into more, walked, searched_to, held_by;
      end if;
      ids := ids || more;
      if cardinality(ids) = wanted_count then searched_to := ids[wanted_count]; end if;
      if walked < walk and cardinality(ids) < wanted_count then searched_to := 0; end if;
      if walked < walk or cardinality(ids) = wanted_count then return; end if;
      all_walked := all_walked + walked;
      -- Going on like this is the shorter way where a word is frequent, and only there.
      exit when all_walked > 250 or cardinality(ids) * 1000 < wanted_count * all_walked;
      walk := wanted_count * all_walked * 3 / cardinality(ids) / 2 - all_walked;
    end loop;

    -- Where a word is rare the index is asked for that one alone: it would go through all that hold a frequent one.
    if cardinality(words) between 2 and 20 and (select min(n) < 4 and max(n) >= 4 from unnest(held_by) n) then
      rare := (select string_agg(words[place], ' ') from unnest(held_by) with ordinality as held(n, place) where n < 4);
    end if;
    loop
      -- Where other workspaces wrote much there may be nothing of this one in many ranges.
      if in_conversation is null then
        select max(id) >> 17 into high from message where workspace_id = here and id < searched_to;
      else
        select max(id) >> 17 into high from message where workspace_id = here and conversation_id = in_conversation and id < searched_to;
      end if;
      if high is null then
        searched_to := 0;
        return;
      end if;
      low := greatest(high - size + 1, 0);
      select string_agg('(' || message_query(here || '/' || range || '/', rare)::text || ')', '|')::tsquery
        into ranges from generate_series(low, high) range;
      with found as materialized (
        select id, conversation_id, case when rare <> wanted then body end as body from message
        where body is not null and deleted_at is null and message_words(workspace_id || '/' || (id >> 17) || '/', body) @@ ranges)
      select array(select id from (select * from found where id < searched_to
          and (in_conversation is null or conversation_id = in_conversation) order by id desc) f
        where (visible_only_to is null or in_conversation is not null or (select c.assigned_user is null or c.assigned_user = visible_only_to
            from conversation c where c.workspace_id = here and c.id = conversation_id))
          and case when rare = wanted then true when body ~ all (rough) or body ~ many then search_form(body) like all (patterns) and message_words('', body) @@ query end
        limit wanted_count - cardinality(ids)) into more;
      ids := ids || more;
      searched_to := low << 17;
      if cardinality(ids) = wanted_count then
        searched_to := ids[wanted_count];
        return;
      end if;
      if clock_timestamp() > deadline then return; end if;
      -- As many as are likely to hold the rest.
      size := case when cardinality(more) = 0 then 8 else least(8, 1 + (wanted_count - cardinality(ids)) * size / cardinality(more)) end;
    end loop;
  end $$;
  revoke execute on function search_messages(text, bigint, bigint, bigint, integer, integer) from public;
  grant execute on function search_messages(text, bigint, bigint, bigint, integer, integer) to apicechat_app;
`;
