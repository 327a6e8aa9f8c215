import { createReadStream } from 'node:fs';

// oxlint-disable-next-line no-control-regex -- control characters are what is looked for
const CONTROL = /[\0-\x08\x0b\x0e-\x1a\x1c-\x1f\x7f]/;
const MARKUP = /<(?:script|html|!doctype\s+html|\?php|svg[\s>]|iframe[\s>])/i;
const BEGINS_AS_MARKUP = /^\s*(?:<(?:!doctype|!--|\?|[a-z][a-z0-9:-]*[\s/>])|#!)/i;

/** Why a file is no plain text, or null where it is one. */
export async function textProblem(path: string, head: Buffer): Promise<string | null> {
  const beginning = head.toString('utf8').replace(/^\ufeff/, '');
  if (BEGINS_AS_MARKUP.test(beginning)) return 'HTML, XML or a script';
  const decoder = new TextDecoder('utf-8', { fatal: true });
  try {
    for await (const chunk of createReadStream(path) as AsyncIterable<Buffer>) {
      if (CONTROL.test(decoder.decode(chunk, { stream: true }))) return 'unknown content';
    }
    decoder.decode();
    return null;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ERR_ENCODING_INVALID_ENCODED_DATA')
      return 'unknown content, or text in another encoding than UTF-8';
    throw error;
  }
}

/** Whether a browser that guesses could take these bytes of another type for a page. */
export function looksLikeMarkup(bytes: Buffer): boolean {
  return MARKUP.test(bytes.toString('latin1'));
}
