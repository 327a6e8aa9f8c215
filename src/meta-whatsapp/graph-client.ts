import { type GraphAnswer, type Redact, type SendOutcome, outcomeOfAnswer } from './graph-answer';
import { outcomeOfFailure } from './network-failure';

export type { SendOutcome } from './graph-answer';

/** Where and as whom to send. */
export interface GraphTarget {
  /** Such as `https://graph.facebook.com`; a path is kept. */
  baseUrl: string;
  /** Such as `v25.0`. */
  apiVersion: string;
  phoneNumberId: string;
  accessToken: string;
}

export interface GraphClientOptions {
  /** For one send as a whole, from resolving the name to the last byte of the answer. 30 seconds. */
  timeoutMs?: number;
  /** The rest of a longer answer is not read. 1 MiB, counted after decompression. */
  maxResponseBytes?: number;
  userAgent?: string;
}

const TIMED_OUT = 'WhatsApp did not answer in time; the message may have been sent';
const NOT_BUILT =
  'The request could not be built; check the address, version, number and access token of the channel';

/** Sends through Meta's Graph API, once: there are no retries here, and Meta knows no idempotency key. */
export class GraphClient {
  private readonly timeoutMs: number;
  private readonly maxResponseBytes: number;
  private readonly userAgent: string;

  constructor(options: GraphClientOptions = {}) {
    this.timeoutMs = options.timeoutMs ?? 30_000;
    this.maxResponseBytes = options.maxResponseBytes ?? 1_048_576;
    this.userAgent = options.userAgent ?? 'ApiCeChat';
  }

  /**
   * Posts one message and says what is known of its fate. Never throws. Redirects are not followed, so the token
   * goes to `baseUrl` only, and it is kept out of every reason.
   *
   * @param body the JSON of the request, see `outboundText`
   */
  async sendMessage(target: GraphTarget, body: object): Promise<SendOutcome> {
    const request = buildRequest(target, body, this.userAgent);
    if (request === null) return { kind: 'not_sent', reason: NOT_BUILT };
    const abort = new AbortController();
    const timer = setTimeout(() => abort.abort(), this.timeoutMs);
    try {
      const response = await fetch(request.url, { ...request.init, signal: abort.signal });
      const answerBody = await readBody(response, this.maxResponseBytes, abort.signal);
      const answer = { status: response.status, headers: response.headers, body: answerBody };
      return outcomeOfAnswer(answer, redactorOf(target.accessToken));
    } catch (error) {
      return abort.signal.aborted ? { kind: 'unknown', reason: TIMED_OUT } : outcomeOfFailure(error);
    } finally {
      clearTimeout(timer);
    }
  }
}

function buildRequest(
  target: GraphTarget,
  body: object,
  userAgent: string,
): { url: URL; init: RequestInit } | null {
  try {
    const path = [target.apiVersion, target.phoneNumberId].map(encodeURIComponent).join('/');
    const url = new URL(`${target.baseUrl.replace(/\/+$/, '')}/${path}/messages`);
    if (url.protocol !== 'https:' && url.protocol !== 'http:') return null;
    if (url.username || url.password) return null;
    const headers = new Headers({
      authorization: `Bearer ${target.accessToken}`,
      'content-type': 'application/json',
      'user-agent': userAgent,
      // A kept connection that the server closes at this moment loses the request, and nobody knows whether it did.
      connection: 'close',
    });
    return { url, init: { method: 'POST', headers, body: JSON.stringify(body), redirect: 'manual' } };
  } catch {
    return null;
  }
}

/** The answer's text, or why it cannot be read. Does not throw: the status alone may say enough. */
async function readBody(
  response: Response,
  limit: number,
  signal: AbortSignal,
): Promise<GraphAnswer['body']> {
  if (response.body === null) return { text: '' };
  const reader = response.body.getReader();
  const chunks: Uint8Array[] = [];
  let length = 0;
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return { text: Buffer.concat(chunks).toString('utf8') };
      length += value.byteLength;
      if (length > limit) {
        await reader.cancel().catch(() => undefined);
        return { unreadable: 'a body that is too long' };
      }
      chunks.push(value);
    }
  } catch {
    return { unreadable: signal.aborted ? 'a body that did not end in time' : 'a body that broke off' };
  }
}

const REDACTED = '[redacted]';

/** Meta quotes malformed tokens in its errors. */
function redactorOf(accessToken: string): Redact {
  return (text) => {
    const withoutToken = accessToken === '' ? text : text.replaceAll(accessToken, REDACTED);
    return withoutToken.replace(/\bEAA[A-Za-z0-9]{8,}/g, REDACTED);
  };
}
