import { Agent as HttpAgent, type IncomingMessage, request as httpRequest } from 'node:http';
import { Agent as HttpsAgent, request as httpsRequest } from 'node:https';
import type { GraphAnswer } from './graph-answer';

// A kept connection that the server closes at this moment loses the request, and nobody knows whether it did.
const HTTP = { request: httpRequest, agent: new HttpAgent({ keepAlive: false }), stands: 'connect' };
const HTTPS = { request: httpsRequest, agent: new HttpsAgent({ keepAlive: false }), stands: 'secureConnect' };

export interface GuardedPost {
  url: URL;
  headers: Readonly<Record<string, string>>;
  body: string;
  /** For the call as a whole, from resolving the name to the last byte of the answer. */
  timeoutMs: number;
  /** The rest of a longer answer is not read. */
  maxResponseBytes: number;
  /** Asked once, when the connection stands, at the last moment before the first byte is handed to the system. */
  mayGo: () => boolean;
}

export type PostOutcome =
  | { kind: 'answered'; answer: GraphAnswer }
  | { kind: 'held_back' }
  /** `begun`: something of it may have left. */
  | { kind: 'lost'; begun: boolean; timedOut: boolean; error: unknown };

/**
 * One request on a connection of its own. Not by `fetch`, which says neither when a request leaves nor, of one that
 * failed, whether it had. Never rejects; throws at once where the request cannot be built.
 */
export async function guardedPost(post: GuardedPost): Promise<PostOutcome> {
  const { url, headers, body, timeoutMs, maxResponseBytes, mayGo } = post;
  const { agent, stands, ...by } = url.protocol === 'https:' ? HTTPS : HTTP;
  const request = by.request(url, { method: 'POST', headers, agent });
  return await new Promise((resolve) => {
    let begun = false;
    let timedOut = false;
    const timer = setTimeout(() => {
      timedOut = true;
      request.destroy();
    }, timeoutMs);
    const end = (outcome: PostOutcome): void => {
      clearTimeout(timer);
      resolve(outcome);
    };
    const go = (): void => {
      if (request.destroyed) return;
      if (mayGo()) {
        begun = true;
        request.end(body);
      } else {
        end({ kind: 'held_back' });
        request.destroy();
      }
    };
    request.once('socket', (socket) => socket.once(stands, go));
    request.on('error', (error) => end({ kind: 'lost', begun, timedOut, error }));
    request.once('response', (response) => {
      void readBody(response, maxResponseBytes, () => timedOut).then((read) =>
        end({
          kind: 'answered',
          answer: { status: response.statusCode ?? 0, headers: headersOf(response), body: read },
        }),
      );
    });
  });
}

function headersOf({ headers }: IncomingMessage): GraphAnswer['headers'] {
  return {
    get: (name) => {
      const value = headers[name.toLowerCase()];
      return Array.isArray(value) ? value.join(', ') : (value ?? null);
    },
  };
}

/** The answer's text, or why it cannot be read. Does not throw: the status alone may say enough. */
export async function readBody(
  content: AsyncIterable<Uint8Array> | null,
  limit: number,
  timedOut: () => boolean,
): Promise<GraphAnswer['body']> {
  const chunks: Uint8Array[] = [];
  let length = 0;
  try {
    for await (const chunk of content ?? []) {
      length += chunk.byteLength;
      if (length > limit) return { unreadable: 'a body that is too long' };
      chunks.push(chunk);
    }
    return { text: Buffer.concat(chunks).toString('utf8') };
  } catch {
    return { unreadable: timedOut() ? 'a body that did not end in time' : 'a body that broke off' };
  }
}
