import { Agent, request } from 'node:http';

/** Longest wait for an answer, in ms. Far above what is allowed, so that a hang is seen and not cut short. */
const ANSWER_LIMIT_MS = 20_000;

const agent = new Agent({ keepAlive: true, maxSockets: 64 });

export interface Answer {
  /** 0: the connection broke, or no answer came. */
  status: number;
  retryAfter: string | null;
  body: string;
}

/** One HTTP request; never rejects. */
export async function post(
  url: string,
  body: Buffer | string,
  headers: Record<string, string>,
): Promise<Answer> {
  return await call('POST', url, body, headers);
}

export async function get(url: string, headers: Record<string, string>): Promise<Answer> {
  return await call('GET', url, null, headers);
}

async function call(
  method: string,
  url: string,
  body: Buffer | string | null,
  headers: Record<string, string>,
): Promise<Answer> {
  return await new Promise((resolve) => {
    const lost = (): void => resolve({ status: 0, retryAfter: null, body: '' });
    const length = body === null ? {} : { 'content-length': Buffer.byteLength(body) };
    const asked = request(url, {
      method,
      agent,
      headers: { 'content-type': 'application/json', ...length, ...headers },
      timeout: ANSWER_LIMIT_MS,
    });
    asked.on('timeout', () => asked.destroy());
    asked.on('error', lost);
    asked.on('response', (response) => {
      const chunks: Buffer[] = [];
      response.on('data', (chunk: Buffer) => chunks.push(chunk));
      response.on('error', lost);
      response.on('close', lost); // after the end this changes nothing
      response.on('end', () =>
        resolve({
          status: response.statusCode ?? 0,
          retryAfter: response.headers['retry-after'] ?? null,
          body: Buffer.concat(chunks).toString('utf8'),
        }),
      );
    });
    asked.end(body ?? undefined);
  });
}
