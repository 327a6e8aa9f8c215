import { ValidationPipe } from '@nestjs/common';
import type { ValidationError } from 'class-validator';
import { AppError } from '../../common/app-error';

/** The one check at every door: unknown fields are refused, not dropped. */
export function validationPipe(): ValidationPipe {
  return new ValidationPipe({
    whitelist: true,
    forbidNonWhitelisted: true,
    forbidUnknownValues: true,
    transform: true,
    exceptionFactory: (errors) => {
      const details = errors.flatMap((error) => problems(error, ''));
      return new AppError('VALIDATION_FAILED', details[0]?.problem ?? 'The request is not valid.', details);
    },
  });
}

function problems(error: ValidationError, parent: string): { field: string; problem: string }[] {
  const field = parent === '' ? error.property : `${parent}.${error.property}`;
  const own = Object.values(error.constraints ?? {}).map((problem) => ({ field, problem }));
  return [...own, ...(error.children ?? []).flatMap((child) => problems(child, field))];
}
