import { setTimeout as delay } from 'node:timers/promises';
import { HttpConnection } from '../http-connection';

const CONNECTIONS = 64;

/** Requests at a steady rate, however fast they are answered. */
export interface Paced {
  /** When each was to be sent, by `performance.now()`: one that has to wait for a connection waits at the server's cost. */
  wanted: Float64Array;
  refused: Record<string, number>;
}

export async function sendPaced(
  requests: Buffer[],
  { url, perSecond, status }: { url: string; perSecond: number; status: number },
): Promise<Paced> {
  const free = await Promise.all(Array.from({ length: CONNECTIONS }, () => HttpConnection.open(url)));
  const all = [...free];
  const wanted = new Float64Array(requests.length);
  const refused: Record<string, number> = {};
  const queue: Buffer[] = [];
  const running = new Set<Promise<void>>();
  const serve = async (connection: HttpConnection): Promise<void> => {
    for (let next = queue.shift(); next !== undefined; next = queue.shift()) {
      const outcome = await connection.send(next).catch((error: Error) => error.message);
      if (outcome !== status) refused[outcome] = (refused[outcome] ?? 0) + 1;
    }
    free.push(connection);
  };
  const started = performance.now();
  for (let next = 0; next < requests.length;) {
    const due = Math.floor(((performance.now() - started) * perSecond) / 1000);
    for (; next < Math.min(due, requests.length); next++) {
      wanted[next] = performance.now();
      queue.push(requests[next]!);
      const connection = free.pop();
      if (connection === undefined) continue;
      const served = serve(connection);
      running.add(served);
      void served.finally(() => running.delete(served));
    }
    await delay(1);
  }
  await Promise.all(running);
  for (const connection of all) connection.close();
  return { wanted, refused };
}

export function faultsOf({ refused }: Paced): string[] {
  return Object.entries(refused).map(([how, count]) => `${count} requests were answered with ${how}`);
}
