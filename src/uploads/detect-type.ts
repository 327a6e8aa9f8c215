import { open } from 'node:fs/promises';
import { type Detected, fileType } from './file-types';
import { compoundTypeOf } from './office-compound';
import { looksLikeMarkup, textProblem } from './plain-text';
import { endsAsArchive, officeTypeOf } from './zip-parts';

const EDGE = 4_096;
/** An end-of-archive record with its longest comment. */
const TAIL = 65_557;

/** Names of other libraries and times for what we call otherwise. */
const SAME: Readonly<Record<string, string>> = {
  'image/apng': 'image/png',
  'audio/x-m4a': 'audio/mp4',
  'audio/vnd.wave': 'audio/wav',
  'audio/x-wav': 'audio/wav',
  'audio/opus': 'audio/ogg',
  'application/ogg': 'audio/ogg',
  'video/x-m4v': 'video/mp4',
  'video/mp1s': 'video/mpeg',
  'video/mp2p': 'video/mpeg',
};

/**
 * What a file is, by its content alone.
 *
 * @param name decides only what no content can: whether a text is a table
 */
export async function detectType(path: string, size: number, name: string | null): Promise<Detected> {
  const [head, tail] = await edgesOf(path, size);
  if (head.readUInt32BE(0) === 0x504b0304) return await officeTypeOf(path, size);
  if (head.readUInt32BE(0) === 0xd0cf11e0) return await compoundTypeOf(path);
  const { fileTypeFromFile } = await import('file-type');
  const found = await fileTypeFromFile(path);
  if (found === undefined) {
    const problem = await textProblem(path, head);
    if (problem !== null) return { type: null, found: problem };
    const mimeType = /\.csv$/i.test(name ?? '') ? 'text/csv' : 'text/plain';
    return { type: fileType(mimeType), found: mimeType };
  }
  const bare = found.mime.split(';')[0]!.trim().toLowerCase();
  const mimeType = SAME[bare] ?? bare;
  const contradiction = contradictionOf(mimeType, head, tail);
  if (contradiction !== null) return { type: null, found: `${mimeType} and ${contradiction} at once` };
  return { type: fileType(mimeType), found: mimeType };
}

/** What else a file would pass for: somebody made it for two readers. */
function contradictionOf(mimeType: string, head: Buffer, tail: Buffer): string | null {
  if (looksLikeMarkup(head) || looksLikeMarkup(tail.subarray(-EDGE))) return 'HTML or a script';
  if (endsAsArchive(tail)) return 'an archive';
  // Its width would open a comment in a script.
  if (mimeType === 'image/gif' && head.toString('latin1', 6, 8) === '/*') return 'a script';
  if (mimeType === 'application/pdf' && !tail.includes('%%EOF')) return 'cut off';
  return null;
}

/** The first and the last bytes; padded, so that any file has a few. */
async function edgesOf(path: string, size: number): Promise<[head: Buffer, tail: Buffer]> {
  const file = await open(path, 'r');
  try {
    const read = async (start: number, length: number): Promise<Buffer> => {
      const { buffer, bytesRead } = await file.read(Buffer.alloc(length), 0, length, start);
      return buffer.subarray(0, Math.max(bytesRead, Math.min(8, length)));
    };
    const head = await read(0, EDGE);
    const from = Math.max(0, size - TAIL);
    return [head, await read(from, Math.max(1, size - from))];
  } finally {
    await file.close();
  }
}
