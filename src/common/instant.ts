import { isISO8601, ValidateBy } from 'class-validator';

/** A day, which begins at midnight UTC, or a time that says its zone. */
const INSTANT = /^\d{4}-\d\d-\d\d(T\d\d:\d\d(:\d\d(\.\d{1,6})?)?(Z|[+-]\d\d:\d\d))?$/;

/** A moment in ISO 8601, such as `2026-03-01` or `2026-03-01T12:00:00Z`; what is finer than milliseconds does not count. */
export function IsInstant(): PropertyDecorator {
  return ValidateBy({
    name: 'isInstant',
    validator: {
      validate: (value: unknown) =>
        typeof value === 'string' &&
        INSTANT.test(value) &&
        isISO8601(value, { strict: true }) &&
        !Number.isNaN(Date.parse(value)),
      defaultMessage: () => '$property is a day (2026-03-01) or a time with its zone (2026-03-01T12:00:00Z)',
    },
  });
}
