import { type ArgumentsHost, Catch, type ExceptionFilter, Inject } from '@nestjs/common';
import type { Logger } from 'pino';
import { LOGGER } from '../platform/observability/observability.module';
import { toAppError } from '../platform/http/to-app-error';
import type { AuthenticatedSocket } from './authenticated-socket';
import { SYSTEM_EVENTS } from './crm-events';

/** Errors of socket messages: the same body as over HTTP, in the acknowledgement or as `system:error`. */
@Catch()
export class WsErrorFilter implements ExceptionFilter {
  constructor(@Inject(LOGGER) private readonly logger: Logger) {}

  catch(thrown: unknown, host: ArgumentsHost): void {
    const [socket, , acknowledge] = host.getArgs<[AuthenticatedSocket, unknown, unknown]>();
    const error = toAppError(thrown);
    if (error.code === 'INTERNAL')
      this.logger.error({ err: error.cause, socket: socket.id }, 'a socket message failed');
    if (typeof acknowledge === 'function') acknowledge({ error: error.toBody() });
    else socket.emit(SYSTEM_EVENTS.ERROR, error.toBody());
    if (error.code === 'UNAUTHENTICATED') socket.disconnect(true);
  }
}
