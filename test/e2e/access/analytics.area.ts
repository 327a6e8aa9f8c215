import type { Area } from '../../support/areas';
import type { Answer } from '../../support/system';

/** A report; as its data, the days of which it says anything. */
function asList({ status, body }: Answer): { status: number; body: object } {
  const periods = (body['periods'] ?? []) as { starts_on: string }[];
  const told = periods.filter((period) => /[1-9]\d*[,}]/.test(JSON.stringify({ ...period, starts_on: '' })));
  return { status, body: status === 200 ? { ...body, data: told } : body };
}

export const analyticsArea: Area = {
  name: 'analytics',
  make: async (system, workspace) => {
    const user = workspace.employer.user.id;
    await system.sql(
      `insert into analytics_day (workspace_id, user_id, day, channel, outbound_people, closed)
       values ($1, $2, (now() at time zone 'UTC')::date, 'app', 3, 3) on conflict do nothing`,
      [workspace.id, user],
    );
    await system.sql(
      `insert into analytics_spread (workspace_id, user_id, measure, day, channel, bucket, count, sum)
       select $1, $2, measure, (now() at time zone 'UTC')::date, 'app', 3, 1, 3
       from unnest(array['first_response', 'resolution', 'rating']) measure on conflict do nothing`,
      [workspace.id, user],
    );
    return { user };
  },
  tries: ['response-times', 'volume', 'resolution', 'satisfaction'].map((report) => ({
    route: `GET /analytics/${report}`,
    call: async (c, ids) => asList(await c.get(`/analytics/${report}?user_id=${ids['user']}`)),
    seenByAll: true,
  })),
};
