import { Injectable, type PipeTransform } from '@nestjs/common';
import { AppError } from '../common/app-error';
import { IdParam } from '../platform/http/id-param';

/** The id of a conversation in a path of the live chat. */
@Injectable()
export class ChatConversationId implements PipeTransform<string, number> {
  transform(value: string): number {
    try {
      return new IdParam().transform(value);
    } catch {
      throw new AppError('VALIDATION_FAILED', 'Invalid conversation ID');
    }
  }
}
