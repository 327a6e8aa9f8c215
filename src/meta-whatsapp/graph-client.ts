import { randomUUID } from 'node:crypto';
import {
  answeredOrFailed,
  type GraphAnswer,
  type GraphFailure,
  outcomeOfAnswer,
  type Redact,
  type SendOutcome,
} from './graph-answer';
import { guardedPost, readBody } from './guarded-post';
import { idOf, type Loose } from './loose-json';
import { type LostCall, lostAfterwards, lostBefore, outcomeOfFailure } from './network-failure';

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
  /** For one call as a whole, from resolving the name to the last byte of the answer. 30 seconds. */
  timeoutMs?: number;
  /** The rest of a longer answer is not read. 1 MiB, counted after decompression. */
  maxResponseBytes?: number;
  userAgent?: string;
}

const TIMED_OUT = 'WhatsApp did not answer in time; the message may have been sent';
const NOT_REACHED_IN_TIME = 'WhatsApp could not be reached in time; the message was not sent';
const NOT_BUILT =
  'The request could not be built; check the address, version, number and access token of the channel';

/** What became of bringing a file to Meta. */
export type UploadOutcome = { kind: 'uploaded'; mediaId: string } | GraphFailure;
/** What became of a question to Graph, or of something said to it that is no message. */
export type CallOutcome = { kind: 'answered'; json: Loose } | GraphFailure;

/** A file on its way to Meta. */
export interface OutgoingBytes {
  name: string;
  mimeType: string;
  /** In bytes; the stream must bring exactly so many. */
  size: number;
  content: AsyncIterable<Uint8Array>;
}

interface GraphCall {
  method: 'GET' | 'POST';
  /** Steps after the version. */
  path: readonly string[];
  query?: Readonly<Record<string, string>>;
  body?: { json: object } | { type: string; length: number; content: AsyncIterable<Uint8Array> };
  timeoutMs: number;
}

/** The slowest line, in bytes a second, over which a file is still waited for. */
const SLOWEST_UPLOAD = 256 * 1024;
const NOT_IN_QUOTES = /["\\\r\n]/g;

/** Calls Meta's Graph API, once each: there are no retries here, and Meta knows no idempotency key. Never throws. */
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
   * Posts one message and says what is known of its fate. Redirects are not followed, so the token goes to `baseUrl`
   * only, and it is kept out of every reason.
   *
   * @param body the JSON of the request, see `outboundMessage`
   * @param mayGo asked once, when all that could take time is over and the next thing is that the request leaves
   */
  async sendMessage(target: GraphTarget, body: object, mayGo: () => boolean): Promise<SendOutcome> {
    const request = buildRequest(target, this.toNumber(target, 'messages', body), this.userAgent);
    if (typeof request?.init.body !== 'string') return { kind: 'not_sent', reason: NOT_BUILT };
    const outcome = await guardedPost({
      url: request.url,
      headers: Object.fromEntries(request.headers),
      body: request.init.body,
      timeoutMs: this.timeoutMs,
      maxResponseBytes: this.maxResponseBytes,
      mayGo,
    });
    switch (outcome.kind) {
      case 'answered':
        return outcomeOfAnswer(outcome.answer, redactorOf(target.accessToken));
      case 'held_back':
        return outcome;
      case 'lost':
        if (outcome.begun)
          return outcome.timedOut ? { kind: 'unknown', reason: TIMED_OUT } : lostAfterwards(outcome.error);
        return outcome.timedOut
          ? { kind: 'not_sent', reason: NOT_REACHED_IN_TIME }
          : lostBefore(outcome.error);
    }
  }

  /** Brings a file to Meta, where it stays for 30 days, for this number only. */
  async uploadMedia(target: GraphTarget, file: OutgoingBytes): Promise<UploadOutcome> {
    const boundary = `----${randomUUID()}`;
    const head = Buffer.from(
      formField(boundary, 'messaging_product', 'whatsapp') +
        formField(boundary, 'type', file.mimeType) +
        `--${boundary}\r\nContent-Disposition: form-data; name="file"; filename="${file.name.replace(NOT_IN_QUOTES, '_')}"\r\n` +
        `Content-Type: ${file.mimeType}\r\n\r\n`,
    );
    const tail = Buffer.from(`\r\n--${boundary}--\r\n`);
    const answer = await this.call(target, {
      method: 'POST',
      path: [target.phoneNumberId, 'media'],
      body: {
        type: `multipart/form-data; boundary=${boundary}`,
        length: head.length + file.size + tail.length,
        content: framed(head, file.content, tail),
      },
      timeoutMs: this.timeoutMs + (file.size / SLOWEST_UPLOAD) * 1_000,
    });
    const outcome = this.outcomeOfCall(target, answer);
    if (outcome.kind !== 'answered') return outcome;
    const mediaId = idOf(outcome.json.id);
    return mediaId === null
      ? { kind: 'unknown', reason: 'WhatsApp took the file and gave it no id' }
      : { kind: 'uploaded', mediaId };
  }

  /** Says something to Meta that is no message, such as that one was read. */
  async tell(target: GraphTarget, body: object, timeoutMs: number): Promise<CallOutcome> {
    const answer = await this.call(target, { ...this.toNumber(target, 'messages', body), timeoutMs });
    return this.outcomeOfCall(target, answer);
  }

  async get(
    target: GraphTarget,
    path: readonly string[],
    query: Readonly<Record<string, string>>,
  ): Promise<CallOutcome> {
    const answer = await this.call(target, { method: 'GET', path, query, timeoutMs: this.timeoutMs });
    return this.outcomeOfCall(target, answer);
  }

  private toNumber(target: GraphTarget, edge: string, body: object): GraphCall {
    return {
      method: 'POST',
      path: [target.phoneNumberId, edge],
      body: { json: body },
      timeoutMs: this.timeoutMs,
    };
  }

  private outcomeOfCall(target: GraphTarget, answer: GraphAnswer | LostCall): CallOutcome {
    return 'kind' in answer ? answer : answeredOrFailed(answer, redactorOf(target.accessToken));
  }

  private async call(target: GraphTarget, call: GraphCall): Promise<GraphAnswer | LostCall> {
    const request = buildRequest(target, call, this.userAgent);
    if (request === null) return { kind: 'not_sent', reason: NOT_BUILT };
    const abort = new AbortController();
    const timer = setTimeout(() => abort.abort(), call.timeoutMs);
    try {
      const response = await fetch(request.url, { ...request.init, signal: abort.signal });
      const body = await readBody(response.body, this.maxResponseBytes, () => abort.signal.aborted);
      return { status: response.status, headers: response.headers, body };
    } catch (error) {
      return abort.signal.aborted ? { kind: 'unknown', reason: TIMED_OUT } : outcomeOfFailure(error);
    } finally {
      clearTimeout(timer);
    }
  }
}

function buildRequest(
  target: GraphTarget,
  { method, path, query, body }: GraphCall,
  userAgent: string,
): { url: URL; headers: Headers; init: RequestInit } | null {
  try {
    const steps = [target.apiVersion, ...path].map(encodeURIComponent).join('/');
    const url = new URL(`${target.baseUrl.replace(/\/+$/, '')}/${steps}`);
    if (url.protocol !== 'https:' && url.protocol !== 'http:') return null;
    if (url.username || url.password) return null;
    for (const [name, value] of Object.entries(query ?? {})) url.searchParams.set(name, value);
    const headers = new Headers({
      authorization: `Bearer ${target.accessToken}`,
      'user-agent': userAgent,
      accept: '*/*',
      // A kept connection that the server closes at this moment loses the request, and nobody knows whether it did.
      connection: 'close',
    });
    if (body !== undefined && 'json' in body) {
      headers.set('content-type', 'application/json');
      return { url, headers, init: { method, headers, redirect: 'manual', body: JSON.stringify(body.json) } };
    }
    if (body === undefined) return { url, headers, init: { method, headers, redirect: 'manual' } };
    headers.set('content-type', body.type);
    headers.set('content-length', String(body.length));
    // Node takes any iterable as a body; the types know only the browser's.
    const init = { method, headers, redirect: 'manual', body: body.content, duplex: 'half' };
    return { url, headers, init: init as unknown as RequestInit };
  } catch {
    return null;
  }
}

function formField(boundary: string, name: string, value: string): string {
  return `--${boundary}\r\nContent-Disposition: form-data; name="${name}"\r\n\r\n${value}\r\n`;
}

async function* framed(
  head: Uint8Array,
  content: AsyncIterable<Uint8Array>,
  tail: Uint8Array,
): AsyncIterable<Uint8Array> {
  yield head;
  yield* content;
  yield tail;
}

const REDACTED = '[redacted]';

/** Meta quotes malformed tokens in its errors. */
function redactorOf(accessToken: string): Redact {
  return (text) => {
    const withoutToken = accessToken === '' ? text : text.replaceAll(accessToken, REDACTED);
    return withoutToken.replace(/\bEAA[A-Za-z0-9]{8,}/g, REDACTED);
  };
}
