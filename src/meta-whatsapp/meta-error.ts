import { numberOf, objectOf, objectsOf, textOf } from './loose-json';

/** One of Meta's errors, as found in `value.errors`, `messages[].errors` and `statuses[].errors`. */
export interface MetaError {
  code: number;
  title: string;
  details: string | null;
}

const MAX_WORDS = 1_000;

/** The errors of a list that carry a code; Meta asks to branch on nothing else. */
export function metaErrorsOf(value: unknown): MetaError[] {
  if (value === undefined) return [];
  return objectsOf(value).flatMap((error) => {
    const code = numberOf(error.code);
    if (code === null) return [];
    const title = textOf(error.title, MAX_WORDS) ?? textOf(error.message, MAX_WORDS) ?? '';
    return { code, title, details: errorDetailsOf(error.error_data) };
  });
}

/** `error_data` is `{ details }`, and in some answers the text itself. */
export function errorDetailsOf(errorData: unknown): string | null {
  return textOf(objectOf(errorData)?.details, MAX_WORDS) ?? textOf(errorData, MAX_WORDS);
}
