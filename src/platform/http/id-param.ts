import { Injectable, type PipeTransform } from '@nestjs/common';
import { AppError } from '../../common/app-error';

/** An id in a path: a positive whole number that JavaScript and PostgreSQL both hold exactly. */
@Injectable()
export class IdParam implements PipeTransform<string, number> {
  transform(value: string): number {
    const id = Number(value);
    if (!/^[1-9]\d{0,15}$/.test(value) || !Number.isSafeInteger(id)) {
      throw new AppError('VALIDATION_FAILED', 'An id is a positive whole number.');
    }
    return id;
  }
}
