import { createHmac, randomUUID } from 'node:crypto';
import { MAKE_USERS, serverEnvironment, signIn, startProductionServer, webhookOf } from '../contenders';
import { runScript, type ServerProcess } from '../processes';
import { withClient } from '../database';

/** Requests of one user are counted in a window; a benchmark has more than people make. */
const UNTHROTTLED = { THROTTLE_LIMIT: '1000000', THROTTLE_TTL: '1' };

export interface OurServer {
  process: ServerProcess;
  webhookUrl: string;
  /** An admin's. */
  token: string;
  jwtSecret: string;
}

interface Start {
  url: string;
  log: string;
  environment?: Record<string, string>;
  nodeArgs?: string[];
}

/** The server as `npm start` runs it, with its first users. */
export async function startOurServer({ url, log, environment, nodeArgs }: Start): Promise<OurServer> {
  const settings: Record<string, string> = {
    ...serverEnvironment(),
    ...UNTHROTTLED,
    ...environment,
    DATABASE_URL: url,
  };
  const server = await startProductionServer(settings, log, nodeArgs);
  await runScript(MAKE_USERS, { args: ['--allow-production'], environment: settings, log });
  return {
    process: server,
    webhookUrl: webhookOf(server),
    token: await signIn(server.url, 'admin', 'admin123'),
    jwtSecret: settings['JWT_SECRET']!,
  };
}

/** Access tokens of so many agents, each with a session. Made by hand: a thousand logins would take minutes. */
export async function makeAgents(url: string, jwtSecret: string, count: number): Promise<string[]> {
  return await withClient(url, async (db) => {
    await db.query(`select set_config('app.workspace_id', '1', false)`);
    const { rows } = await db.query<{ id: string; username: string }>(
      `insert into users (name, username, password, role_id)
       select 'agent ' || n, 'agent' || n, '-', (select id from roles where workspace_id = 1 and name = 'employer')
       from generate_series(1, $1) n returning id, username`,
      [count],
    );
    const agents = rows.map(({ id, username }) => ({ id: Number(id), username, session: randomUUID() }));
    await db.query(
      `insert into user_session (id, user_id, expires_at)
       select session, agent, now() + interval '1 day' from unnest($1::uuid[], $2::bigint[]) a(session, agent)`,
      [agents.map((agent) => agent.session), agents.map((agent) => agent.id)],
    );
    await db.query('analyze users');
    await db.query('analyze user_session');
    return agents.map(({ id, username, session }) =>
      signed({ sub: id, username, role: 'employer', workspace_id: 1, jti: session }, jwtSecret),
    );
  });
}

function signed(payload: object, secret: string): string {
  const now = Math.floor(Date.now() / 1000);
  const parts = [
    { alg: 'HS256', typ: 'JWT' },
    { ...payload, iat: now, exp: now + 86_400, iss: 'apicechat' },
  ];
  const text = parts.map((part) => Buffer.from(JSON.stringify(part)).toString('base64url')).join('.');
  return `${text}.${createHmac('sha256', secret).update(text).digest('base64url')}`;
}
