import { Agent, request } from 'node:http';

/** Longest wait for an answer, in ms. Far above what is allowed, so that a hang is seen and not cut short. */
const ANSWER_LIMIT_MS = 20_000;

const agent = new Agent({ keepAlive: true, maxSockets: 64 });

export interface Answer {
  /** 0: the connection broke, or no answer came. */
  status: number;
  retryAfter: string | null;
  body: string;
  /** Nobody took the connection. */
  unreached: boolean;
}

/** One request; never rejects. */
export async function post(
  url: string,
  body: Buffer | string,
  headers: Record<string, string>,
): Promise<Answer> {
  return await ask('POST', url, headers, body);
}

export async function get(url: string, headers: Record<string, string>): Promise<Answer> {
  return await ask('GET', url, headers, '');
}

async function ask(
  method: string,
  url: string,
  headers: Record<string, string>,
  body: Buffer | string,
): Promise<Answer> {
  const content =
    method === 'GET' ? {} : { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) };
  return await new Promise((resolve) => {
    const lost = (error?: NodeJS.ErrnoException): void =>
      resolve({ status: 0, retryAfter: null, body: '', unreached: error?.code === 'ECONNREFUSED' });
    const asked = request(url, {
      method,
      agent,
      headers: { ...content, ...headers },
      timeout: ANSWER_LIMIT_MS,
    });
    asked.on('timeout', () => asked.destroy());
    asked.on('error', lost);
    asked.on('response', (response) => {
      const chunks: Buffer[] = [];
      response.on('data', (chunk: Buffer) => chunks.push(chunk));
      response.on('error', lost);
      response.on('close', () => lost()); // after the end this changes nothing
      response.on('end', () =>
        resolve({
          status: response.statusCode ?? 0,
          retryAfter: response.headers['retry-after'] ?? null,
          body: Buffer.concat(chunks).toString('utf8'),
          unreached: false,
        }),
      );
    });
    asked.end(body);
  });
}
