import { signIn } from '../../bench/contenders';
import type { Cluster } from '../rig/cluster';
import { ask } from './rest';

const PASSWORD = 'a password of staff';

/** Somebody who answers customers, signed in. */
export interface Member {
  id: number;
  username: string;
  token: string;
  /** In the database. */
  sessionId: string;
}

export async function hire(
  cluster: Cluster,
  role: 'employer' | 'supervisor',
  username: string,
): Promise<Member> {
  const [row] = await cluster.sql<{ id: number }>(
    'select id from roles where name = $1 order by workspace_id limit 1',
    [role],
  );
  const made = await ask<{ id: number }>(cluster, 'POST', '/users', {
    name: username,
    username,
    password: PASSWORD,
    role_id: row!.id,
  });
  if (made.status !== 201) throw new Error(`${username} is not taken: ${JSON.stringify(made.body)}`);
  const token = await signIn(cluster.api[0]!.url, username, PASSWORD);
  const { jti } = JSON.parse(Buffer.from(token.split('.')[1]!, 'base64url').toString('utf8')) as {
    jti: string;
  };
  return { id: made.body.id, username, token, sessionId: jti };
}
