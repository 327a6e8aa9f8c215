import { open } from 'node:fs/promises';
import { type Detected, fileType } from './file-types';

const END = 0x06054b50;
const END_SIZE = 22;
const ENTRY = 0x02014b50;
const ENTRY_SIZE = 46;
const MAX_DIRECTORY = 4 * 1024 * 1024;
/** Unpacked, in bytes. */
const MAX_UNPACKED = 512 * 1024 * 1024;

const OFFICE = 'application/vnd.openxmlformats-officedocument';
const ARCHIVE: Detected = { type: null, found: 'an archive' };

/**
 * Word and Excel files are archives with certain parts. Only the directory is read, nothing is unpacked; an archive
 * that is not written plainly, from the first to the last byte, is taken for what it may hide.
 */
export async function officeTypeOf(path: string, size: number): Promise<Detected> {
  const directory = await directoryOf(path, size);
  const parts = directory === null ? null : partsOf(directory);
  if (parts === null) return ARCHIVE;
  const names = parts.map((part) => part.name);
  const has = (name: RegExp): boolean => names.some((each) => name.test(each));
  if (!has(/^\[Content_Types\]\.xml$/)) return ARCHIVE;
  if (parts.reduce((sum, part) => sum + part.unpacked, 0) > MAX_UNPACKED)
    return { type: null, found: 'an archive that unpacks to far more than it says' };
  if (has(/vbaProject/i)) return { type: null, found: 'an Office file with macros' };
  if (names.some((name) => /(^|[/\\])\.\.([/\\]|$)|^[/\\]|\\|\0/.test(name))) return ARCHIVE;
  const mimeType = has(/^word\/document\d*\.xml$/)
    ? `${OFFICE}.wordprocessingml.document`
    : has(/^xl\/workbook\d*\.xml$/)
      ? `${OFFICE}.spreadsheetml.sheet`
      : null;
  if (mimeType === null) return { type: null, found: 'an archive or another Office file' };
  return { type: fileType(mimeType), found: mimeType };
}

/** Whether these last bytes of a file make it an archive, whatever it begins with. */
export function endsAsArchive(tail: Buffer): boolean {
  for (let at = tail.length - END_SIZE; at >= 0; at--) {
    if (tail.readUInt32LE(at) === END && at + END_SIZE + tail.readUInt16LE(at + 20) === tail.length)
      return true;
  }
  return false;
}

async function directoryOf(path: string, size: number): Promise<Buffer | null> {
  if (size < END_SIZE) return null;
  const file = await open(path, 'r');
  try {
    const end = (await file.read(Buffer.alloc(END_SIZE), 0, END_SIZE, size - END_SIZE)).buffer;
    if (end.readUInt32LE(0) !== END) return null;
    const length = end.readUInt32LE(12);
    const start = end.readUInt32LE(16);
    if (length > MAX_DIRECTORY || start + length !== size - END_SIZE) return null;
    return (await file.read(Buffer.alloc(length), 0, length, start)).buffer;
  } finally {
    await file.close();
  }
}

function partsOf(directory: Buffer): { name: string; unpacked: number }[] | null {
  const parts = [];
  for (let at = 0; at < directory.length;) {
    if (at + ENTRY_SIZE > directory.length || directory.readUInt32LE(at) !== ENTRY) return null;
    const encrypted = (directory.readUInt16LE(at + 8) & 1) === 1;
    const nameLength = directory.readUInt16LE(at + 28);
    const name = directory.toString('utf8', at + ENTRY_SIZE, at + ENTRY_SIZE + nameLength);
    if (encrypted) return null;
    parts.push({ name, unpacked: directory.readUInt32LE(at + 24) });
    at += ENTRY_SIZE + nameLength + directory.readUInt16LE(at + 30) + directory.readUInt16LE(at + 32);
  }
  return parts;
}
