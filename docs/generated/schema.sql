-- The database as the migrations make it, for reading: written by `npm run generate:schema`, do not edit.
-- To change it, add a migration to src/platform/database/migrations.

-- How far each conversation is counted, and what it contributes to the ratings. No foreign key: of a deleted conversation the contribution is to be taken back.
create table analytics_conversation (
  workspace_id bigint default current_workspace_id() not null,
  conversation_id bigint not null,
  channel character varying(20) not null,
  up_to_message bigint default 0 not null, -- The newest message that is counted.
  up_to_change bigint, -- The newest conversation_status_change that is counted; null: not even the opening is.
  opened_at timestamp with time zone,
  asked_at timestamp with time zone, -- When the customer wrote what no person has answered yet.
  answered boolean default false not null,
  score smallint,
  rated_on date,
  rated_user bigint,
  constraint analytics_conversation_pkey PRIMARY KEY (workspace_id, conversation_id),
  constraint analytics_conversation_workspace_id_fkey FOREIGN KEY (workspace_id) REFERENCES workspace(id) ON DELETE CASCADE
);
alter table analytics_conversation enable and force row level security;
alter table analytics_conversation set (fillfactor=70);
create policy own_workspace on analytics_conversation to apicechat_app using ((workspace_id = ( SELECT current_workspace_id() AS current_workspace_id))) with check ((workspace_id = ( SELECT current_workspace_id() AS current_workspace_id)));
grant delete, insert, select, update on analytics_conversation to apicechat_app;

-- What happened on a day in UTC. user_id 0: all of it, whoever did it; otherwise that user's part.
create table analytics_day (
  workspace_id bigint default current_workspace_id() not null,
  user_id bigint not null,
  day date not null,
  channel character varying(20) not null,
  inbound integer default 0 not null,
  outbound_people integer default 0 not null,
  outbound_bots integer default 0 not null,
  opened integer default 0 not null,
  closed integer default 0 not null,
  reopened integer default 0 not null,
  archived integer default 0 not null,
  first_responses integer default 0 not null,
  first_response_ms bigint default 0 not null,
  later_responses integer default 0 not null,
  later_response_ms bigint default 0 not null,
  resolutions integer default 0 not null,
  resolution_ms bigint default 0 not null,
  ratings integer default 0 not null,
  rating_sum integer default 0 not null,
  constraint analytics_day_pkey PRIMARY KEY (workspace_id, user_id, day, channel),
  constraint analytics_day_workspace_id_fkey FOREIGN KEY (workspace_id) REFERENCES workspace(id) ON DELETE CASCADE
);
CREATE INDEX analytics_day_day ON public.analytics_day USING btree (workspace_id, day);
alter table analytics_day enable and force row level security;
alter table analytics_day set (fillfactor=50);
create policy own_workspace on analytics_day to apicechat_app using ((workspace_id = ( SELECT current_workspace_id() AS current_workspace_id))) with check ((workspace_id = ( SELECT current_workspace_id() AS current_workspace_id)));
grant delete, insert, select, update on analytics_day to apicechat_app;

-- How the values of a measure on a day in UTC are spread. user_id 0: all values; otherwise that user's.
create table analytics_spread (
  workspace_id bigint default current_workspace_id() not null,
  user_id bigint not null,
  measure character varying(20) not null,
  day date not null,
  channel character varying(20) not null,
  bucket smallint not null, -- Times: how many of analytics_bounds() the seconds reach. Ratings: the score.
  count integer not null,
  sum bigint not null, -- Times: milliseconds. Ratings: the score times count.
  constraint analytics_spread_pkey PRIMARY KEY (workspace_id, user_id, measure, day, channel, bucket),
  constraint analytics_spread_workspace_id_fkey FOREIGN KEY (workspace_id) REFERENCES workspace(id) ON DELETE CASCADE,
  constraint analytics_spread_measure_check CHECK (measure::text = ANY (ARRAY['first_response'::character varying, 'later_response'::character varying, 'resolution'::character varying, 'rating'::character varying]::text[]))
);
alter table analytics_spread enable and force row level security;
alter table analytics_spread set (fillfactor=50);
create policy own_workspace on analytics_spread to apicechat_app using ((workspace_id = ( SELECT current_workspace_id() AS current_workspace_id))) with check ((workspace_id = ( SELECT current_workspace_id() AS current_workspace_id)));
grant delete, insert, select, update on analytics_spread to apicechat_app;

create table application (
  workspace_id bigint default current_workspace_id() not null,
  id bigint generated always as identity not null,
  name character varying(100) not null,
  created_at timestamp with time zone default now() not null,
  updated_at timestamp with time zone default now() not null,
  constraint application_pkey PRIMARY KEY (workspace_id, id),
  constraint application_workspace_id_name_key UNIQUE (workspace_id, name),
  constraint application_workspace_id_fkey FOREIGN KEY (workspace_id) REFERENCES workspace(id) ON DELETE CASCADE
);
alter table application enable and force row level security;
create policy own_workspace on application to apicechat_app using ((workspace_id = ( SELECT current_workspace_id() AS current_workspace_id))) with check ((workspace_id = ( SELECT current_workspace_id() AS current_workspace_id)));
grant delete, insert, select, update on application to apicechat_app;

-- What staff did. Append-only: nobody who works through the server changes or removes a row.
create table audit_log (
  workspace_id bigint default current_workspace_id() not null,
  id bigint generated always as identity not null,
  user_id bigint, -- No foreign key: the entry outlives the user.
  user_name character varying(150) not null,
  action character varying(60) not null,
  subject_type character varying(40) not null,
  subject_id bigint,
  details jsonb default '{}'::jsonb not null,
  created_at timestamp with time zone default now() not null,
  constraint audit_log_pkey PRIMARY KEY (workspace_id, id),
  constraint audit_log_workspace_id_fkey FOREIGN KEY (workspace_id) REFERENCES workspace(id) ON DELETE CASCADE
);
CREATE INDEX audit_log_action ON public.audit_log USING btree (workspace_id, action, id DESC);
CREATE INDEX audit_log_created ON public.audit_log USING btree (workspace_id, created_at);
CREATE INDEX audit_log_subject ON public.audit_log USING btree (workspace_id, subject_type, subject_id, id DESC);
CREATE INDEX audit_log_user ON public.audit_log USING btree (workspace_id, user_id, id DESC);
alter table audit_log enable and force row level security;
create policy own_workspace on audit_log to apicechat_app using ((workspace_id = ( SELECT current_workspace_id() AS current_workspace_id))) with check ((workspace_id = ( SELECT current_workspace_id() AS current_workspace_id)));
grant insert, select on audit_log to apicechat_app;

-- Whether and how the queue is given to people. No row: it is not.
create table auto_assignment (
  workspace_id bigint default current_workspace_id() not null,
  enabled boolean not null,
  levels character varying(20)[] not null,
  max_open integer not null,
  wait_seconds integer not null,
  updated_at timestamp with time zone default now() not null,
  constraint auto_assignment_pkey PRIMARY KEY (workspace_id),
  constraint auto_assignment_workspace_id_fkey FOREIGN KEY (workspace_id) REFERENCES workspace(id) ON DELETE CASCADE,
  constraint auto_assignment_levels_check CHECK (cardinality(levels) > 0 AND levels <@ ARRAY['employer'::character varying, 'supervisor'::character varying, 'admin'::character varying]),
  constraint auto_assignment_max_open_check CHECK (max_open >= 1 AND max_open <= 1000),
  constraint auto_assignment_wait_seconds_check CHECK (wait_seconds >= 0 AND wait_seconds <= 3600)
);
alter table auto_assignment enable and force row level security;
create policy machinery on auto_assignment for select to apicechat_platform using (true);
create policy own_workspace on auto_assignment to apicechat_app using ((workspace_id = ( SELECT current_workspace_id() AS current_workspace_id))) with check ((workspace_id = ( SELECT current_workspace_id() AS current_workspace_id)));
grant delete, insert, select, update on auto_assignment to apicechat_app;
grant select (enabled, workspace_id) on auto_assignment to apicechat_platform;

-- Who was given a conversation last, so that equally busy people take turns.
create table auto_assignment_turn (
  workspace_id bigint default current_workspace_id() not null,
  user_id bigint not null,
  given_at timestamp with time zone not null,
  constraint auto_assignment_turn_pkey PRIMARY KEY (workspace_id, user_id),
  constraint auto_assignment_turn_workspace_id_user_id_fkey FOREIGN KEY (workspace_id, user_id) REFERENCES users(workspace_id, id) ON DELETE CASCADE
);
alter table auto_assignment_turn enable and force row level security;
create policy own_workspace on auto_assignment_turn to apicechat_app using ((workspace_id = ( SELECT current_workspace_id() AS current_workspace_id))) with check ((workspace_id = ( SELECT current_workspace_id() AS current_workspace_id)));
grant delete, insert, select, update on auto_assignment_turn to apicechat_app;

create table bot (
  workspace_id bigint default current_workspace_id() not null,
  id bigint generated always as identity not null,
  name character varying(100) not null,
  description text,
  created_at timestamp with time zone default now() not null,
  kind character varying(20) default 'none'::character varying not null,
  enabled boolean default true not null,
  config jsonb default '{}'::jsonb not null,
  secret text, -- AES-256-GCM; signs what a webhook bot is asked. Never leaves the server.
  secret_end character varying(4),
  updated_at timestamp with time zone default now() not null,
  deleted_at timestamp with time zone, -- The row stays: messages name their sender for good.
  assignable_id bigint generated always as (
CASE
    WHEN (deleted_at IS NULL) THEN id
    ELSE NULL::bigint
END) stored,
  constraint bot_pkey PRIMARY KEY (workspace_id, id),
  constraint bot_assignable UNIQUE (workspace_id, assignable_id),
  constraint bot_workspace_id_fkey FOREIGN KEY (workspace_id) REFERENCES workspace(id) ON DELETE CASCADE,
  constraint bot_kind_check CHECK (kind::text = ANY (ARRAY['none'::character varying, 'keyword_menu'::character varying, 'webhook'::character varying]::text[]))
);
alter table bot enable and force row level security;
create policy machinery on bot for select to apicechat_platform using (true);
create policy own_workspace on bot to apicechat_app using ((workspace_id = ( SELECT current_workspace_id() AS current_workspace_id))) with check ((workspace_id = ( SELECT current_workspace_id() AS current_workspace_id)));
grant delete, insert, select, update on bot to apicechat_app;
grant select (deleted_at, workspace_id) on bot to apicechat_platform;

create table bot_daily (
  workspace_id bigint default current_workspace_id() not null,
  bot_id bigint not null,
  day date not null,
  conversations integer default 0 not null,
  messages integer default 0 not null,
  replies integer default 0 not null,
  handoffs integer default 0 not null,
  fallbacks integer default 0 not null,
  failures integer default 0 not null,
  unanswered integer default 0 not null,
  answered integer default 0 not null,
  answer_ms bigint default 0 not null, -- Of all answered messages together, from their arrival to the first reply.
  last_active_at timestamp with time zone default now() not null,
  constraint bot_daily_pkey PRIMARY KEY (workspace_id, bot_id, day),
  constraint bot_daily_workspace_id_bot_id_fkey FOREIGN KEY (workspace_id, bot_id) REFERENCES bot(workspace_id, id) ON DELETE CASCADE
);
alter table bot_daily enable and force row level security;
alter table bot_daily set (fillfactor=70);
create policy own_workspace on bot_daily to apicechat_app using ((workspace_id = ( SELECT current_workspace_id() AS current_workspace_id))) with check ((workspace_id = ( SELECT current_workspace_id() AS current_workspace_id)));
grant delete, insert, select, update on bot_daily to apicechat_app;

create table bot_rule (
  workspace_id bigint default current_workspace_id() not null,
  id bigint generated always as identity not null,
  bot_id bigint not null,
  priority integer default 100 not null,
  enabled boolean default true not null,
  applies_to character varying(20) not null,
  integration_id bigint,
  tag_id bigint,
  keywords text[] default '{}'::text[] not null,
  hours jsonb, -- When the rule applies: { when: inside | outside, time_zone, open }.
  created_at timestamp with time zone default now() not null,
  updated_at timestamp with time zone default now() not null,
  constraint bot_rule_pkey PRIMARY KEY (workspace_id, id),
  constraint bot_rule_workspace_id_bot_id_fkey FOREIGN KEY (workspace_id, bot_id) REFERENCES bot(workspace_id, id) ON DELETE CASCADE,
  constraint bot_rule_workspace_id_integration_id_fkey FOREIGN KEY (workspace_id, integration_id) REFERENCES whatsapp_integration_config(workspace_id, id) ON DELETE CASCADE,
  constraint bot_rule_workspace_id_tag_id_fkey FOREIGN KEY (workspace_id, tag_id) REFERENCES tag(workspace_id, id) ON DELETE CASCADE,
  constraint bot_rule_applies_to_check CHECK (applies_to::text = ANY (ARRAY['new_conversation'::character varying, 'any_message'::character varying]::text[]))
);
CREATE INDEX bot_rule_bot ON public.bot_rule USING btree (workspace_id, bot_id);
CREATE INDEX bot_rule_integration ON public.bot_rule USING btree (workspace_id, integration_id) WHERE (integration_id IS NOT NULL);
CREATE INDEX bot_rule_order ON public.bot_rule USING btree (workspace_id, priority, id) WHERE enabled;
CREATE INDEX bot_rule_tag ON public.bot_rule USING btree (workspace_id, tag_id) WHERE (tag_id IS NOT NULL);
alter table bot_rule enable and force row level security;
create policy own_workspace on bot_rule to apicechat_app using ((workspace_id = ( SELECT current_workspace_id() AS current_workspace_id))) with check ((workspace_id = ( SELECT current_workspace_id() AS current_workspace_id)));
grant delete, insert, select, update on bot_rule to apicechat_app;

create table bot_session (
  workspace_id bigint default current_workspace_id() not null,
  conversation_id bigint not null,
  bot_id bigint not null,
  active boolean default true not null,
  menu character varying(40),
  fallbacks smallint default 0 not null,
  since_event bigint not null, -- The newest journal entry about whose the conversation is that was taken in: later ones only.
  since_message bigint, -- Where a rule gave the bot the conversation: the message that made it do so.
  updated_at timestamp with time zone default now() not null,
  constraint bot_session_pkey PRIMARY KEY (workspace_id, conversation_id),
  constraint bot_session_workspace_id_bot_id_fkey FOREIGN KEY (workspace_id, bot_id) REFERENCES bot(workspace_id, id) ON DELETE CASCADE,
  constraint bot_session_workspace_id_conversation_id_fkey FOREIGN KEY (workspace_id, conversation_id) REFERENCES conversation(workspace_id, id) ON DELETE CASCADE
);
CREATE INDEX bot_session_bot ON public.bot_session USING btree (workspace_id, bot_id);
alter table bot_session enable and force row level security;
create policy own_workspace on bot_session to apicechat_app using ((workspace_id = ( SELECT current_workspace_id() AS current_workspace_id))) with check ((workspace_id = ( SELECT current_workspace_id() AS current_workspace_id)));
grant delete, insert, select, update on bot_session to apicechat_app;

create table bot_trigger (
  workspace_id bigint default current_workspace_id() not null,
  message_id bigint not null,
  conversation_id bigint not null,
  bot_id bigint not null,
  tries smallint default 0 not null,
  try_after timestamp with time zone,
  created_at timestamp with time zone default now() not null,
  done_at timestamp with time zone,
  outcome character varying(20),
  constraint bot_trigger_pkey PRIMARY KEY (workspace_id, message_id),
  constraint bot_trigger_workspace_id_bot_id_fkey FOREIGN KEY (workspace_id, bot_id) REFERENCES bot(workspace_id, id) ON DELETE CASCADE,
  constraint bot_trigger_workspace_id_conversation_id_fkey FOREIGN KEY (workspace_id, conversation_id) REFERENCES conversation(workspace_id, id) ON DELETE CASCADE,
  constraint bot_trigger_workspace_id_message_id_fkey FOREIGN KEY (workspace_id, message_id) REFERENCES message(workspace_id, id) ON DELETE CASCADE
);
CREATE INDEX bot_trigger_age ON public.bot_trigger USING brin (created_at);
CREATE INDEX bot_trigger_bot ON public.bot_trigger USING btree (workspace_id, bot_id);
CREATE INDEX bot_trigger_conversation ON public.bot_trigger USING btree (workspace_id, conversation_id);
CREATE INDEX bot_trigger_due ON public.bot_trigger USING btree (workspace_id, conversation_id, message_id) WHERE (done_at IS NULL);
alter table bot_trigger enable and force row level security;
create policy machinery on bot_trigger to apicechat_platform using (true);
create policy own_workspace on bot_trigger to apicechat_app using ((workspace_id = ( SELECT current_workspace_id() AS current_workspace_id))) with check ((workspace_id = ( SELECT current_workspace_id() AS current_workspace_id)));
grant delete, insert, select, update on bot_trigger to apicechat_app;
grant delete, select on bot_trigger to apicechat_platform;

create table canned_response (
  workspace_id bigint default current_workspace_id() not null,
  id bigint generated always as identity not null,
  short_code character varying(50) not null,
  title character varying(150) not null,
  body text not null, -- With variables such as {{contact.name}}, filled in when it is used.
  created_by bigint,
  created_at timestamp with time zone default now() not null,
  updated_at timestamp with time zone default now() not null,
  constraint canned_response_pkey PRIMARY KEY (workspace_id, id),
  constraint canned_response_workspace_id_created_by_fkey FOREIGN KEY (workspace_id, created_by) REFERENCES users(workspace_id, id) ON DELETE SET NULL (created_by),
  constraint canned_response_workspace_id_fkey FOREIGN KEY (workspace_id) REFERENCES workspace(id) ON DELETE CASCADE
);
CREATE INDEX canned_response_created_by ON public.canned_response USING btree (workspace_id, created_by) WHERE (created_by IS NOT NULL);
CREATE UNIQUE INDEX canned_response_short_code ON public.canned_response USING btree (workspace_id, lower((short_code)::text));
alter table canned_response enable and force row level security;
create policy own_workspace on canned_response to apicechat_app using ((workspace_id = ( SELECT current_workspace_id() AS current_workspace_id))) with check ((workspace_id = ( SELECT current_workspace_id() AS current_workspace_id)));
grant delete, insert, select, update on canned_response to apicechat_app;

-- An app or website whose users write in the live chat.
create table chat_app (
  workspace_id bigint default current_workspace_id() not null,
  id bigint generated always as identity not null,
  app_id character varying(64) not null, -- Its name in X-App-Id; unique in the installation, since it says which workspace.
  name character varying(100) not null,
  secret text not null, -- Sealed. Signs the calls of its server.
  previous_secret text, -- Sealed. Accepted as well, while the secret is being replaced.
  visitors boolean default false not null, -- Whether people that it does not know may open a chat by themselves.
  origins character varying(200)[] default '{}'::character varying[] not null, -- The websites on which they may; none given: any.
  created_at timestamp with time zone default now() not null,
  updated_at timestamp with time zone default now() not null,
  constraint chat_app_pkey PRIMARY KEY (workspace_id, id),
  constraint chat_app_app_id_key UNIQUE (app_id),
  constraint chat_app_workspace_id_fkey FOREIGN KEY (workspace_id) REFERENCES workspace(id) ON DELETE CASCADE,
  constraint chat_app_app_id_check CHECK (app_id::text ~ '^[A-Za-z0-9._-]+$'::text)
);
alter table chat_app enable and force row level security;
create policy machinery on chat_app for select to apicechat_platform using (true);
create policy own_workspace on chat_app to apicechat_app using ((workspace_id = ( SELECT current_workspace_id() AS current_workspace_id))) with check ((workspace_id = ( SELECT current_workspace_id() AS current_workspace_id)));
grant delete, insert, select, update on chat_app to apicechat_app;
grant select on chat_app to apicechat_platform;

-- What a conversation of the live chat has beside what every conversation has.
create table chat_conversation (
  workspace_id bigint default current_workspace_id() not null,
  conversation_id bigint not null,
  chat_user_id bigint not null,
  subject character varying(255),
  user_read_up_to bigint default 0 not null, -- The user has read all that staff and bots said up to here, and perhaps some of what comes after it.
  constraint chat_conversation_pkey PRIMARY KEY (workspace_id, conversation_id),
  constraint chat_conversation_workspace_id_chat_user_id_fkey FOREIGN KEY (workspace_id, chat_user_id) REFERENCES chat_user(workspace_id, id) ON DELETE CASCADE,
  constraint chat_conversation_workspace_id_conversation_id_fkey FOREIGN KEY (workspace_id, conversation_id) REFERENCES conversation(workspace_id, id) ON DELETE CASCADE
);
CREATE INDEX chat_conversation_user ON public.chat_conversation USING btree (workspace_id, chat_user_id, conversation_id DESC);
alter table chat_conversation enable and force row level security;
create policy own_workspace on chat_conversation to apicechat_app using ((workspace_id = ( SELECT current_workspace_id() AS current_workspace_id))) with check ((workspace_id = ( SELECT current_workspace_id() AS current_workspace_id)));
grant delete, insert, select, update on chat_conversation to apicechat_app;

create table chat_session (
  workspace_id bigint default current_workspace_id() not null,
  id uuid not null,
  token_hash bytea not null,
  chat_user_id bigint not null,
  created_at timestamp with time zone default now() not null,
  expires_at timestamp with time zone not null,
  ended_at timestamp with time zone,
  constraint chat_session_pkey PRIMARY KEY (workspace_id, id),
  constraint chat_session_workspace_id_token_hash_key UNIQUE (workspace_id, token_hash),
  constraint chat_session_workspace_id_chat_user_id_fkey FOREIGN KEY (workspace_id, chat_user_id) REFERENCES chat_user(workspace_id, id) ON DELETE CASCADE
);
CREATE INDEX chat_session_expires ON public.chat_session USING btree (expires_at);
CREATE INDEX chat_session_user ON public.chat_session USING btree (workspace_id, chat_user_id);
alter table chat_session enable and force row level security;
create policy machinery on chat_session to apicechat_platform using (true);
create policy own_workspace on chat_session to apicechat_app using ((workspace_id = ( SELECT current_workspace_id() AS current_workspace_id))) with check ((workspace_id = ( SELECT current_workspace_id() AS current_workspace_id)));
grant delete, insert, select, update on chat_session to apicechat_app;
grant delete, select on chat_session to apicechat_platform;

-- Signatures that were used, for as long as their timestamp would be accepted.
create table chat_signature (
  workspace_id bigint default current_workspace_id() not null,
  app bigint not null,
  signature bytea not null,
  expires_at timestamp with time zone not null,
  constraint chat_signature_pkey PRIMARY KEY (workspace_id, app, signature),
  constraint chat_signature_workspace_id_app_fkey FOREIGN KEY (workspace_id, app) REFERENCES chat_app(workspace_id, id) ON DELETE CASCADE
);
CREATE INDEX chat_signature_expires ON public.chat_signature USING btree (expires_at);
alter table chat_signature enable and force row level security;
create policy machinery on chat_signature to apicechat_platform using (true);
create policy own_workspace on chat_signature to apicechat_app using ((workspace_id = ( SELECT current_workspace_id() AS current_workspace_id))) with check ((workspace_id = ( SELECT current_workspace_id() AS current_workspace_id)));
grant delete, insert, select, update on chat_signature to apicechat_app;
grant delete, select on chat_signature to apicechat_platform;

-- Somebody who writes in the live chat, as their app knows them.
create table chat_user (
  workspace_id bigint default current_workspace_id() not null,
  id bigint generated always as identity not null,
  uuid uuid default gen_random_uuid() not null,
  app bigint not null,
  user_id bigint not null, -- The number by which the app knows them; where it gave none, one of ours from 2^52 on, where no app's can be.
  username character varying(150),
  account_name character varying(150),
  phone_number character varying(40), -- As the app says. Nobody has proved it, so it is no name of the contact.
  status integer default 2 not null, -- The app's own word for what kind of user it is.
  visitor boolean default false not null,
  contact_id bigint not null,
  last_login timestamp with time zone,
  created_at timestamp with time zone default now() not null,
  constraint chat_user_pkey PRIMARY KEY (workspace_id, id),
  constraint chat_user_workspace_id_app_user_id_key UNIQUE (workspace_id, app, user_id),
  constraint chat_user_workspace_id_app_fkey FOREIGN KEY (workspace_id, app) REFERENCES chat_app(workspace_id, id),
  constraint chat_user_workspace_id_contact_id_fkey FOREIGN KEY (workspace_id, contact_id) REFERENCES contact(workspace_id, id) ON DELETE CASCADE
);
CREATE INDEX chat_user_contact ON public.chat_user USING btree (workspace_id, contact_id);
CREATE INDEX chat_user_user_id ON public.chat_user USING btree (workspace_id, user_id);
CREATE UNIQUE INDEX chat_user_username ON public.chat_user USING btree (workspace_id, app, lower((username)::text)) WHERE (username IS NOT NULL);
alter table chat_user enable and force row level security;
create policy own_workspace on chat_user to apicechat_app using ((workspace_id = ( SELECT current_workspace_id() AS current_workspace_id))) with check ((workspace_id = ( SELECT current_workspace_id() AS current_workspace_id)));
grant delete, insert, select, update on chat_user to apicechat_app;

create table contact (
  workspace_id bigint default current_workspace_id() not null,
  id bigint generated always as identity not null,
  uuid uuid default gen_random_uuid() not null,
  external_id character varying(150) not null,
  name character varying(150),
  phone_number character varying(20),
  created_at timestamp with time zone default now() not null,
  updated_at timestamp with time zone default now() not null,
  search_text text generated always as ((((((((' '::text || searchable((COALESCE(name, ''::character varying))::text)) || ' '::text) || COALESCE(ltrim((phone_number)::text, '+'::text), ''::text)) || ' '::text) || searchable((external_id)::text)) || ' '::text) || regexp_replace((external_id)::text, '[^0-9]'::text, ''::text, 'g'::text))) stored not null,
  constraint contact_pkey PRIMARY KEY (workspace_id, id),
  constraint contact_uuid_key UNIQUE (uuid),
  constraint contact_workspace_id_external_id_key UNIQUE (workspace_id, external_id),
  constraint contact_workspace_id_phone_number_key UNIQUE (workspace_id, phone_number),
  constraint contact_workspace_id_fkey FOREIGN KEY (workspace_id) REFERENCES workspace(id) ON DELETE CASCADE
);
CREATE INDEX contact_created ON public.contact USING btree (workspace_id, created_at, id);
CREATE INDEX contact_name ON public.contact USING btree (workspace_id, searchable((name)::text), id);
CREATE INDEX contact_search ON public.contact USING gin (workspace_id, search_text gin_trgm_ops) WITH (gin_pending_list_limit='1024');
CREATE INDEX contact_updated ON public.contact USING btree (workspace_id, updated_at, id);
alter table contact enable and force row level security;
create policy own_workspace on contact to apicechat_app using ((workspace_id = ( SELECT current_workspace_id() AS current_workspace_id))) with check ((workspace_id = ( SELECT current_workspace_id() AS current_workspace_id)));
create policy owner_searches on contact for select to postgres using (true);
grant delete, insert, select, update on contact to apicechat_app;

-- Under which id a contact goes on that was merged into another one.
create table contact_alias (
  workspace_id bigint default current_workspace_id() not null,
  former_id bigint not null,
  contact_id bigint not null,
  created_at timestamp with time zone default now() not null,
  constraint contact_alias_pkey PRIMARY KEY (workspace_id, former_id),
  constraint contact_alias_workspace_id_contact_id_fkey FOREIGN KEY (workspace_id, contact_id) REFERENCES contact(workspace_id, id) ON DELETE CASCADE
);
CREATE INDEX contact_alias_contact ON public.contact_alias USING btree (workspace_id, contact_id);
alter table contact_alias enable and force row level security;
create policy own_workspace on contact_alias to apicechat_app using ((workspace_id = ( SELECT current_workspace_id() AS current_workspace_id))) with check ((workspace_id = ( SELECT current_workspace_id() AS current_workspace_id)));
grant delete, insert, select, update on contact_alias to apicechat_app;

create table contact_identity (
  workspace_id bigint default current_workspace_id() not null,
  scheme character varying(20) not null,
  value character varying(150) not null,
  contact_id bigint not null,
  created_at timestamp with time zone default now() not null,
  constraint contact_identity_pkey PRIMARY KEY (workspace_id, scheme, value),
  constraint contact_identity_workspace_id_contact_id_fkey FOREIGN KEY (workspace_id, contact_id) REFERENCES contact(workspace_id, id) ON DELETE CASCADE,
  constraint contact_identity_scheme_check CHECK (scheme::text = ANY (ARRAY['whatsapp_phone'::character varying, 'whatsapp_user'::character varying, 'app_user'::character varying]::text[]))
);
CREATE INDEX contact_identity_contact ON public.contact_identity USING btree (workspace_id, contact_id);
alter table contact_identity enable and force row level security;
create policy own_workspace on contact_identity to apicechat_app using ((workspace_id = ( SELECT current_workspace_id() AS current_workspace_id))) with check ((workspace_id = ( SELECT current_workspace_id() AS current_workspace_id)));
grant delete, insert, select, update on contact_identity to apicechat_app;

create table contact_tag (
  workspace_id bigint default current_workspace_id() not null,
  contact_id bigint not null,
  tag_id bigint not null,
  created_at timestamp with time zone default now() not null,
  created_by bigint,
  constraint contact_tag_pkey PRIMARY KEY (workspace_id, contact_id, tag_id),
  constraint contact_tag_workspace_id_contact_id_fkey FOREIGN KEY (workspace_id, contact_id) REFERENCES contact(workspace_id, id) ON DELETE CASCADE,
  constraint contact_tag_workspace_id_created_by_fkey FOREIGN KEY (workspace_id, created_by) REFERENCES users(workspace_id, id) ON DELETE SET NULL (created_by),
  constraint contact_tag_workspace_id_tag_id_fkey FOREIGN KEY (workspace_id, tag_id) REFERENCES tag(workspace_id, id) ON DELETE CASCADE
);
CREATE INDEX contact_tag_created_by ON public.contact_tag USING btree (workspace_id, created_by) WHERE (created_by IS NOT NULL);
CREATE INDEX contact_tag_tag ON public.contact_tag USING btree (workspace_id, tag_id, contact_id);
alter table contact_tag enable and force row level security;
create policy own_workspace on contact_tag to apicechat_app using ((workspace_id = ( SELECT current_workspace_id() AS current_workspace_id))) with check ((workspace_id = ( SELECT current_workspace_id() AS current_workspace_id)));
grant delete, insert, select, update on contact_tag to apicechat_app;

-- An account that a contact has on a server of the business.
create table contact_user_account (
  workspace_id bigint default current_workspace_id() not null,
  id bigint generated always as identity not null,
  contact_id bigint not null,
  username_final character varying(150) not null,
  password_final text not null, -- AES-256-GCM, bound to this row; never leaves the server.
  server_id bigint not null,
  id_line_server bigint, -- The number of the line on that server.
  date_exp timestamp with time zone,
  application_id bigint,
  device_id bigint,
  created_at timestamp with time zone default now() not null,
  updated_at timestamp with time zone default now() not null,
  constraint contact_user_account_pkey PRIMARY KEY (workspace_id, id),
  constraint contact_user_account_application_exists FOREIGN KEY (workspace_id, application_id) REFERENCES application(workspace_id, id),
  constraint contact_user_account_contact_exists FOREIGN KEY (workspace_id, contact_id) REFERENCES contact(workspace_id, id) ON DELETE CASCADE,
  constraint contact_user_account_device_exists FOREIGN KEY (workspace_id, device_id) REFERENCES device(workspace_id, id),
  constraint contact_user_account_server_exists FOREIGN KEY (workspace_id, server_id) REFERENCES server(workspace_id, id),
  constraint contact_user_account_workspace_id_fkey FOREIGN KEY (workspace_id) REFERENCES workspace(id) ON DELETE CASCADE
);
CREATE INDEX contact_user_account_application ON public.contact_user_account USING btree (workspace_id, application_id) WHERE (application_id IS NOT NULL);
CREATE INDEX contact_user_account_contact ON public.contact_user_account USING btree (workspace_id, contact_id);
CREATE INDEX contact_user_account_device ON public.contact_user_account USING btree (workspace_id, device_id) WHERE (device_id IS NOT NULL);
CREATE INDEX contact_user_account_server ON public.contact_user_account USING btree (workspace_id, server_id);
alter table contact_user_account enable and force row level security;
create policy own_workspace on contact_user_account to apicechat_app using ((workspace_id = ( SELECT current_workspace_id() AS current_workspace_id))) with check ((workspace_id = ( SELECT current_workspace_id() AS current_workspace_id)));
grant delete, insert, select, update on contact_user_account to apicechat_app;

create table conversation (
  workspace_id bigint default current_workspace_id() not null,
  id bigint generated always as identity not null,
  contact_id bigint not null,
  channel character varying(20) not null,
  integration_id bigint,
  status character varying(20) default 'queue'::character varying not null,
  assigned_user bigint,
  assigned_bot bigint,
  unread_count integer default 0 not null,
  read boolean default true not null,
  last_message_id bigint,
  last_message_at timestamp with time zone,
  window_expires_at timestamp with time zone, -- Until then the customer may be answered freely: 24 h after their last message.
  created_at timestamp with time zone default now() not null,
  updated_at timestamp with time zone default now() not null,
  priority character varying(10) default 'normal'::character varying not null,
  transfer_note text, -- From whoever handed the conversation on to whoever has it now.
  active_at timestamp with time zone generated always as (COALESCE(last_message_at, created_at)) stored not null, -- The place in the inbox: the newest message, or the beginning where there is none.
  read_up_to_id bigint default 0 not null, -- Staff have read the customer's messages up to this id; unread_count is those after it that are not deleted.
  read_at timestamp with time zone, -- When read_up_to_id last moved forward.
  queued_at timestamp with time zone default now() not null, -- Since when it waits in the queue, or since when it last did.
  parallel boolean default false not null, -- Opened beside others of the same customer, on a channel that lets them have several; found by its id only.
  constraint conversation_pkey PRIMARY KEY (workspace_id, id),
  constraint conversation_assigned_bot_fkey FOREIGN KEY (workspace_id, assigned_bot) REFERENCES bot(workspace_id, assignable_id),
  constraint conversation_workspace_id_assigned_user_fkey FOREIGN KEY (workspace_id, assigned_user) REFERENCES users(workspace_id, id),
  constraint conversation_workspace_id_contact_id_fkey FOREIGN KEY (workspace_id, contact_id) REFERENCES contact(workspace_id, id) ON DELETE CASCADE,
  constraint conversation_workspace_id_integration_id_fkey FOREIGN KEY (workspace_id, integration_id) REFERENCES whatsapp_integration_config(workspace_id, id),
  constraint conversation_one_assignee CHECK (assigned_user IS NULL OR assigned_bot IS NULL),
  constraint conversation_priority_check CHECK (priority::text = ANY (ARRAY['low'::character varying, 'normal'::character varying, 'high'::character varying, 'urgent'::character varying]::text[])),
  constraint conversation_status_check CHECK (status::text = ANY (ARRAY['queue'::character varying, 'active'::character varying, 'transferred'::character varying, 'closed'::character varying, 'archived'::character varying]::text[])),
  constraint conversation_unread_count_check CHECK (unread_count >= 0),
  constraint conversation_whatsapp_number CHECK (channel::text <> 'whatsapp'::text OR integration_id IS NOT NULL)
);
CREATE INDEX conversation_assigned_bot ON public.conversation USING btree (workspace_id, assigned_bot) WHERE (assigned_bot IS NOT NULL);
CREATE INDEX conversation_assigned_user ON public.conversation USING btree (workspace_id, assigned_user, active_at, id);
CREATE INDEX conversation_chat ON public.conversation USING btree (workspace_id, active_at, id) WHERE ((channel)::text = 'app-chat'::text);
CREATE INDEX conversation_chat_id ON public.conversation USING btree (workspace_id, id) WHERE ((channel)::text = 'app-chat'::text);
CREATE INDEX conversation_closed ON public.conversation USING btree (workspace_id, updated_at, id) WHERE ((status)::text = 'closed'::text);
CREATE INDEX conversation_contact ON public.conversation USING btree (workspace_id, contact_id);
CREATE INDEX conversation_inbox ON public.conversation USING btree (workspace_id, active_at, id);
CREATE INDEX conversation_integration ON public.conversation USING btree (workspace_id, integration_id);
CREATE UNIQUE INDEX conversation_open ON public.conversation USING btree (workspace_id, contact_id, channel, integration_id) NULLS NOT DISTINCT WHERE (((status)::text = ANY ((ARRAY['queue'::character varying, 'active'::character varying, 'transferred'::character varying])::text[])) AND (NOT parallel));
CREATE INDEX conversation_priority ON public.conversation USING btree (workspace_id, priority, active_at, id) WHERE ((priority)::text <> 'normal'::text);
CREATE INDEX conversation_status ON public.conversation USING btree (workspace_id, status, active_at, id);
CREATE INDEX conversation_updated ON public.conversation USING btree (workspace_id, updated_at, id);
CREATE TRIGGER conversation_ended_or_reopened AFTER UPDATE OF status ON conversation FOR EACH ROW WHEN (old.status::text <> new.status::text AND ((old.status::text = ANY (ARRAY['closed'::character varying, 'archived'::character varying]::text[])) OR (new.status::text = ANY (ARRAY['closed'::character varying, 'archived'::character varying]::text[])))) EXECUTE FUNCTION note_status_change();
CREATE TRIGGER conversation_read_up_to BEFORE UPDATE ON conversation FOR EACH ROW WHEN (NOT new.last_message_id IS DISTINCT FROM old.last_message_id AND (new.unread_count <> old.unread_count OR new.read_up_to_id <> old.read_up_to_id)) EXECUTE FUNCTION keep_read_up_to();
CREATE TRIGGER conversation_tally_changed AFTER UPDATE ON conversation REFERENCING OLD TABLE AS was_there NEW TABLE AS now_there FOR EACH STATEMENT EXECUTE FUNCTION tally_changed_conversations();
CREATE TRIGGER conversation_tally_gone AFTER DELETE ON conversation REFERENCING OLD TABLE AS was_there FOR EACH STATEMENT EXECUTE FUNCTION tally_gone_conversations();
CREATE TRIGGER conversation_tally_new AFTER INSERT ON conversation REFERENCING NEW TABLE AS now_there FOR EACH STATEMENT EXECUTE FUNCTION tally_new_conversations();
alter table conversation enable and force row level security;
alter table conversation set (fillfactor=80);
create policy own_workspace on conversation to apicechat_app using ((workspace_id = ( SELECT current_workspace_id() AS current_workspace_id))) with check ((workspace_id = ( SELECT current_workspace_id() AS current_workspace_id)));
create policy searching on conversation for select to postgres using (true);
grant delete, insert, select, update on conversation to apicechat_app;

-- For staff only: apart from messages, so that no way to a customer leads past it.
create table conversation_note (
  workspace_id bigint default current_workspace_id() not null,
  id bigint generated always as identity not null,
  conversation_id bigint not null,
  message_id bigint, -- The message it was written with.
  author_user bigint not null,
  kind character varying(20) default 'note'::character varying not null,
  body text not null,
  created_at timestamp with time zone default now() not null,
  constraint conversation_note_pkey PRIMARY KEY (workspace_id, id),
  constraint conversation_note_workspace_id_author_user_fkey FOREIGN KEY (workspace_id, author_user) REFERENCES users(workspace_id, id),
  constraint conversation_note_workspace_id_conversation_id_fkey FOREIGN KEY (workspace_id, conversation_id) REFERENCES conversation(workspace_id, id) ON DELETE CASCADE,
  constraint conversation_note_workspace_id_message_id_fkey FOREIGN KEY (workspace_id, message_id) REFERENCES message(workspace_id, id) ON DELETE SET NULL (message_id),
  constraint conversation_note_kind_check CHECK (kind::text = ANY (ARRAY['note'::character varying, 'assignment'::character varying, 'resolution'::character varying]::text[]))
);
CREATE INDEX conversation_note_author ON public.conversation_note USING btree (workspace_id, author_user);
CREATE INDEX conversation_note_conversation ON public.conversation_note USING btree (workspace_id, conversation_id, id);
CREATE INDEX conversation_note_message ON public.conversation_note USING btree (workspace_id, message_id) WHERE (message_id IS NOT NULL);
alter table conversation_note enable and force row level security;
create policy own_workspace on conversation_note to apicechat_app using ((workspace_id = ( SELECT current_workspace_id() AS current_workspace_id))) with check ((workspace_id = ( SELECT current_workspace_id() AS current_workspace_id)));
grant delete, insert, select, update on conversation_note to apicechat_app;

-- What the customer thought of a conversation after it was closed.
create table conversation_rating (
  workspace_id bigint default current_workspace_id() not null,
  conversation_id bigint not null,
  score smallint not null,
  comment text,
  rated_user bigint, -- Whose the conversation was when it was rated first. No foreign key: the row outlives the user.
  created_at timestamp with time zone default now() not null,
  constraint conversation_rating_pkey PRIMARY KEY (workspace_id, conversation_id),
  constraint conversation_rating_workspace_id_conversation_id_fkey FOREIGN KEY (workspace_id, conversation_id) REFERENCES conversation(workspace_id, id) ON DELETE CASCADE,
  constraint conversation_rating_comment_check CHECK (char_length(comment) <= 1000),
  constraint conversation_rating_score_check CHECK (score >= 1 AND score <= 5)
);
alter table conversation_rating enable and force row level security;
create policy own_workspace on conversation_rating to apicechat_app using ((workspace_id = ( SELECT current_workspace_id() AS current_workspace_id))) with check ((workspace_id = ( SELECT current_workspace_id() AS current_workspace_id)));
grant delete, insert, select, update on conversation_rating to apicechat_app;

-- Each time that staff read on: a message of the customer was read at the first row with up_to_id >= its id.
create table conversation_read (
  workspace_id bigint default current_workspace_id() not null,
  conversation_id bigint not null,
  up_to_id bigint not null,
  read_at timestamp with time zone default now() not null,
  constraint conversation_read_pkey PRIMARY KEY (workspace_id, conversation_id, up_to_id),
  constraint conversation_read_workspace_id_conversation_id_fkey FOREIGN KEY (workspace_id, conversation_id) REFERENCES conversation(workspace_id, id) ON DELETE CASCADE
);
alter table conversation_read enable and force row level security;
create policy own_workspace on conversation_read to apicechat_app using ((workspace_id = ( SELECT current_workspace_id() AS current_workspace_id))) with check ((workspace_id = ( SELECT current_workspace_id() AS current_workspace_id)));
grant delete, insert, select, update on conversation_read to apicechat_app;

-- Each closing, reopening and archiving. Written by a trigger, so that nobody can forget it.
create table conversation_status_change (
  workspace_id bigint default current_workspace_id() not null,
  id bigint generated always as identity not null,
  conversation_id bigint not null,
  after_message bigint not null, -- The newest message at that moment: where the change stands between the messages.
  from_status character varying(20) not null,
  to_status character varying(20) not null,
  assigned_user bigint, -- Whose the conversation was. No foreign key: the row outlives the user.
  at timestamp with time zone default now() not null,
  constraint conversation_status_change_pkey PRIMARY KEY (workspace_id, id),
  constraint conversation_status_change_workspace_id_conversation_id_fkey FOREIGN KEY (workspace_id, conversation_id) REFERENCES conversation(workspace_id, id) ON DELETE CASCADE
);
CREATE INDEX conversation_status_change_conversation ON public.conversation_status_change USING btree (workspace_id, conversation_id, id);
alter table conversation_status_change enable and force row level security;
create policy own_workspace on conversation_status_change to apicechat_app using ((workspace_id = ( SELECT current_workspace_id() AS current_workspace_id))) with check ((workspace_id = ( SELECT current_workspace_id() AS current_workspace_id)));
grant delete, insert, select, update on conversation_status_change to apicechat_app;

create table conversation_tag (
  workspace_id bigint default current_workspace_id() not null,
  conversation_id bigint not null,
  tag_id bigint not null,
  created_at timestamp with time zone default now() not null,
  constraint conversation_tag_pkey PRIMARY KEY (workspace_id, conversation_id, tag_id),
  constraint conversation_tag_workspace_id_conversation_id_fkey FOREIGN KEY (workspace_id, conversation_id) REFERENCES conversation(workspace_id, id) ON DELETE CASCADE,
  constraint conversation_tag_workspace_id_tag_id_fkey FOREIGN KEY (workspace_id, tag_id) REFERENCES tag(workspace_id, id) ON DELETE CASCADE
);
CREATE INDEX conversation_tag_tag ON public.conversation_tag USING btree (workspace_id, tag_id, conversation_id);
alter table conversation_tag enable and force row level security;
create policy own_workspace on conversation_tag to apicechat_app using ((workspace_id = ( SELECT current_workspace_id() AS current_workspace_id))) with check ((workspace_id = ( SELECT current_workspace_id() AS current_workspace_id)));
grant delete, insert, select, update on conversation_tag to apicechat_app;

-- The sum of its rows is how many conversations there are of each kind. Each change adds a row in its own transaction, so that nobody waits for anybody; now and then the rows are summed up. No foreign keys: rows are written while what they count is being removed.
create table conversation_tally (
  workspace_id bigint default current_workspace_id() not null,
  id bigint generated always as identity not null,
  channel character varying(20) not null,
  assigned_user bigint,
  has_bot boolean not null,
  status character varying(20) not null,
  read boolean not null,
  conversations integer not null,
  unread_conversations integer not null, -- Those with unread messages; read says whether they are marked as read.
  unread_messages bigint not null,
  constraint conversation_tally_pkey PRIMARY KEY (workspace_id, id)
);
alter table conversation_tally enable and force row level security;
alter table conversation_tally set (autovacuum_vacuum_scale_factor=0, autovacuum_vacuum_threshold=5000);
create policy machinery on conversation_tally for select to apicechat_platform using (true);
create policy own_workspace on conversation_tally to apicechat_app using ((workspace_id = ( SELECT current_workspace_id() AS current_workspace_id))) with check ((workspace_id = ( SELECT current_workspace_id() AS current_workspace_id)));
grant delete, insert, select, update on conversation_tally to apicechat_app;
grant select (workspace_id) on conversation_tally to apicechat_platform;

create table device (
  workspace_id bigint default current_workspace_id() not null,
  id bigint generated always as identity not null,
  name character varying(100) not null,
  created_at timestamp with time zone default now() not null,
  updated_at timestamp with time zone default now() not null,
  constraint device_pkey PRIMARY KEY (workspace_id, id),
  constraint device_workspace_id_name_key UNIQUE (workspace_id, name),
  constraint device_workspace_id_fkey FOREIGN KEY (workspace_id) REFERENCES workspace(id) ON DELETE CASCADE
);
alter table device enable and force row level security;
create policy own_workspace on device to apicechat_app using ((workspace_id = ( SELECT current_workspace_id() AS current_workspace_id))) with check ((workspace_id = ( SELECT current_workspace_id() AS current_workspace_id)));
grant delete, insert, select, update on device to apicechat_app;

create table early_delivery_report (
  workspace_id bigint default current_workspace_id() not null,
  id bigint generated always as identity not null,
  external_id character varying(512) not null,
  status character varying(20) not null,
  at timestamp with time zone not null,
  error_code integer,
  error_reason text,
  received_at timestamp with time zone default now() not null,
  constraint early_delivery_report_pkey PRIMARY KEY (workspace_id, id),
  constraint early_delivery_report_workspace_id_external_id_status_key UNIQUE (workspace_id, external_id, status),
  constraint early_delivery_report_workspace_id_fkey FOREIGN KEY (workspace_id) REFERENCES workspace(id) ON DELETE CASCADE,
  constraint early_delivery_report_status_check CHECK (status::text = ANY (ARRAY['sent'::character varying, 'failed'::character varying, 'delivered'::character varying, 'read'::character varying]::text[]))
);
CREATE INDEX early_delivery_report_received ON public.early_delivery_report USING brin (received_at);
alter table early_delivery_report enable and force row level security;
create policy machinery on early_delivery_report to apicechat_platform using (true);
create policy own_workspace on early_delivery_report to apicechat_app using ((workspace_id = ( SELECT current_workspace_id() AS current_workspace_id))) with check ((workspace_id = ( SELECT current_workspace_id() AS current_workspace_id)));
grant delete, insert, select, update on early_delivery_report to apicechat_app;
grant delete, select on early_delivery_report to apicechat_platform;

create table event (
  xid xid8 default pg_current_xact_id() not null, -- The writing transaction: readers ask for what became visible between two snapshots.
  id bigint generated always as identity not null,
  workspace_id bigint default current_workspace_id() not null,
  type character varying(60) not null,
  conversation_id bigint,
  audience bigint[], -- Users who hear it, besides supervisors and admins; null: all staff of the workspace.
  payload json not null,
  created_at timestamp with time zone default now() not null,
  constraint event_pkey PRIMARY KEY (xid, id)
);
CREATE INDEX event_created_at ON public.event USING brin (created_at);
alter table event enable and force row level security;
alter table event set (autovacuum_vacuum_insert_scale_factor=0.5);
create policy machinery on event to apicechat_platform using (true);
create policy own_workspace on event to apicechat_app using ((workspace_id = ( SELECT current_workspace_id() AS current_workspace_id))) with check ((workspace_id = ( SELECT current_workspace_id() AS current_workspace_id)));
grant delete, insert, select, update on event to apicechat_app;
grant delete, select on event to apicechat_platform;

create table job (
  id bigint generated always as identity not null,
  workspace_id bigint default current_workspace_id() not null,
  task character varying(60) not null,
  key character varying(200),
  payload json default '{}'::json not null,
  run_at timestamp with time zone default now() not null, -- When it may be taken. While held: when the hold ends, unless its worker renews it.
  generation integer default 0 not null, -- Grows with each request for the same key, so that a request made while the job runs is not forgotten.
  attempts integer default 0 not null,
  held_by uuid, -- The taking, not the worker: a worker that lost its hold can no longer finish the job.
  last_error text,
  failed_at timestamp with time zone,
  created_at timestamp with time zone default now() not null,
  constraint job_pkey PRIMARY KEY (id),
  constraint job_workspace_id_fkey FOREIGN KEY (workspace_id) REFERENCES workspace(id) ON DELETE CASCADE
);
CREATE INDEX job_due ON public.job USING btree (run_at, id) WHERE (failed_at IS NULL);
CREATE UNIQUE INDEX job_key ON public.job USING btree (workspace_id, task, key) WHERE (failed_at IS NULL);
alter table job enable and force row level security;
alter table job set (autovacuum_vacuum_scale_factor=0.02, fillfactor=70);
create policy machinery on job to apicechat_platform using (true);
create policy own_workspace on job to apicechat_app using ((workspace_id = ( SELECT current_workspace_id() AS current_workspace_id))) with check ((workspace_id = ( SELECT current_workspace_id() AS current_workspace_id)));
grant delete, insert, select, update on job to apicechat_app;
grant delete, select, update on job to apicechat_platform;

-- How far each part of the server that acts on the journal has come. Its row is locked while it works.
create table journal_consumer (
  name character varying(60) not null,
  cursor text not null,
  failing_event bigint,
  failures smallint default 0 not null,
  waits_until timestamp with time zone,
  last_gap_at timestamp with time zone, -- When it last found that entries had been removed before it read them.
  updated_at timestamp with time zone default now() not null,
  constraint journal_consumer_pkey PRIMARY KEY (name)
);
alter table journal_consumer set (fillfactor=50);
grant insert, select, update on journal_consumer to apicechat_platform;

create table journal_floor (
  only_row boolean default true not null,
  xid xid8 default '0'::xid8 not null,
  constraint journal_floor_pkey PRIMARY KEY (only_row),
  constraint journal_floor_only_row_check CHECK (only_row)
);
grant select on journal_floor to apicechat_app;
grant select, update on journal_floor to apicechat_platform;

-- Entries that a consumer could not handle, kept 30 days for operators.
create table journal_set_aside (
  id bigint generated always as identity not null,
  workspace_id bigint default current_workspace_id() not null,
  consumer character varying(60) not null,
  event_id bigint not null,
  cursor text not null,
  type character varying(60) not null,
  conversation_id bigint,
  audience bigint[],
  payload json not null,
  happened_at timestamp with time zone not null,
  error text not null,
  set_aside_at timestamp with time zone default now() not null,
  constraint journal_set_aside_pkey PRIMARY KEY (id),
  constraint journal_set_aside_consumer_event_id_key UNIQUE (consumer, event_id),
  constraint journal_set_aside_workspace_id_fkey FOREIGN KEY (workspace_id) REFERENCES workspace(id) ON DELETE CASCADE
);
CREATE INDEX journal_set_aside_at ON public.journal_set_aside USING btree (set_aside_at);
alter table journal_set_aside enable and force row level security;
create policy machinery on journal_set_aside to apicechat_platform using (true);
create policy own_workspace on journal_set_aside to apicechat_app using ((workspace_id = ( SELECT current_workspace_id() AS current_workspace_id))) with check ((workspace_id = ( SELECT current_workspace_id() AS current_workspace_id)));
grant delete, insert, select, update on journal_set_aside to apicechat_app;
grant delete, insert, select on journal_set_aside to apicechat_platform;

create table message (
  workspace_id bigint default current_workspace_id() not null,
  id bigint generated always as identity not null, -- Drawn while the conversation row is locked: within a conversation, id order is commit order.
  conversation_id bigint not null,
  sender_type character varying(10) not null,
  sender_user bigint,
  sender_bot bigint,
  type character varying(30) default 'text'::character varying not null,
  body text,
  payload jsonb,
  reply_to_id bigint,
  client_message_id character varying(100),
  created_at timestamp with time zone default now() not null,
  sent_at timestamp with time zone, -- Inbound: when the customer wrote it, by the provider. Outbound: when the provider took it.
  delivered_at timestamp with time zone,
  read_at timestamp with time zone,
  failed_at timestamp with time zone,
  whatsapp_message_id character varying(512),
  whatsapp_status character varying(50) default 'pending'::character varying not null,
  error_code integer,
  error_reason text,
  send_attempts smallint default 0 not null,
  send_after timestamp with time zone,
  sending_since timestamp with time zone, -- Set and committed before the call to the provider; found after a crash, the fate of the call is unknown.
  edited_at timestamp with time zone,
  deleted_at timestamp with time zone, -- From then on nobody is shown what it says; its place in the history stays.
  deleted_by bigint,
  request_hash bytea, -- Of the request that this message was made for, where that may come again.
  part_of bigint, -- The first message of the same request; its further attachments are messages of their own.
  constraint message_pkey PRIMARY KEY (workspace_id, id),
  constraint message_workspace_id_conversation_id_fkey FOREIGN KEY (workspace_id, conversation_id) REFERENCES conversation(workspace_id, id) ON DELETE CASCADE,
  constraint message_workspace_id_deleted_by_fkey FOREIGN KEY (workspace_id, deleted_by) REFERENCES users(workspace_id, id),
  constraint message_workspace_id_part_of_fkey FOREIGN KEY (workspace_id, part_of) REFERENCES message(workspace_id, id) ON DELETE SET NULL (part_of),
  constraint message_workspace_id_reply_to_id_fkey FOREIGN KEY (workspace_id, reply_to_id) REFERENCES message(workspace_id, id) ON DELETE SET NULL (reply_to_id),
  constraint message_workspace_id_sender_bot_fkey FOREIGN KEY (workspace_id, sender_bot) REFERENCES bot(workspace_id, id),
  constraint message_workspace_id_sender_user_fkey FOREIGN KEY (workspace_id, sender_user) REFERENCES users(workspace_id, id),
  constraint message_sender CHECK ((sender_user IS NOT NULL) = (sender_type::text = 'user'::text) AND (sender_bot IS NOT NULL) = (sender_type::text = 'bot'::text)),
  constraint message_sender_type_check CHECK (sender_type::text = ANY (ARRAY['contact'::character varying, 'user'::character varying, 'bot'::character varying, 'system'::character varying]::text[])),
  constraint message_whatsapp_status_check CHECK (whatsapp_status::text = ANY (ARRAY['pending'::character varying, 'uncertain'::character varying, 'sent'::character varying, 'failed'::character varying, 'delivered'::character varying, 'read'::character varying]::text[]))
);
CREATE UNIQUE INDEX message_client_id ON public.message USING btree (workspace_id, conversation_id, client_message_id) WHERE (client_message_id IS NOT NULL);
CREATE INDEX message_deleted_by ON public.message USING btree (workspace_id, deleted_by) WHERE (deleted_by IS NOT NULL);
CREATE INDEX message_history ON public.message USING btree (workspace_id, conversation_id, id DESC);
CREATE INDEX message_outbox ON public.message USING btree (workspace_id, conversation_id, id) WHERE (((whatsapp_status)::text = 'pending'::text) AND ((sender_type)::text <> 'contact'::text));
CREATE INDEX message_part_of ON public.message USING btree (workspace_id, part_of) WHERE (part_of IS NOT NULL);
CREATE INDEX message_reply_to ON public.message USING btree (workspace_id, reply_to_id) WHERE (reply_to_id IS NOT NULL);
CREATE INDEX message_sender_bot ON public.message USING btree (workspace_id, sender_bot) WHERE (sender_bot IS NOT NULL);
CREATE INDEX message_sender_user ON public.message USING btree (workspace_id, sender_user) WHERE (sender_user IS NOT NULL);
CREATE UNIQUE INDEX message_whatsapp_id ON public.message USING btree (workspace_id, whatsapp_message_id) WHERE (whatsapp_message_id IS NOT NULL);
CREATE INDEX message_words ON public.message USING gin (message_words((((workspace_id || '/'::text) || (id >> 17)) || '/'::text), body)) WITH (gin_pending_list_limit='1024') WHERE ((body IS NOT NULL) AND (deleted_at IS NULL));
alter table message enable and force row level security;
create policy own_workspace on message to apicechat_app using ((workspace_id = ( SELECT current_workspace_id() AS current_workspace_id))) with check ((workspace_id = ( SELECT current_workspace_id() AS current_workspace_id)));
create policy searching on message for select to postgres using (true);
grant delete, insert, select, update on message to apicechat_app;

create table message_attachment (
  workspace_id bigint default current_workspace_id() not null,
  id bigint generated always as identity not null,
  message_id bigint not null,
  "position" smallint default 0 not null,
  state character varying(10) not null,
  upload_id bigint,
  kind character varying(10) not null,
  mime_type character varying(255) not null,
  name character varying(255),
  media_id character varying(512), -- The provider's id of a file that has yet to be fetched from there.
  sha256 character varying(128), -- Of the file, as the provider announced it.
  error text,
  attempts smallint default 0 not null,
  try_after timestamp with time zone default now() not null,
  created_at timestamp with time zone default now() not null,
  constraint message_attachment_pkey PRIMARY KEY (workspace_id, id),
  constraint message_attachment_workspace_id_message_id_position_key UNIQUE (workspace_id, message_id, "position"),
  constraint message_attachment_workspace_id_message_id_fkey FOREIGN KEY (workspace_id, message_id) REFERENCES message(workspace_id, id) ON DELETE CASCADE,
  constraint message_attachment_workspace_id_upload_id_fkey FOREIGN KEY (workspace_id, upload_id) REFERENCES upload(workspace_id, id),
  constraint message_attachment_file CHECK ((state::text = 'ready'::text) = (upload_id IS NOT NULL)),
  constraint message_attachment_kind_check CHECK (kind::text = ANY (ARRAY['image'::character varying, 'audio'::character varying, 'video'::character varying, 'document'::character varying]::text[])),
  constraint message_attachment_state_check CHECK (state::text = ANY (ARRAY['pending'::character varying, 'ready'::character varying, 'failed'::character varying]::text[]))
);
CREATE INDEX message_attachment_pending ON public.message_attachment USING btree (workspace_id, try_after) WHERE ((state)::text = 'pending'::text);
CREATE INDEX message_attachment_upload ON public.message_attachment USING btree (workspace_id, upload_id) WHERE (upload_id IS NOT NULL);
CREATE TRIGGER message_attachment_uses AFTER INSERT OR DELETE OR UPDATE OF upload_id ON message_attachment FOR EACH ROW EXECUTE FUNCTION count_upload_uses();
alter table message_attachment enable and force row level security;
create policy own_workspace on message_attachment to apicechat_app using ((workspace_id = ( SELECT current_workspace_id() AS current_workspace_id))) with check ((workspace_id = ( SELECT current_workspace_id() AS current_workspace_id)));
grant delete, insert, select, update on message_attachment to apicechat_app;

-- What Meta has approved, or not, as it was when it was last fetched.
create table message_template (
  workspace_id bigint default current_workspace_id() not null,
  id bigint generated always as identity not null,
  integration_id bigint not null,
  external_id character varying(512),
  name character varying(512) not null,
  language character varying(16) not null,
  category character varying(40),
  status character varying(40) not null,
  parameter_format character varying(20),
  components jsonb not null,
  rejected_reason character varying(200),
  synced_at timestamp with time zone default now() not null,
  created_at timestamp with time zone default now() not null,
  updated_at timestamp with time zone default now() not null,
  constraint message_template_pkey PRIMARY KEY (workspace_id, id),
  constraint message_template_workspace_id_integration_id_name_language_key UNIQUE (workspace_id, integration_id, name, language),
  constraint message_template_workspace_id_integration_id_fkey FOREIGN KEY (workspace_id, integration_id) REFERENCES whatsapp_integration_config(workspace_id, id) ON DELETE CASCADE
);
alter table message_template enable and force row level security;
create policy own_workspace on message_template to apicechat_app using ((workspace_id = ( SELECT current_workspace_id() AS current_workspace_id))) with check ((workspace_id = ( SELECT current_workspace_id() AS current_workspace_id)));
grant delete, insert, select, update on message_template to apicechat_app;

-- What an administrator told all staff.
create table notification (
  workspace_id bigint default current_workspace_id() not null,
  id bigint generated always as identity not null,
  level character varying(10) not null,
  title character varying(150) not null,
  body text not null,
  created_by bigint, -- No foreign key: it outlives its author.
  created_at timestamp with time zone default now() not null,
  constraint notification_pkey PRIMARY KEY (workspace_id, id),
  constraint notification_workspace_id_fkey FOREIGN KEY (workspace_id) REFERENCES workspace(id) ON DELETE CASCADE,
  constraint notification_level_check CHECK (level::text = ANY (ARRAY['info'::character varying, 'warning'::character varying, 'critical'::character varying]::text[]))
);
alter table notification enable and force row level security;
create policy own_workspace on notification to apicechat_app using ((workspace_id = ( SELECT current_workspace_id() AS current_workspace_id))) with check ((workspace_id = ( SELECT current_workspace_id() AS current_workspace_id)));
grant delete, insert, select, update on notification to apicechat_app;

-- A server with sockets. Put off while it lives; what it held counts no more once it has expired.
create table presence_process (
  id uuid not null,
  expires_at timestamp with time zone not null,
  constraint presence_process_pkey PRIMARY KEY (id)
);
grant select on presence_process to apicechat_app;
grant delete, insert, select, update on presence_process to apicechat_platform;

-- Up to which message of theirs customers shall be told, and were told, that we have read them.
create table read_receipt (
  workspace_id bigint default current_workspace_id() not null,
  conversation_id bigint not null,
  wanted_id bigint not null,
  told_id bigint default 0 not null,
  constraint read_receipt_pkey PRIMARY KEY (workspace_id, conversation_id),
  constraint read_receipt_workspace_id_conversation_id_fkey FOREIGN KEY (workspace_id, conversation_id) REFERENCES conversation(workspace_id, id) ON DELETE CASCADE
);
alter table read_receipt enable and force row level security;
create policy own_workspace on read_receipt to apicechat_app using ((workspace_id = ( SELECT current_workspace_id() AS current_workspace_id))) with check ((workspace_id = ( SELECT current_workspace_id() AS current_workspace_id)));
grant delete, insert, select, update on read_receipt to apicechat_app;

create table roles (
  workspace_id bigint default current_workspace_id() not null,
  id bigint generated always as identity not null,
  name character varying(50) not null,
  access_level character varying(20) not null, -- What holders may do; each level includes the ones below: admin, supervisor, employer.
  created_at timestamp with time zone default now() not null,
  updated_at timestamp with time zone default now() not null,
  constraint roles_pkey PRIMARY KEY (workspace_id, id),
  constraint roles_workspace_id_name_key UNIQUE (workspace_id, name),
  constraint roles_workspace_id_fkey FOREIGN KEY (workspace_id) REFERENCES workspace(id) ON DELETE CASCADE,
  constraint roles_access_level_check CHECK (access_level::text = ANY (ARRAY['admin'::character varying, 'supervisor'::character varying, 'employer'::character varying]::text[]))
);
alter table roles enable and force row level security;
create policy own_workspace on roles to apicechat_app using ((workspace_id = ( SELECT current_workspace_id() AS current_workspace_id))) with check ((workspace_id = ( SELECT current_workspace_id() AS current_workspace_id)));
create policy owner_adds_roles on roles for insert to public with check ((workspace_id = ( SELECT current_workspace_id() AS current_workspace_id)));
grant delete, insert, select, update on roles to apicechat_app;

create table server (
  workspace_id bigint default current_workspace_id() not null,
  id bigint generated always as identity not null,
  name character varying(100) not null,
  created_at timestamp with time zone default now() not null,
  updated_at timestamp with time zone default now() not null,
  constraint server_pkey PRIMARY KEY (workspace_id, id),
  constraint server_workspace_id_name_key UNIQUE (workspace_id, name),
  constraint server_workspace_id_fkey FOREIGN KEY (workspace_id) REFERENCES workspace(id) ON DELETE CASCADE
);
alter table server enable and force row level security;
create policy own_workspace on server to apicechat_app using ((workspace_id = ( SELECT current_workspace_id() AS current_workspace_id))) with check ((workspace_id = ( SELECT current_workspace_id() AS current_workspace_id)));
grant delete, insert, select, update on server to apicechat_app;

create table tag (
  workspace_id bigint default current_workspace_id() not null,
  id bigint generated always as identity not null,
  name character varying(100) not null,
  created_at timestamp with time zone default now() not null,
  updated_at timestamp with time zone default now() not null,
  constraint tag_pkey PRIMARY KEY (workspace_id, id),
  constraint tag_workspace_id_name_key UNIQUE (workspace_id, name),
  constraint tag_workspace_id_fkey FOREIGN KEY (workspace_id) REFERENCES workspace(id) ON DELETE CASCADE
);
alter table tag enable and force row level security;
create policy own_workspace on tag to apicechat_app using ((workspace_id = ( SELECT current_workspace_id() AS current_workspace_id))) with check ((workspace_id = ( SELECT current_workspace_id() AS current_workspace_id)));
grant delete, insert, select, update on tag to apicechat_app;

create table unclaimed_file (
  workspace_id bigint default current_workspace_id() not null,
  storage_key character varying(200) not null,
  delete_after timestamp with time zone not null,
  constraint unclaimed_file_pkey PRIMARY KEY (workspace_id, storage_key),
  constraint unclaimed_file_workspace_id_fkey FOREIGN KEY (workspace_id) REFERENCES workspace(id) ON DELETE CASCADE
);
CREATE INDEX unclaimed_file_due ON public.unclaimed_file USING btree (workspace_id, delete_after);
alter table unclaimed_file enable and force row level security;
create policy own_workspace on unclaimed_file to apicechat_app using ((workspace_id = ( SELECT current_workspace_id() AS current_workspace_id))) with check ((workspace_id = ( SELECT current_workspace_id() AS current_workspace_id)));
grant delete, insert, select, update on unclaimed_file to apicechat_app;

-- A file that lies whole in the storage: the row is written after it.
create table upload (
  workspace_id bigint default current_workspace_id() not null,
  id bigint generated always as identity not null,
  uuid uuid default gen_random_uuid() not null,
  kind character varying(10) not null,
  mime_type character varying(255) not null,
  name character varying(255) not null,
  file_size bigint not null,
  sha256 character(64) not null,
  width integer,
  height integer,
  duration_ms integer,
  storage_key character varying(200) not null,
  thumbnail_key character varying(200),
  preview_key character varying(200),
  created_by bigint,
  uses integer default 0 not null, -- Rows that show it, counted by triggers. One that nothing shows is removed after a while.
  created_at timestamp with time zone default now() not null,
  constraint upload_pkey PRIMARY KEY (workspace_id, id),
  constraint upload_storage_key_key UNIQUE (storage_key),
  constraint upload_uuid_key UNIQUE (uuid),
  constraint upload_workspace_id_created_by_fkey FOREIGN KEY (workspace_id, created_by) REFERENCES users(workspace_id, id) ON DELETE SET NULL (created_by),
  constraint upload_workspace_id_fkey FOREIGN KEY (workspace_id) REFERENCES workspace(id) ON DELETE CASCADE,
  constraint upload_file_size_check CHECK (file_size > 0),
  constraint upload_kind_check CHECK (kind::text = ANY (ARRAY['image'::character varying, 'audio'::character varying, 'video'::character varying, 'document'::character varying]::text[])),
  constraint upload_uses_check CHECK (uses >= 0)
);
CREATE INDEX upload_created_by ON public.upload USING btree (workspace_id, created_by) WHERE (created_by IS NOT NULL);
CREATE INDEX upload_unused ON public.upload USING btree (workspace_id, created_at) WHERE (uses = 0);
alter table upload enable and force row level security;
create policy own_workspace on upload to apicechat_app using ((workspace_id = ( SELECT current_workspace_id() AS current_workspace_id))) with check ((workspace_id = ( SELECT current_workspace_id() AS current_workspace_id)));
grant delete, insert, select, update on upload to apicechat_app;

-- The user has one socket or more at this process.
create table user_connection (
  workspace_id bigint default current_workspace_id() not null,
  user_id bigint not null,
  process_id uuid not null,
  connected_at timestamp with time zone default now() not null,
  constraint user_connection_pkey PRIMARY KEY (workspace_id, user_id, process_id),
  constraint user_connection_process_id_fkey FOREIGN KEY (process_id) REFERENCES presence_process(id),
  constraint user_connection_workspace_id_user_id_fkey FOREIGN KEY (workspace_id, user_id) REFERENCES users(workspace_id, id) ON DELETE CASCADE
);
CREATE INDEX user_connection_process ON public.user_connection USING btree (process_id);
alter table user_connection enable and force row level security;
create policy machinery on user_connection for select to apicechat_platform using (true);
create policy own_workspace on user_connection to apicechat_app using ((workspace_id = ( SELECT current_workspace_id() AS current_workspace_id))) with check ((workspace_id = ( SELECT current_workspace_id() AS current_workspace_id)));
grant delete, insert, select, update on user_connection to apicechat_app;
grant select on user_connection to apicechat_platform;

-- One row per login. A token is good while its row is here, not ended and not expired.
create table user_session (
  workspace_id bigint default current_workspace_id() not null,
  id uuid not null,
  user_id bigint not null,
  created_at timestamp with time zone default now() not null,
  expires_at timestamp with time zone not null,
  ended_at timestamp with time zone,
  constraint user_session_pkey PRIMARY KEY (workspace_id, id),
  constraint user_session_workspace_id_user_id_fkey FOREIGN KEY (workspace_id, user_id) REFERENCES users(workspace_id, id) ON DELETE CASCADE
);
CREATE INDEX user_session_expiry ON public.user_session USING btree (expires_at);
CREATE INDEX user_session_user ON public.user_session USING btree (workspace_id, user_id, created_at);
alter table user_session enable and force row level security;
create policy machinery on user_session to apicechat_platform using (true);
create policy own_workspace on user_session to apicechat_app using ((workspace_id = ( SELECT current_workspace_id() AS current_workspace_id))) with check ((workspace_id = ( SELECT current_workspace_id() AS current_workspace_id)));
grant delete, insert, select, update on user_session to apicechat_app;
grant delete, select on user_session to apicechat_platform;

create table users (
  workspace_id bigint default current_workspace_id() not null,
  id bigint generated always as identity not null,
  uuid uuid default gen_random_uuid() not null,
  name character varying(100) not null,
  username character varying(150) not null,
  password character varying(255) not null,
  role_id bigint not null,
  online boolean default false not null,
  status character varying(10) default 'offline'::character varying not null,
  last_seen_at timestamp with time zone,
  deactivated_at timestamp with time zone,
  created_at timestamp with time zone default now() not null,
  updated_at timestamp with time zone default now() not null,
  deleted_at timestamp with time zone, -- Their messages and conversations still name them; the username is free again.
  chosen_status character varying(10), -- Shown while connected, in the place of online; null: none was chosen.
  presence_version bigint default 0 not null, -- Grows with each change of online, status or last_seen_at.
  constraint users_pkey PRIMARY KEY (workspace_id, id),
  constraint users_uuid_key UNIQUE (uuid),
  constraint users_workspace_id_fkey FOREIGN KEY (workspace_id) REFERENCES workspace(id) ON DELETE CASCADE,
  constraint users_workspace_id_role_id_fkey FOREIGN KEY (workspace_id, role_id) REFERENCES roles(workspace_id, id),
  constraint users_chosen_status_check CHECK (chosen_status::text = ANY (ARRAY['away'::character varying, 'busy'::character varying]::text[])),
  constraint users_deleted_are_inactive CHECK (deleted_at IS NULL OR deactivated_at IS NOT NULL),
  constraint users_status_check CHECK (status::text = ANY (ARRAY['online'::character varying, 'away'::character varying, 'busy'::character varying, 'offline'::character varying]::text[]))
);
CREATE INDEX users_role ON public.users USING btree (workspace_id, role_id);
CREATE INDEX users_sign_in ON public.users USING btree (workspace_id, username) WHERE (deleted_at IS NULL);
CREATE UNIQUE INDEX users_username ON public.users USING btree (workspace_id, lower((username)::text)) WHERE (deleted_at IS NULL);
alter table users enable and force row level security;
create policy own_workspace on users to apicechat_app using ((workspace_id = ( SELECT current_workspace_id() AS current_workspace_id))) with check ((workspace_id = ( SELECT current_workspace_id() AS current_workspace_id)));
grant delete, insert, select, update on users to apicechat_app;

create table webhook_delivery (
  id bigint generated always as identity not null,
  received_at timestamp with time zone default now() not null,
  body bytea not null,
  constraint webhook_delivery_pkey PRIMARY KEY (id)
);
alter table webhook_delivery enable and force row level security;
create policy machinery on webhook_delivery to apicechat_platform using (true);
grant delete, insert, select on webhook_delivery to apicechat_platform;

create table webhook_set_aside (
  id bigint generated always as identity not null,
  delivery_id bigint not null,
  workspace_id bigint default current_workspace_id(), -- Null where the number belongs to nobody here.
  path text not null, -- Where in the body the item stands, such as entry[0].changes[1].value.messages[2].
  reason character varying(60) not null,
  detail text not null,
  phone_number_id character varying(100),
  received_at timestamp with time zone default now() not null,
  constraint webhook_set_aside_pkey PRIMARY KEY (id),
  constraint webhook_set_aside_delivery_id_fkey FOREIGN KEY (delivery_id) REFERENCES webhook_delivery(id) ON DELETE CASCADE,
  constraint webhook_set_aside_workspace_id_fkey FOREIGN KEY (workspace_id) REFERENCES workspace(id) ON DELETE CASCADE
);
CREATE INDEX webhook_set_aside_delivery ON public.webhook_set_aside USING btree (delivery_id);
CREATE INDEX webhook_set_aside_received ON public.webhook_set_aside USING btree (received_at, id);
alter table webhook_set_aside enable and force row level security;
create policy machinery on webhook_set_aside to apicechat_platform using (true);
create policy own_workspace on webhook_set_aside to apicechat_app using ((workspace_id = ( SELECT current_workspace_id() AS current_workspace_id))) with check ((workspace_id = ( SELECT current_workspace_id() AS current_workspace_id)));
grant delete, insert, select, update on webhook_set_aside to apicechat_app;
grant delete, insert, select on webhook_set_aside to apicechat_platform;

create table whatsapp_integration_config (
  workspace_id bigint default current_workspace_id() not null,
  id bigint generated always as identity not null,
  name character varying(100),
  access_token text not null, -- AES-256-GCM; never leaves the server.
  phone_number_id character varying(50) not null, -- Unique over all workspaces: Meta delivers a number to one place.
  business_account_id character varying(50),
  display_phone_number character varying(30),
  api_version character varying(10) default 'v25.0'::character varying not null,
  sending_paused_until timestamp with time zone, -- infinity: until somebody mends the account.
  sending_paused_reason text,
  created_at timestamp with time zone default now() not null,
  updated_at timestamp with time zone default now() not null,
  token_version integer default 1 not null, -- Grows with each token that is entered; not when the same one is sealed anew.
  templates_synced_at timestamp with time zone,
  send_read_receipts boolean default true not null,
  constraint whatsapp_integration_config_pkey PRIMARY KEY (workspace_id, id),
  constraint whatsapp_integration_config_phone_number_id_key UNIQUE (phone_number_id),
  constraint whatsapp_integration_config_workspace_id_fkey FOREIGN KEY (workspace_id) REFERENCES workspace(id) ON DELETE CASCADE
);
alter table whatsapp_integration_config enable and force row level security;
create policy machinery on whatsapp_integration_config for select to apicechat_platform using (true);
create policy own_workspace on whatsapp_integration_config to apicechat_app using ((workspace_id = ( SELECT current_workspace_id() AS current_workspace_id))) with check ((workspace_id = ( SELECT current_workspace_id() AS current_workspace_id)));
grant delete, insert, select, update on whatsapp_integration_config to apicechat_app;
grant select (id, phone_number_id, workspace_id) on whatsapp_integration_config to apicechat_platform;

-- Files of ours that Meta has: each number has its own.
create table whatsapp_media (
  workspace_id bigint default current_workspace_id() not null,
  integration_id bigint not null,
  upload_id bigint not null,
  media_id character varying(512) not null,
  expires_at timestamp with time zone not null,
  constraint whatsapp_media_pkey PRIMARY KEY (workspace_id, integration_id, upload_id),
  constraint whatsapp_media_workspace_id_integration_id_fkey FOREIGN KEY (workspace_id, integration_id) REFERENCES whatsapp_integration_config(workspace_id, id) ON DELETE CASCADE,
  constraint whatsapp_media_workspace_id_upload_id_fkey FOREIGN KEY (workspace_id, upload_id) REFERENCES upload(workspace_id, id) ON DELETE CASCADE
);
CREATE INDEX whatsapp_media_upload ON public.whatsapp_media USING btree (workspace_id, upload_id);
alter table whatsapp_media enable and force row level security;
create policy own_workspace on whatsapp_media to apicechat_app using ((workspace_id = ( SELECT current_workspace_id() AS current_workspace_id))) with check ((workspace_id = ( SELECT current_workspace_id() AS current_workspace_id)));
grant delete, insert, select, update on whatsapp_media to apicechat_app;

-- A tenant. Not protected by itself: it holds nothing but names.
create table workspace (
  id bigint generated by default as identity not null,
  uuid uuid default gen_random_uuid() not null,
  slug character varying(63) not null,
  name character varying(150) not null,
  created_at timestamp with time zone default now() not null,
  updated_at timestamp with time zone default now() not null,
  constraint workspace_pkey PRIMARY KEY (id),
  constraint workspace_slug_key UNIQUE (slug),
  constraint workspace_uuid_key UNIQUE (uuid),
  constraint workspace_slug_check CHECK (slug::text ~ '^[a-z0-9]([a-z0-9-]*[a-z0-9])?$'::text)
);
CREATE TRIGGER workspace_roles AFTER INSERT ON workspace FOR EACH ROW EXECUTE FUNCTION add_built_in_roles();
grant select on workspace to apicechat_app;
grant insert, select, update on workspace to apicechat_platform;

create view admin_activity_log with (security_invoker=true) as
 SELECT id,
    user_id AS admin_id,
    user_name AS admin_username,
    action,
    subject_type AS target_type,
    subject_id AS target_id,
    details,
    created_at
   FROM audit_log;

CREATE OR REPLACE FUNCTION public.add_built_in_roles()
 RETURNS trigger
 LANGUAGE plpgsql
 SECURITY DEFINER
 SET search_path TO 'public', 'pg_temp'
AS $function$
      begin
        perform set_config('app.workspace_id', new.id::text, true);
        insert into roles (workspace_id, name, access_level)
          values (new.id, 'admin', 'admin'), (new.id, 'supervisor', 'supervisor'), (new.id, 'employer', 'employer');
        return new;
      end $function$;

CREATE OR REPLACE FUNCTION public.analytics_bounds()
 RETURNS integer[]
 LANGUAGE sql
 IMMUTABLE PARALLEL SAFE
RETURN ARRAY[1, 2, 3, 5, 7, 10, 15, 20, 30, 45, 60, 90, 120, 180, 240, 300, 420, 600, 900, 1200, 1800, 2700, 3600, 5400, 7200, 10800, 14400, 21600, 28800, 43200, 64800, 86400, 129600, 172800, 259200, 345600, 432000, 604800, 864000, 1209600, 1814400, 2592000];

CREATE OR REPLACE FUNCTION public.contact_patterns(words text[])
 RETURNS text[]
 LANGUAGE sql
 IMMUTABLE PARALLEL SAFE STRICT
RETURN (SELECT array_agg(((CASE WHEN (length(searched.word) < 3) THEN '% '::text ELSE '%'::text END || regexp_replace(searched.word, '([\\%_])'::text, '\\\1'::text, 'g'::text)) || '%'::text)) AS array_agg FROM (SELECT searchable(typed.typed) AS word FROM unnest(contact_patterns.words) typed(typed)) searched);

CREATE OR REPLACE FUNCTION public.contact_search(words text[], most integer DEFAULT 2147483647)
 RETURNS SETOF bigint
 LANGUAGE plpgsql
 STABLE STRICT SECURITY DEFINER ROWS 500
 SET search_path TO 'public', 'pg_temp'
AS $function$
      begin
        return query execute 'select id from contact where workspace_id = $1'
          || (select coalesce(string_agg(format(' and search_text like %L', pattern), ''), '')
              from unnest(contact_patterns(words)) pattern)
          || ' limit $2' using current_workspace_id(), most;
      end $function$;

CREATE OR REPLACE FUNCTION public.count_upload_uses()
 RETURNS trigger
 LANGUAGE plpgsql
AS $function$
      begin
        if tg_op <> 'INSERT' and old.upload_id is not null then
          update upload set uses = uses - 1 where workspace_id = old.workspace_id and id = old.upload_id;
        end if;
        if tg_op <> 'DELETE' and new.upload_id is not null then
          update upload set uses = uses + 1 where workspace_id = new.workspace_id and id = new.upload_id;
        end if;
        return null;
      end $function$;

CREATE OR REPLACE FUNCTION public.current_workspace_id()
 RETURNS bigint
 LANGUAGE sql
 STABLE PARALLEL SAFE
AS $function$ select nullif(current_setting('app.workspace_id', true), '')::bigint $function$;

CREATE OR REPLACE FUNCTION public.file_url(workspace_id bigint, uuid uuid, variant text, storage_key text)
 RETURNS text
 LANGUAGE sql
 STABLE PARALLEL SAFE
AS $function$
        select case
          when storage_key is null then null
          when current_setting('app.public_files', true) <> '' then current_setting('app.public_files') || storage_key
          when current_setting('app.file_key_outer', true) <> '' then
            '/files/' || uuid || case variant when '' then '' else '/' || variant end || '?signature=' || workspace_id || '.' ||
            encode(sha256(decode(current_setting('app.file_key_outer'), 'hex') || sha256(
              decode(current_setting('app.file_key_inner'), 'hex') ||
              convert_to(workspace_id || '/' || uuid || '/' || variant, 'UTF8'))), 'hex')
        end
      $function$;

CREATE OR REPLACE FUNCTION public.keep_read_up_to()
 RETURNS trigger
 LANGUAGE plpgsql
AS $function$
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
      end $function$;

CREATE OR REPLACE FUNCTION public.measure_conversations(ids bigint[])
 RETURNS void
 LANGUAGE plpgsql
 SET plan_cache_mode TO 'force_generic_plan'
 SET enable_nestloop TO 'off'
 SET enable_seqscan TO 'off'
AS $function$
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
  end $function$;

CREATE OR REPLACE FUNCTION public.message_query(range text, wanted text)
 RETURNS tsquery
 LANGUAGE sql
 IMMUTABLE PARALLEL SAFE
RETURN (SELECT (string_agg((((''''::text || message_query.range) || "left"(w.word, 64)) || ''':*'::text), '&'::text))::tsquery AS string_agg FROM (SELECT DISTINCT word.word FROM regexp_split_to_table(search_form(message_query.wanted), '[^[:alnum:]]+'::text) word(word) WHERE (word.word <> ''::text) LIMIT 20) w);

CREATE OR REPLACE FUNCTION public.message_words(range text, body text)
 RETURNS tsvector
 LANGUAGE sql
 IMMUTABLE PARALLEL SAFE
RETURN ((range || regexp_replace(CASE WHEN (octet_length(body) <= 150) THEN search_form(body) ELSE regexp_replace(search_form(body), '([[:alnum:]]{64})[[:alnum:]]+'::text, '\1'::text, 'g'::text) END, '[^[:alnum:]]+'::text, (' '::text || range), 'g'::text)))::tsvector;

CREATE OR REPLACE FUNCTION public.note_status_change()
 RETURNS trigger
 LANGUAGE plpgsql
AS $function$
  begin
    insert into conversation_status_change (workspace_id, conversation_id, after_message, from_status, to_status, assigned_user)
    values (new.workspace_id, new.id,
      coalesce((select id from message where workspace_id = new.workspace_id and conversation_id = new.id order by id desc limit 1), 0),
      old.status, new.status, case when new.status in ('closed', 'archived') then new.assigned_user else old.assigned_user end);
    return null;
  end $function$;

CREATE OR REPLACE PROCEDURE public.protect_by_workspace(IN target regclass)
 LANGUAGE plpgsql
AS $procedure$
      begin
        execute format('alter table %s alter column workspace_id set default current_workspace_id()', target);
        execute format('alter table %s enable row level security', target);
        execute format('alter table %s force row level security', target);
        execute format('create policy own_workspace on %s to apicechat_app
          using (workspace_id = (select current_workspace_id()))
          with check (workspace_id = (select current_workspace_id()))', target);
        execute format('grant select, insert, update, delete on %s to apicechat_app', target);
        -- Of a new table the planner believes that workspace_id alone finds a row or two, and remembers plans that
        -- walk the whole workspace. It is told that there is one workspace, until an ANALYZE knows better.
        if current_setting('server_version_num')::int >= 180000 then
          perform pg_restore_attribute_stats('schemaname', 'public', 'relname', target::text, 'attname', 'workspace_id',
            'inherited', false, 'null_frac', 0::real, 'avg_width', 8, 'n_distinct', 1::real);
        end if;
      end $procedure$;

CREATE OR REPLACE FUNCTION public.rebuild_analytics()
 RETURNS void
 LANGUAGE plpgsql
AS $function$
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
  end $function$;

CREATE OR REPLACE FUNCTION public.rough_patterns(words text[])
 RETURNS text[]
 LANGUAGE sql
 IMMUTABLE PARALLEL SAFE
RETURN ARRAY(SELECT (SELECT string_agg(CASE WHEN (letters.letter ~ '[a-z]'::text) THEN format('[%s%s\u0080-\U0010ffff]'::text, letters.letter, upper(letters.letter)) WHEN (letters.letter ~ '[0-9]'::text) THEN format('[%s\u0080-\U0010ffff]'::text, letters.letter) ELSE '[\u0080-\U0010ffff]'::text END, '[\u0080-\U0010ffff]*'::text ORDER BY letters.place) AS string_agg FROM string_to_table(word.word, NULL::text) WITH ORDINALITY letters(letter, place)) AS string_agg FROM unnest(rough_patterns.words) word(word));

CREATE OR REPLACE FUNCTION public.search_form(text)
 RETURNS text
 LANGUAGE sql
 IMMUTABLE PARALLEL SAFE
RETURN CASE WHEN (octet_length($1) = char_length($1)) THEN lower("left"($1, 16000)) WHEN ($1 !~ '[^\u0001-\u0dff\u1e00-\u2e7f\U0001f300-\U0001faff]'::text) THEN lower(regexp_replace(NORMALIZE("left"($1, 16000), NFKD), '[\u0300-\u036f]'::text, ''::text, 'g'::text)) ELSE regexp_replace(lower(regexp_replace(NORMALIZE("left"($1, 16000), NFKD), '[\u0300-\u036f\u3099\u309a]'::text, ''::text, 'g'::text)), '([\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u9fff])'::text, ' \1 '::text, 'g'::text) END;

CREATE OR REPLACE FUNCTION public.search_messages(wanted text, visible_only_to bigint, in_conversation bigint, before_id bigint, wanted_count integer, budget_ms integer, OUT ids bigint[], OUT searched_to bigint)
 RETURNS record
 LANGUAGE plpgsql
 STABLE SECURITY DEFINER
 SET search_path TO 'public', 'pg_temp'
 SET enable_seqscan TO 'off'
 SET max_parallel_workers_per_gather TO '0'
 SET work_mem TO '16MB'
 SET plan_cache_mode TO 'force_generic_plan'
AS $function$
  declare
    here constant bigint := current_workspace_id();
    deadline constant timestamptz := clock_timestamp() + budget_ms * interval '1 millisecond';
    query constant tsquery := message_query('', wanted);
    words constant text[] := array(select lexeme from regexp_split_to_table(search_form(wanted), '[^[:alnum:]]+') lexeme where lexeme <> '');
    -- Much cheaper than taking a text apart; whatever holds the words passes.
    patterns constant text[] := array(select '%' || word || '%' from unnest(words) word);
    rough constant text[] := rough_patterns(words);
    -- A letter that may become several, so that there is no rough look at the text.
    many constant text := '[^\u0001-\u0131\u0134-\u0148\u014a-\u01c3\u01cd-\u01f0\u01f4-\u0586\u0588-\u05ff\u1e00-\u1e99\u1e9b-\u20a7\u20a9-\u20ff\u2190-\u23ff\u2500-\u2a73\ufe00-\ufe0f\U0001f300-\U0001faff]';
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
  end $function$;

CREATE OR REPLACE FUNCTION public.searchable(value text)
 RETURNS text
 LANGUAGE sql
 IMMUTABLE PARALLEL SAFE STRICT
RETURN lower(unaccent('unaccent'::regdictionary, NORMALIZE(value, NFKC)));

CREATE OR REPLACE FUNCTION public.tally_changed_conversations()
 RETURNS trigger
 LANGUAGE plpgsql
AS $function$
  begin
    insert into conversation_tally (workspace_id, channel, assigned_user, has_bot, status, read, conversations, unread_conversations, unread_messages)
    select workspace_id, channel, assigned_user, has_bot, status, read, c, coalesce(u, 0), m
    from (
  select workspace_id, channel, assigned_user, has_bot, status, read,
    sum(n), sum(n) filter (where unread_count > 0), sum(n * unread_count)
  from (select workspace_id, channel, assigned_user, assigned_bot is not null as has_bot, status, read, unread_count, 1 as n from now_there union all select workspace_id, channel, assigned_user, assigned_bot is not null as has_bot, status, read, unread_count, -1 as n from was_there) changed
  group by workspace_id, channel, assigned_user, has_bot, status, read
  having sum(n) <> 0 or coalesce(sum(n) filter (where unread_count > 0), 0) <> 0 or sum(n * unread_count) <> 0) s (workspace_id, channel, assigned_user, has_bot, status, read, c, u, m);
    return null;
  end $function$;

CREATE OR REPLACE FUNCTION public.tally_gone_conversations()
 RETURNS trigger
 LANGUAGE plpgsql
AS $function$
  begin
    insert into conversation_tally (workspace_id, channel, assigned_user, has_bot, status, read, conversations, unread_conversations, unread_messages)
    select workspace_id, channel, assigned_user, has_bot, status, read, c, coalesce(u, 0), m
    from (
  select workspace_id, channel, assigned_user, has_bot, status, read,
    sum(n), sum(n) filter (where unread_count > 0), sum(n * unread_count)
  from (select workspace_id, channel, assigned_user, assigned_bot is not null as has_bot, status, read, unread_count, -1 as n from was_there) changed
  group by workspace_id, channel, assigned_user, has_bot, status, read
  having sum(n) <> 0 or coalesce(sum(n) filter (where unread_count > 0), 0) <> 0 or sum(n * unread_count) <> 0) s (workspace_id, channel, assigned_user, has_bot, status, read, c, u, m);
    return null;
  end $function$;

CREATE OR REPLACE FUNCTION public.tally_new_conversations()
 RETURNS trigger
 LANGUAGE plpgsql
AS $function$
  begin
    insert into conversation_tally (workspace_id, channel, assigned_user, has_bot, status, read, conversations, unread_conversations, unread_messages)
    select workspace_id, channel, assigned_user, has_bot, status, read, c, coalesce(u, 0), m
    from (
  select workspace_id, channel, assigned_user, has_bot, status, read,
    sum(n), sum(n) filter (where unread_count > 0), sum(n * unread_count)
  from (select workspace_id, channel, assigned_user, assigned_bot is not null as has_bot, status, read, unread_count, 1 as n from now_there) changed
  group by workspace_id, channel, assigned_user, has_bot, status, read
  having sum(n) <> 0 or coalesce(sum(n) filter (where unread_count > 0), 0) <> 0 or sum(n * unread_count) <> 0) s (workspace_id, channel, assigned_user, has_bot, status, read, c, u, m);
    return null;
  end $function$;

create type gtrgm as type b;

create extension btree_gin;

create extension pg_trgm;

create extension unaccent;

alter default privileges in schema public grant usage on sequences to apicechat_app;

alter default privileges in schema public grant usage on sequences to apicechat_platform;

grant usage on schema public to apicechat_app;

grant usage on schema public to apicechat_platform;
