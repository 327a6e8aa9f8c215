import type { IncomingMessage, ServerResponse } from 'node:http';
import { isObject, type JsonObject } from './json-values';

/** A refusal that the simulator's own endpoints (`/phone`, `/control`) answer as `{ error }`. */
export class HttpProblem extends Error {
  constructor(
    readonly status: number,
    message: string,
  ) {
    super(message);
  }
}

/**
 * The whole body.
 *
 * @param limit in bytes; a longer body is refused with 413
 */
export async function readBody(request: IncomingMessage, limit: number): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > limit) throw new HttpProblem(413, `The body is longer than ${limit} bytes`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

/** The body as a JSON object; anything else is a 400. An empty body counts as `{}`. */
export async function readJsonObject(request: IncomingMessage, limit = 4_000_000): Promise<JsonObject> {
  const bytes = await readBody(request, limit);
  if (bytes.length === 0) return {};
  let parsed: unknown;
  try {
    parsed = JSON.parse(bytes.toString('utf8'));
  } catch {
    throw new HttpProblem(400, 'The body is not valid JSON');
  }
  if (!isObject(parsed)) throw new HttpProblem(400, 'The body must be a JSON object');
  return parsed;
}

export function sendJson(response: ServerResponse, status: number, value: unknown): void {
  send(response, status, 'application/json; charset=UTF-8', Buffer.from(JSON.stringify(value)));
}

export function send(response: ServerResponse, status: number, type: string, body: string | Buffer): void {
  if (response.destroyed || response.writableEnded) return;
  const bytes = typeof body === 'string' ? Buffer.from(body) : body;
  response.writeHead(status, { 'content-type': type, 'content-length': bytes.length });
  response.end(bytes);
}

/** A page of another site, open in the same browser, must not drive the simulator. */
export function refuseForeignPages(request: IncomingMessage): void {
  const { origin, host } = request.headers;
  const site = request.headers['sec-fetch-site'];
  const foreign = (origin !== undefined && origin !== `http://${host}`) || site === 'cross-site';
  if (foreign && request.method !== 'GET') throw new HttpProblem(403, 'Requests of other sites are refused');
}
