import { applyDecorators } from '@nestjs/common';
import { IsInt, IsPositive, IsString, Matches, Max, ValidateIf } from 'class-validator';

/** PostgreSQL stores no NUL, and half a surrogate pair is no character. */
const STORABLE = '[^\\0\\p{Surrogate}]';

/** Code points, as the database counts characters. */
export function lengthOf(text: string): number {
  return Array.from(text).length;
}

/** Text of `min` to `max` code points, all of which can be stored. */
export function IsText(min: number, max: number, options: { each?: boolean } = {}): PropertyDecorator {
  return applyDecorators(
    IsString(options),
    Matches(new RegExp(`^${STORABLE}{${min},${max}}$`, 'u'), {
      ...options,
      message: `$property has ${min} to ${max} characters, none of them NUL or incomplete`,
    }),
  );
}

/** The same, and more than blanks. */
export function IsName(max: number, options: { each?: boolean } = {}): PropertyDecorator {
  return applyDecorators(
    IsText(1, max, options),
    Matches(/\S/u, { ...options, message: '$property must hold more than blanks' }),
  );
}

/** An id in a body. */
export function IsId(): PropertyDecorator {
  return applyDecorators(IsInt(), IsPositive(), Max(Number.MAX_SAFE_INTEGER));
}

/** May be left out, but not be null: for what a PATCH may change and not empty. */
export function IsLeftOutOrGiven(): PropertyDecorator {
  return ValidateIf((_: object, value: unknown) => value !== undefined);
}
