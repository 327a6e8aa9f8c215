/** More words narrow nothing down any more. */
const MAX_WORDS = 8;
const NUMBER = /^[+\d\s().\-/]*\d[\d\s().\-/]*$/;
/** Shorter ones are not surely a number with a prefix in front. */
const PHONE_DIGITS = 6;

/** The words that must all occur in a contact for it to be found. */
export function searchWords(text: string): string[] {
  const typed = text.trim();
  if (NUMBER.test(typed)) return [digitsOf(typed)];
  return [...new Set(typed.split(/\s+/).map((word) => (NUMBER.test(word) ? digitsOf(word) : word)))].slice(
    0,
    MAX_WORDS,
  );
}

/** Without what is dialled in front of a number, from within its country (0) or from abroad (00). */
function digitsOf(number: string): string {
  const digits = number.replace(/\D/g, '');
  const bare = digits.replace(/^0+/, '');
  return bare.length >= PHONE_DIGITS ? bare : digits;
}
