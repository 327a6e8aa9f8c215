import type { Snippet, TextRange } from './message-reads.types';

/** UTF-16 units shown before the first match, and altogether. */
const BEFORE = 40;
const LENGTH = 160;

/** A letter as the search compares it; one may become several, or none. */
interface Folded {
  text: string;
  /** Of each unit of `text`, where the letter that it came from begins and ends in the original. */
  starts: number[];
  ends: number[];
}

/** The part of a text around the words that were looked for; its beginning where none of them stands in it. */
export function snippetOf(body: string, wanted: string): Snippet {
  const folded = fold(body);
  const words = fold(wanted).text.match(/[\p{L}\p{N}]+/gu) ?? [];
  const matches = matchesOf(folded, words);
  const from = wholeLetter(body, Math.max(0, (matches[0]?.start ?? 0) - BEFORE));
  const to = wholeLetter(body, Math.min(body.length, from + LENGTH));
  const opening = from > 0 ? '…' : '';
  return {
    text: opening + body.slice(from, to) + (to < body.length ? '…' : ''),
    matches: matches
      .filter(({ start, length }) => start >= from && start + length <= to)
      .map(({ start, length }) => ({ start: start - from + opening.length, length })),
  };
}

/** Beginnings of words that are looked for, in the order of the text, none of them overlapping. */
function matchesOf({ text, starts, ends }: Folded, words: string[]): TextRange[] {
  const matches: TextRange[] = [];
  for (const found of text.matchAll(/[\p{L}\p{N}]+/gu)) {
    const longest = words
      .filter((word) => found[0].startsWith(word))
      .reduce((best, word) => Math.max(best, word.length), 0);
    if (longest === 0) continue;
    const start = starts[found.index]!;
    matches.push({ start, length: ends[found.index + longest - 1]! - start });
  }
  return matches;
}

/** As the database's `search_form`, letter by letter. */
function fold(text: string): Folded {
  const folded: Folded = { text: '', starts: [], ends: [] };
  let at = 0;
  for (const letter of text) {
    const plain = letter < '\u0080' ? letter.toLowerCase() : plainOf(letter);
    folded.text += plain;
    for (let unit = 0; unit < plain.length; unit++) {
      folded.starts.push(at);
      folded.ends.push(at + letter.length);
    }
    at += letter.length;
  }
  return folded;
}

function plainOf(letter: string): string {
  return letter
    .normalize('NFKD')
    .replace(/[\u0300-\u036f\u3099\u309a]/g, '')
    .toLowerCase()
    .replace(/[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u9fff]/g, ' $& ');
}

/** Not between the halves of a letter. */
function wholeLetter(text: string, at: number): number {
  return /[\udc00-\udfff]/.test(text.charAt(at)) ? at - 1 : at;
}
