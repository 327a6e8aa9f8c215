import { type ArgumentsHost, Catch, type ExceptionFilter, Inject } from '@nestjs/common';
import type { Logger } from 'pino';
import { chatErrorOf } from '../app-chat/chat.errors';
import type { AppError } from '../common/app-error';
import { toAppError } from '../platform/http/to-app-error';
import { LOGGER } from '../platform/observability/observability.module';
import type { ChatSocket } from './chat-socket';
import { socketErrorOf, supportErrorOf } from './chat-socket-errors';

/** Errors of socket messages: in the acknowledgement as over HTTP, else as an event. */
@Catch()
export class ChatErrorFilter implements ExceptionFilter {
  constructor(@Inject(LOGGER) private readonly logger: Logger) {}

  catch(thrown: unknown, host: ArgumentsHost): void {
    const [socket, , acknowledge] = host.getArgs<[ChatSocket, unknown, unknown]>();
    const error = toAppError(thrown);
    if (error.code === 'INTERNAL')
      this.logger.error({ err: error.cause, socket: socket.id }, 'a socket message failed');
    if (typeof acknowledge === 'function') acknowledge(chatErrorOf(error));
    else this.tell(socket, error);
    if (error.code !== 'UNAUTHENTICATED') return;
    if (typeof acknowledge === 'function') this.tell(socket, error);
    socket.disconnect(true);
  }

  protected tell(socket: ChatSocket, error: AppError): void {
    socket.emit('error', socketErrorOf(error));
  }
}

/** The same, for the messages of Anume. */
@Catch()
export class SupportErrorFilter extends ChatErrorFilter {
  protected override tell(socket: ChatSocket, error: AppError): void {
    if (error.code === 'UNAUTHENTICATED') socket.emit('error', socketErrorOf(error));
    socket.emit('chat-error', supportErrorOf(error));
  }
}
