import { percentile } from './figures';
import { HttpConnection } from './http-connection';
import { type Batch, signedRequests } from './webhooks';

export interface LoadFigures {
  acksPerSecond: number;
  p50Ms: number;
  p99Ms: number;
  /** Webhooks that were not answered with 200, by what happened instead. */
  refused: Record<string, number>;
}

/** A batch, ready to be sent over connections that are open. */
export class Load {
  private constructor(
    private readonly requests: Buffer[],
    private readonly connections: HttpConnection[],
  ) {}

  /** @param others servers of the same database, which get an equal part of the connections */
  static async prepare(batch: Batch, url: string, connections: number, others: string[] = []): Promise<Load> {
    const urls = [url, ...others];
    const open = Array.from({ length: connections }, (_, n) => HttpConnection.open(urls[n % urls.length]!));
    return new Load(signedRequests(batch, url), await Promise.all(open));
  }

  /** Sends each webhook once. Every connection sends its next one as soon as the last was answered. */
  async run(): Promise<LoadFigures> {
    const { requests } = this;
    const latencies = new Float64Array(requests.length);
    const refused: Record<string, number> = {};
    let next = 0;
    const sendAll = async (connection: HttpConnection): Promise<void> => {
      while (next < requests.length) {
        const message = next++;
        const sent = performance.now();
        const outcome = await connection.send(requests[message]!).catch((error: Error) => error.message);
        latencies[message] = performance.now() - sent;
        if (outcome !== 200) refused[outcome] = (refused[outcome] ?? 0) + 1;
      }
    };
    const started = performance.now();
    await Promise.all(this.connections.map(sendAll));
    const seconds = (performance.now() - started) / 1000;
    for (const connection of this.connections) connection.close();

    latencies.sort();
    const missing = Object.values(refused).reduce((sum, count) => sum + count, 0);
    return {
      acksPerSecond: (requests.length - missing) / seconds,
      p50Ms: percentile(latencies, 0.5),
      p99Ms: percentile(latencies, 0.99),
      refused,
    };
  }
}
