/** Why a message was taken for spam. */
export type SpamRule = 'repeated' | 'links' | 'symbols' | 'words';

/** What is asked of a text; a number of 0 asks for nothing. */
export interface SpamLimits {
  maxLinks: number;
  /** Percent. */
  maxSymbols: number;
  /** In small letters. */
  words: readonly string[];
}

const LINK = /\bhttps?:\/\/|\bwww\./giu;
/** What ordinary text consists of: a short text may be anything. */
const ORDINARY =
  /[\p{L}\p{M}\p{N}\p{Extended_Pictographic}\p{Regional_Indicator}\u{1f3fb}-\u{1f3ff}\u200d\s]/u;
const SHORT = 20;

/** The rules that a text breaks by itself. */
export function brokenBy(text: string, { maxLinks, maxSymbols, words }: SpamLimits): SpamRule[] {
  const small = text.toLowerCase();
  return [
    ...(maxLinks > 0 && (text.match(LINK) ?? []).length > maxLinks ? (['links'] as const) : []),
    ...(maxSymbols > 0 && symbolsIn(text) > maxSymbols ? (['symbols'] as const) : []),
    ...(words.some((word) => small.includes(word)) ? (['words'] as const) : []),
  ];
}

/** Percent. */
function symbolsIn(text: string): number {
  const letters = Array.from(text);
  if (letters.length < SHORT) return 0;
  return (100 * letters.filter((letter) => !ORDINARY.test(letter)).length) / letters.length;
}
