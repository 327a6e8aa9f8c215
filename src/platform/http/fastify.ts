import { createHash, randomUUID } from 'node:crypto';
import { type IncomingMessage, type ServerResponse, STATUS_CODES } from 'node:http';
import type { Socket } from 'node:net';
import multipart from '@fastify/multipart';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import type { FastifyError, FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import helmet from 'helmet';
import type { Logger } from 'pino';
import { AppError } from '../../common/app-error';
import type { Config } from '../../config/config';
import { withRequestId } from '../observability/request-context';
import { toAppError } from './to-app-error';

/** Largest JSON body, in bytes, of a route that says nothing else. */
const JSON_LIMIT = 1024 * 1024;
/** Largest body of any route: Meta's webhooks may have 3 MB. */
const RAW_LIMIT = 4 * 1024 * 1024;
const BODY_TIMEOUT_MS = 30_000;
const BODY_CHECK_MS = 1_000;
const REQUEST_ID = /^[\w.-]{1,64}$/;

/** For `@RouteConfig(RAW_BODY)`: the handler gets the body's bytes as they came, up to 4 MB. */
export const RAW_BODY = { rawBody: true, quiet: true } as const;

/** For `@RouteConfig(BYTES_BODY)`: the same, in a route for people. */
export const BYTES_BODY = { rawBody: true } as const;

/** For `@RouteConfig(FORM_BODY)`: the handler reads the parts of a multipart/form-data body itself. */
export const FORM_BODY = { formBody: true } as const;

/** For `@RouteConfig(SIGNED_BODY)`: the request keeps the hash of its body's bytes, see {@link bodyHashOf}. */
export const SIGNED_BODY = { hashBody: true } as const;

interface RouteFlags {
  rawBody?: boolean;
  hashBody?: boolean;
  formBody?: boolean;
  /** Only logged at level debug: far too frequent. */
  quiet?: boolean;
}

export function fastifyAdapter(config: Config): FastifyAdapter {
  return new FastifyAdapter({
    bodyLimit: RAW_LIMIT,
    trustProxy: config.http.trustProxy,
    // A slow client holds a connection no longer than this, and one that sends no file no longer than BODY_TIMEOUT_MS.
    requestTimeout: 15 * 60_000,
    http: { headersTimeout: 30_000 },
    connectionTimeout: 0,
    keepAliveTimeout: 65_000,
    forceCloseConnections: 'idle',
    clientErrorHandler: refuseConnection,
    frameworkErrors: (error: FastifyError, request: FastifyRequest, reply: FastifyReply) => {
      const refusal = toAppError(error);
      void reply.status(refusal.status).header('x-request-id', request.id).send(refusal.toBody(request.id));
    },
    routerOptions: { maxParamLength: 300 },
    genReqId: (request: IncomingMessage) => {
      const given = request.headers['x-request-id'];
      return typeof given === 'string' && REQUEST_ID.test(given) ? given : randomUUID();
    },
  });
}

/**
 * Body parsing, request ids, security headers and the access log. Routes that machines call by the thousand get
 * none of what only people and browsers need.
 */
export async function configureFastify(
  fastify: FastifyInstance,
  logger: Logger,
  bodyTimeoutMs = BODY_TIMEOUT_MS,
): Promise<void> {
  const securityHeaders = helmetHeaders();
  fastify.addHook('onRequest', (request, reply, done) => {
    if (flags(request).quiet !== true) void reply.headers(securityHeaders).header('x-request-id', request.id);
    done();
  });
  // After the body was read: the events that read it run outside any request's context.
  fastify.addHook('preValidation', (request, _reply, done) => {
    if (flags(request).quiet === true) done();
    else withRequestId(request.id, done);
  });
  fastify.addHook('onResponse', (request, reply, done) => {
    const level = flags(request).quiet === true && reply.statusCode < 400 ? 'debug' : 'info';
    if (logger.isLevelEnabled(level)) {
      logger[level](
        {
          requestId: request.id,
          method: request.method,
          url: request.url.split('?', 1)[0],
          status: reply.statusCode,
          ms: Math.round(reply.elapsedTime * 10) / 10,
        },
        'request',
      );
    }
    done();
  });
  // A contract of ours shows one with a body.
  fastify.addHttpMethod('GET', { hasBody: true, overrideExisting: true });
  addBodyParser(fastify);
  await addFormParser(fastify, bodyTimeoutMs);
}

/** What helmet sets is the same for every answer of an API, so it is asked once and not with each request. */
function helmetHeaders(): Record<string, string> {
  const headers: Record<string, string> = {};
  const response = {
    setHeader: (name: string, value: string) => (headers[name.toLowerCase()] = value),
    removeHeader: () => undefined,
  };
  const directives = { defaultSrc: ["'none'"], frameAncestors: ["'none'"] };
  helmet({ contentSecurityPolicy: { useDefaults: false, directives } })(
    {} as IncomingMessage,
    response as unknown as ServerResponse,
    () => undefined,
  );
  return headers;
}

/** What Node's HTTP parser refuses before there is a request that anything else could answer. */
function refuseConnection(error: Error & { code?: string }, socket: Socket): void {
  if (error.code === 'ECONNRESET' || !socket.writable) return;
  const refusal =
    error.code === 'HPE_HEADER_OVERFLOW'
      ? new AppError('HEADERS_TOO_LARGE', 'The headers are too large.')
      : new AppError('VALIDATION_FAILED', 'This is not a valid HTTP request, or it came too slowly.');
  const body = JSON.stringify(refusal.toBody(randomUUID()));
  socket.end(
    `HTTP/1.1 ${refusal.status} ${STATUS_CODES[refusal.status]}\r\nConnection: close\r\n` +
      `Content-Type: application/json; charset=utf-8\r\nContent-Length: ${Buffer.byteLength(body)}\r\n\r\n${body}`,
  );
}

/** For processes that run jobs only: whoever reached one by mistake is sent away before anything is read or done. */
export function serveHealthOnly(fastify: FastifyInstance): void {
  fastify.addHook('onRequest', (request, _reply, done) => {
    const path = request.url.split('?', 1)[0]!;
    if (path === '/health' || path.startsWith('/health/')) return done();
    done(new AppError('UNAVAILABLE', 'This process runs jobs only (ROLE=worker); ask one with ROLE=api.'));
  });
}

function addBodyParser(fastify: FastifyInstance): void {
  const parseJson = fastify.getDefaultJsonParser('error', 'error');
  fastify.removeAllContentTypeParsers();
  fastify.addContentTypeParser('*', { parseAs: 'buffer' }, (request, body: Buffer, done) => {
    const { rawBody, hashBody } = flags(request);
    if (rawBody === true) return done(null, body);
    if (hashBody === true) BODY_HASHES.set(request, sha256(body));
    if (body.length === 0) return done(null, undefined);
    if (body.length > JSON_LIMIT)
      return done(new AppError('PAYLOAD_TOO_LARGE', 'The body may have at most 1 MB.'));
    if (!/^application\/json\s*(;|$)/i.test(request.headers['content-type'] ?? '')) {
      return done(new AppError('UNSUPPORTED_MEDIA_TYPE', 'The body must be application/json.'));
    }
    void parseJson(request, body.toString('utf8'), (error, value) => {
      if (error === null) return done(null, value);
      done(new AppError('MALFORMED_BODY', 'The body is not valid JSON.'));
    });
  });
}

/** Forms with files, on the routes that read them; elsewhere they are refused like any other body that is no JSON. */
async function addFormParser(fastify: FastifyInstance, bodyTimeoutMs: number): Promise<void> {
  await fastify.register(multipart);
  const slow = cutOffSlowBodies(fastify);
  fastify.addHook('onRequest', (request, _reply, done) => {
    const { headers, raw } = request;
    const isForm = headers['content-type']?.toLowerCase().startsWith('multipart/') === true;
    if (flags(request).formBody === true) return done();
    if (isForm && !request.is404)
      return done(new AppError('UNSUPPORTED_MEDIA_TYPE', 'The body must be application/json.'));
    if (headers['content-length'] !== undefined || headers['transfer-encoding'] !== undefined)
      slow.set(raw, performance.now() + bodyTimeoutMs);
    done();
  });
}

/**
 * The requests whose body is awaited, and until when. One look each second for all of them: a timer and two listeners
 * for each would cost as much as reading it.
 */
function cutOffSlowBodies(fastify: FastifyInstance): Map<IncomingMessage, number> {
  const awaited = new Map<IncomingMessage, number>();
  const look = setInterval(() => {
    const now = performance.now();
    for (const [request, until] of awaited) {
      if (!request.complete && !request.destroyed && now < until) continue;
      awaited.delete(request);
      if (!request.complete && !request.destroyed) refuseConnection(new Error('too slow'), request.socket);
    }
  }, BODY_CHECK_MS);
  look.unref();
  fastify.addHook('preValidation', ({ raw }, _reply, done) => {
    if (raw.complete) awaited.delete(raw);
    done();
  });
  fastify.addHook('onClose', (_instance, done) => {
    clearInterval(look);
    done();
  });
  return awaited;
}

const BODY_HASHES = new WeakMap<FastifyRequest, Buffer>();
const sha256 = (bytes: Buffer): Buffer => createHash('sha256').update(bytes).digest();
const NO_BODY = sha256(Buffer.alloc(0));

/** SHA-256 of the bytes that came, on routes with {@link SIGNED_BODY}. */
export function bodyHashOf(request: FastifyRequest): Buffer {
  return BODY_HASHES.get(request) ?? NO_BODY;
}

function flags(request: FastifyRequest): RouteFlags {
  return (request.routeOptions?.config ?? {}) as RouteFlags;
}
