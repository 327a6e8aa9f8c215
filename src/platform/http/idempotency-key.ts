import { AppError } from '../../common/app-error';

const KEY = /^[^\0\p{Surrogate}]{1,100}$/u;

/**
 * The caller's own id of a request, which may stand in the header, in the body, or in both.
 *
 * @throws AppError `VALIDATION_FAILED` for a header that is no key, or another one than the body's
 */
export function idempotencyKey(header: string | undefined, inBody: string | null | undefined): string | null {
  if (header === undefined) return inBody ?? null;
  if (KEY.test(header) && (inBody ?? header) === header) return header;
  throw new AppError(
    'VALIDATION_FAILED',
    'Idempotency-Key has 1 to 100 characters and is not another one than client_message_id.',
  );
}
