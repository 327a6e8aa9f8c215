import { randomUUID } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import type { Logger } from 'pino';
import { AppError } from '../../common/app-error';
import type { Config } from '../../config/config';
import { withRequestId } from '../observability/request-context';

/** Largest JSON body, in bytes, of a route that says nothing else. */
const JSON_LIMIT = 1024 * 1024;
/** Largest body of any route: Meta's webhooks may have 3 MB. */
const RAW_LIMIT = 4 * 1024 * 1024;
const REQUEST_ID = /^[\w.-]{1,64}$/;

/** For `@RouteConfig(RAW_BODY)`: the handler gets the body's bytes as they came, up to 4 MB. */
export const RAW_BODY = { rawBody: true, quiet: true } as const;

interface RouteFlags {
  rawBody?: boolean;
  /** Only logged at level debug: far too frequent. */
  quiet?: boolean;
}

export function fastifyAdapter(config: Config): FastifyAdapter {
  return new FastifyAdapter({
    bodyLimit: RAW_LIMIT,
    trustProxy: config.http.trustProxy,
    // A slow or silent client holds a connection no longer than this.
    requestTimeout: 30_000,
    connectionTimeout: 0,
    keepAliveTimeout: 65_000,
    forceCloseConnections: 'idle',
    routerOptions: { maxParamLength: 300 },
    genReqId: (request: IncomingMessage) => {
      const given = request.headers['x-request-id'];
      return typeof given === 'string' && REQUEST_ID.test(given) ? given : randomUUID();
    },
  });
}

/** Body parsing, request ids and the access log. */
export function configureFastify(fastify: FastifyInstance, logger: Logger): void {
  fastify.addHook('onRequest', (request, reply, done) => {
    void reply.header('x-request-id', request.id);
    done();
  });
  // After the body was read: the events that read it run outside any request's context.
  fastify.addHook('preValidation', (request, _reply, done) => withRequestId(request.id, done));
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
  addBodyParser(fastify);
}

function addBodyParser(fastify: FastifyInstance): void {
  const parseJson = fastify.getDefaultJsonParser('error', 'error');
  fastify.removeAllContentTypeParsers();
  fastify.addContentTypeParser('*', { parseAs: 'buffer' }, (request, body: Buffer, done) => {
    if (flags(request).rawBody === true) return done(null, body);
    if (body.length === 0) return done(null, undefined);
    if (body.length > JSON_LIMIT)
      return done(new AppError('PAYLOAD_TOO_LARGE', 'The body may have at most 1 MB.'));
    if (!/^application\/json\s*(;|$)/i.test(request.headers['content-type'] ?? '')) {
      return done(new AppError('UNSUPPORTED_MEDIA_TYPE', 'The body must be application/json.'));
    }
    parseJson(request, body.toString('utf8'), (error, value) => {
      if (error === null) return done(null, value);
      done(new AppError('MALFORMED_BODY', 'The body is not valid JSON.'));
    });
  });
}

function flags(request: FastifyRequest): RouteFlags {
  return (request.routeOptions?.config ?? {}) as RouteFlags;
}
