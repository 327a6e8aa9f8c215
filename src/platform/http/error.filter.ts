import { type ArgumentsHost, Catch, type ExceptionFilter, Inject } from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { Logger } from 'pino';
import { LOGGER } from '../observability/observability.module';
import { ErrorForms } from './error-forms';
import { toAppError } from './to-app-error';

/** Every error of every route leaves through here, in one form. */
@Catch()
export class ErrorFilter implements ExceptionFilter {
  constructor(
    @Inject(LOGGER) private readonly logger: Logger,
    private readonly forms: ErrorForms,
  ) {}

  catch(thrown: unknown, host: ArgumentsHost): void {
    const http = host.switchToHttp();
    const request = http.getRequest<FastifyRequest>();
    const reply = http.getResponse<FastifyReply>();
    const error = toAppError(thrown);
    if (error.code === 'INTERNAL') {
      this.logger.error(
        { err: error.cause, requestId: request.id, method: request.method, url: request.routeOptions?.url },
        'a request failed',
      );
    } else if (error.status >= 500) {
      this.logger.warn({ err: error.cause, requestId: request.id, code: error.code }, error.message);
    }
    if (reply.sent) return;
    if (error.retryAfterSeconds !== undefined)
      void reply.header('retry-after', String(Math.ceil(error.retryAfterSeconds)));
    void reply.status(error.status).send(this.forms.bodyOf(error, request));
  }
}
