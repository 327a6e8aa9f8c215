import type { Client } from 'pg';
import type { Question } from './reads-questions';

const SORT = '-last_message_at';
const PLACES = 100;

interface Place {
  id: string;
  active_at: string;
  micros: string;
}

/** Pages deep in the inbox, and its counts. */
export async function inboxQuestions(db: Client): Promise<Question[]> {
  const { rows: places } = await db.query<Place>(
    `select id, active_at::text, (extract(epoch from active_at) * 1000000)::bigint as micros
     from conversation where workspace_id = 1 order by random() limit ${PLACES}`,
  );
  const any = (random: () => number): Place => places[Math.floor(random() * places.length)]!;
  return [
    {
      name: 'inbox, 50 at a place in it',
      who: 'admin',
      path: (random) => `/conversations?limit=50&with_total=false&cursor=${cursorOf(any(random))}`,
      sql: `select c.id, c.status, c.assigned_user, c.assigned_bot, c.unread_count, c.read, c.last_message_at, c.created_at, k.name, m.*
        from (select * from conversation where workspace_id = 1 and (active_at, id) < ($1, $2)
              order by active_at desc, id desc limit 50) c
        join contact k on k.workspace_id = 1 and k.id = c.contact_id
        left join message m on m.workspace_id = 1 and m.id = c.last_message_id
        order by c.active_at desc, c.id desc`,
      values: (random) => {
        const { active_at, id } = any(random);
        return [active_at, id];
      },
    },
    {
      name: 'counts of the inbox',
      who: 'admin',
      path: () => '/conversations/counts',
      sql: `select count(*) filter (where assigned_user = 1), count(*) filter (where assigned_user is null and assigned_bot is null),
          count(*) filter (where assigned_bot is not null), count(*), count(*) filter (where not read)
        from conversation where workspace_id = 1 and status in ('queue', 'active')`,
      values: () => [],
    },
  ];
}

/** As the server gives them out. */
function cursorOf({ micros, id }: Place): string {
  const values = [SORT, 'next', 'normal', Number(micros), Number(id)];
  return Buffer.from(JSON.stringify(values)).toString('base64url');
}
