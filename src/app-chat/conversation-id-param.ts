import { Injectable, type PipeTransform } from '@nestjs/common';
import { AppError } from '../common/app-error';
import { IdParam } from '../platform/http/id-param';

/** The id of a conversation in a path, refused in the words of the contract. */
@Injectable()
export class ConversationIdParam implements PipeTransform<string, number> {
  private readonly id = new IdParam();

  transform(value: string): number {
    try {
      return this.id.transform(value);
    } catch {
      throw new AppError('VALIDATION_FAILED', 'Invalid conversation ID');
    }
  }
}
