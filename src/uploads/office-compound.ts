import { open } from 'node:fs/promises';
import { type Detected, fileType } from './file-types';

/** No file of this kind that is accepted is longer. */
const READ = 10 * 1024 * 1024;
const ENTRY_SIZE = 128;

/** Word's and Excel's files of before 2007: a small file system, whose entries say what it holds. */
export async function compoundTypeOf(path: string): Promise<Detected> {
  const bytes = await beginningOf(path);
  const has = (name: string): boolean => hasEntry(bytes, name);
  if (has('_VBA_PROJECT') || has('VBA')) return { type: null, found: 'an Office file with macros' };
  const mimeType = has('WordDocument')
    ? 'application/msword'
    : has('Workbook') || has('Book')
      ? 'application/vnd.ms-excel'
      : null;
  return mimeType === null
    ? { type: null, found: 'another Office file' }
    : { type: fileType(mimeType), found: mimeType };
}

/** An entry begins with its name in UTF-16, ended by a zero, and stands at a multiple of its size. */
function hasEntry(bytes: Buffer, name: string): boolean {
  const wanted = Buffer.from(`${name}\0`, 'utf16le');
  for (let at = bytes.indexOf(wanted); at >= 0; at = bytes.indexOf(wanted, at + 1)) {
    if (at % ENTRY_SIZE === 0) return true;
  }
  return false;
}

async function beginningOf(path: string): Promise<Buffer> {
  const file = await open(path, 'r');
  try {
    const length = Math.min(READ, (await file.stat()).size);
    return (await file.read(Buffer.alloc(length), 0, length, 0)).buffer;
  } finally {
    await file.close();
  }
}
