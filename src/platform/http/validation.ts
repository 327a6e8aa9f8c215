import { type ArgumentMetadata, Injectable, ValidationPipe } from '@nestjs/common';
import { plainToInstance } from 'class-transformer';
import { type ValidationError, validateSync } from 'class-validator';
import { AppError } from '../../common/app-error';

/** Validation itself goes down a body level by level and would run out of stack; nothing of ours is deeper. */
const MAX_DEPTH = 32;

@Injectable()
class ObjectValidationPipe extends ValidationPipe {
  override async transform(value: unknown, metadata: ArgumentMetadata): Promise<unknown> {
    if (metadata.type === 'body' && isDeeperThan(value, MAX_DEPTH))
      throw new AppError('VALIDATION_FAILED', `The body is nested more than ${MAX_DEPTH} levels deep.`);
    return (await super.transform(value, metadata)) as unknown;
  }

  /** Single values of a path or query are left to the pipe that the handler names: `0x1` is a number, but no id. */
  protected override transformPrimitive(value: unknown): unknown {
    return value;
  }
}

const STRICT = { whitelist: true, forbidNonWhitelisted: true, forbidUnknownValues: true } as const;

/** The one check at every door: unknown fields are refused, not dropped. */
export function validationPipe(): ValidationPipe {
  return new ObjectValidationPipe({
    ...STRICT,
    transform: true,
    exceptionFactory: (errors) => refusalOf(errors, ''),
  });
}

/**
 * The same check for a part of a body whose class depends on another part, or that came by no request.
 *
 * @param field how the caller knows it
 * @throws AppError `VALIDATION_FAILED`
 */
export function checked<T extends object>(type: new () => T, value: object, field: string): T {
  const instance = plainToInstance(type, value);
  const errors = validateSync(instance, STRICT);
  if (errors.length > 0) throw refusalOf(errors, field);
  return instance;
}

function refusalOf(errors: ValidationError[], parent: string): AppError {
  const details = errors.flatMap((error) => problems(error, parent));
  return new AppError('VALIDATION_FAILED', details[0]?.problem ?? 'The request is not valid.', details);
}

function isDeeperThan(value: unknown, levels: number): boolean {
  if (typeof value !== 'object' || value === null || ArrayBuffer.isView(value)) return false;
  return levels === 0 || Object.values(value).some((inner) => isDeeperThan(inner, levels - 1));
}

function problems(error: ValidationError, parent: string): { field: string; problem: string }[] {
  const field = parent === '' ? error.property : `${parent}.${error.property}`;
  const own = Object.values(error.constraints ?? {}).map((problem) => ({ field, problem }));
  return [...own, ...(error.children ?? []).flatMap((child) => problems(child, field))];
}
