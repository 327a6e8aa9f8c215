/** The floors' own tables, in their own schema: the least that an inbox must keep. */
export const FLOOR_SCHEMA = `
  create schema floor;
  set search_path = floor;

  create table contacts (
    id bigint generated always as identity primary key,
    wa_id text not null unique,
    name text,
    created_at timestamptz not null default now()
  );
  create table conversations (
    id bigint generated always as identity primary key,
    contact_id bigint not null references contacts,
    status smallint not null default 0,
    unread int not null default 0,
    last_message_at timestamptz,
    last_message text,
    created_at timestamptz not null default now()
  );
  create unique index conversations_open on conversations (contact_id) where status = 0;
  create index conversations_inbox on conversations (status, last_message_at desc, id desc);
  create table messages (
    id bigint generated always as identity primary key,
    conversation_id bigint not null,
    wamid text,
    direction smallint not null default 0,
    type text not null default 'text',
    body text,
    status smallint not null default 0,
    sent_at timestamptz not null,
    created_at timestamptz not null default now()
  );
  create unique index messages_wamid on messages (wamid);
  create index messages_history on messages (conversation_id, id desc);

  create function ingest_batch(p_wamid text[], p_wa_id text[], p_name text[], p_body text[], p_at timestamptz[])
  returns table (wamid text, id bigint, conversation_id bigint) language plpgsql as $$
  #variable_conflict use_column
  begin
    insert into contacts (wa_id, name)
      select distinct on (w) w, n from unnest(p_wa_id, p_name) t(w, n)
      where not exists (select 1 from contacts c where c.wa_id = w) order by w
      on conflict (wa_id) do nothing;
    insert into conversations (contact_id)
      select c.id from contacts c where c.wa_id = any (p_wa_id)
        and not exists (select 1 from conversations v where v.contact_id = c.id and v.status = 0) order by c.id
      on conflict (contact_id) where status = 0 do nothing;
    return query
    with inp as (
      select t.w, t.p, t.b, t.a, t.ord from unnest(p_wamid, p_wa_id, p_body, p_at) with ordinality t(w, p, b, a, ord)
    ), ins as (
      insert into messages (conversation_id, wamid, body, sent_at)
        select v.id, i.w, i.b, i.a
        from inp i join contacts c on c.wa_id = i.p join conversations v on v.contact_id = c.id and v.status = 0
        order by i.ord on conflict (wamid) do nothing
        returning messages.id, messages.conversation_id, messages.wamid, messages.body, messages.sent_at
    ), upd as (
      update conversations v set
        unread = v.unread + x.n, last_message_at = greatest(v.last_message_at, x.at), last_message = left(x.body, 100)
      from (select conversation_id cid, count(*) n, max(sent_at) at, (array_agg(body order by id desc))[1] body
            from ins group by 1) x
      where v.id = x.cid
    )
    select ins.wamid, ins.id, ins.conversation_id from ins;
  end $$;
`;
