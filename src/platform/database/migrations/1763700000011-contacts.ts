import type { MigrationInterface, QueryRunner } from 'typeorm';

/** `btree_gin` lets an index of trigrams begin with the workspace. All three may be made by a database's ordinary owner. */
const EXTENSIONS = ['pg_trgm', 'btree_gin', 'unaccent'] as const;

/** Tags of contacts, ids of contacts that were merged, and a search that a million contacts do not slow down. */
export class Contacts1763700000011 implements MigrationInterface {
  name = 'Contacts1763700000011';

  async up(db: QueryRunner): Promise<void> {
    for (const extension of EXTENSIONS) await db.query(`create extension if not exists ${extension}`);
    const trigrams = await schemaOf(db, 'pg_trgm');
    const unaccent = await schemaOf(db, 'unaccent');
    await db.query(`
      create table contact_tag (
        workspace_id bigint not null,
        contact_id bigint not null,
        tag_id bigint not null,
        created_at timestamptz not null default now(),
        created_by bigint,
        primary key (workspace_id, contact_id, tag_id),
        foreign key (workspace_id, contact_id) references contact (workspace_id, id) on delete cascade,
        foreign key (workspace_id, tag_id) references tag (workspace_id, id) on delete cascade,
        foreign key (workspace_id, created_by) references users (workspace_id, id) on delete set null (created_by)
      );
      create index contact_tag_tag on contact_tag (workspace_id, tag_id, contact_id);
      create index contact_tag_created_by on contact_tag (workspace_id, created_by) where created_by is not null;
      call protect_by_workspace('contact_tag');

      create table contact_alias (
        workspace_id bigint not null,
        former_id bigint not null,
        contact_id bigint not null,
        created_at timestamptz not null default now(),
        primary key (workspace_id, former_id),
        foreign key (workspace_id, contact_id) references contact (workspace_id, id) on delete cascade
      );
      comment on table contact_alias is 'Under which id a contact goes on that was merged into another one.';
      create index contact_alias_contact on contact_alias (workspace_id, contact_id);
      call protect_by_workspace('contact_alias');

      -- As people type it: without case and accents. Immutable as long as nobody edits unaccent's own rules.
      create function searchable(value text) returns text language sql immutable strict parallel safe
        return lower(${unaccent}.unaccent('${unaccent}.unaccent'::regdictionary, normalize(value, NFKC)));

      -- Begins each part with a blank, so that a pattern may ask for the beginning of a word.
      alter table contact add search_text text not null generated always as (
        ' ' || searchable(coalesce(name, '')) || ' ' || coalesce(ltrim(phone_number, '+'), '')
          || ' ' || searchable(external_id) || ' ' || regexp_replace(external_id, '[^0-9]', '', 'g')
      ) stored;
      create index contact_search on contact using gin (workspace_id, search_text ${trigrams}.gin_trgm_ops)
        with (gin_pending_list_limit = 1024);
      create index contact_name on contact (workspace_id, searchable(name), id);
      create index contact_created on contact (workspace_id, created_at, id);
      create index contact_updated on contact (workspace_id, updated_at, id);

      -- What contact_search asks for, for asking it of one contact, too. Two letters have no trigram but that of the
      -- beginning of a word.
      create function contact_patterns(words text[]) returns text[] language sql immutable strict parallel safe return (
        select array_agg(case when length(word) < 3 then '% ' else '%' end || regexp_replace(word, '([\\\\%_])', '\\\\\\1', 'g') || '%')
        from (select searchable(typed) as word from unnest(words) typed) searched);

      -- LIKE is not leakproof, so under a policy it cannot use an index. This function asks for the workspace itself
      -- and works as the owner, who sees all rows: a superuser anyway, an ordinary owner by the policy.
      create policy owner_searches on contact for select to current_user using (true);
      create function contact_search(words text[], most integer default 2147483647) returns setof bigint
        language plpgsql stable strict rows 500 security definer set search_path = public, pg_temp as $$
      begin
        return query execute 'select id from contact where workspace_id = $1'
          || (select coalesce(string_agg(format(' and search_text like %L', pattern), ''), '')
              from unnest(contact_patterns(words)) pattern)
          || ' limit $2' using current_workspace_id(), most;
      end $$;
      revoke execute on function contact_search(text[], integer) from public;
      grant execute on function contact_search(text[], integer) to apicechat_app;
    `);
  }

  async down(db: QueryRunner): Promise<void> {
    await db.query(`
      drop function contact_search(text[], integer);
      drop function contact_patterns(text[]);
      drop policy owner_searches on contact;
      drop index contact_updated, contact_created, contact_name, contact_search;
      alter table contact drop search_text;
      drop function searchable(text);
      drop table contact_alias, contact_tag;
    `);
    // One that others use, or that an administrator made, stays.
    for (const extension of EXTENSIONS) {
      await db.query(`
        do $$ begin
          drop extension if exists ${extension};
        exception when dependent_objects_still_exist or insufficient_privilege then null;
        end $$;
      `);
    }
  }
}

/** Some hosts keep extensions in a schema of their own. */
async function schemaOf(db: QueryRunner, extension: string): Promise<string> {
  const rows = (await db.query(
    'select quote_ident(nspname) as name from pg_extension e join pg_namespace n on n.oid = e.extnamespace where extname = $1',
    [extension],
  )) as { name: string }[];
  return rows[0]!.name;
}
