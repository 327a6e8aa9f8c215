import { request } from 'node:http';
import { serverEnvironment } from '../../bench/contenders';
import type { Cluster } from '../rig/cluster';

export interface Reading<Body> {
  status: number;
  body: Body;
}

/** Asks as an admin, or as whose token it is. Throws where nobody answers. */
export async function ask<Body>(
  { api, token }: Pick<Cluster, 'api' | 'token'>,
  method: string,
  path: string,
  body?: unknown,
): Promise<Reading<Body>> {
  const text = body === undefined ? '' : JSON.stringify(body);
  return await new Promise((resolve, reject) => {
    const asked = request(`${api[0]!.url}${path}`, {
      method,
      agent: false, // a connection kept open may be closed by the server just as it is used
      headers: {
        authorization: `Bearer ${token}`,
        ...(text === ''
          ? {}
          : { 'content-type': 'application/json', 'content-length': Buffer.byteLength(text) }),
      },
    });
    asked.on('error', reject);
    asked.on('response', (response) => {
      const chunks: Buffer[] = [];
      response.on('data', (chunk: Buffer) => chunks.push(chunk));
      response.on('error', reject);
      response.on('end', () =>
        resolve({
          status: response.statusCode ?? 0,
          body: (chunks.length === 0 ? null : JSON.parse(Buffer.concat(chunks).toString('utf8'))) as Body,
        }),
      );
    });
    asked.end(text);
  });
}

/** An admin who reads. */
export function reader(cluster: Cluster): { get: (path: string) => Promise<Reading<unknown>> } {
  return { get: async (path) => await ask(cluster, 'GET', path) };
}

/** As an admin does whose token has expired at Meta. */
export async function enterToken(cluster: Cluster): Promise<void> {
  const list = await ask<{ data: { id: number }[] }>(cluster, 'GET', '/whatsapp-integration-config');
  const answer = await ask(cluster, 'PATCH', `/whatsapp-integration-config/${list.body.data[0]!.id}`, {
    access_token: serverEnvironment()['WHATSAPP_ACCESS_TOKEN'],
  });
  if (answer.status !== 200) throw new Error(`the token was not taken: ${JSON.stringify(answer.body)}`);
}
