import { type FileHandle, open } from 'node:fs/promises';

/** The description of a film is longer only where somebody wants to keep us busy. */
const MAX_MOOV = 16 * 1024 * 1024;
const MAX_TOP_BOXES = 1_000;
const MAX_MS = 2 ** 31 - 1;

export interface Film {
  durationMs: number | null;
  /** Of the first picture track, as it is shown; null where there is none. */
  picture: { width: number; height: number } | null;
}

/** What an MP4 or QuickTime file says of itself; null where it cannot be read. */
export async function filmOf(path: string): Promise<Film | null> {
  const file = await open(path, 'r');
  try {
    const moov = await findMoov(file);
    return moov === null ? null : readMoov(moov);
  } catch (error) {
    if (error instanceof RangeError) return null; // it says it is longer than it is
    throw error;
  } finally {
    await file.close();
  }
}

async function findMoov(file: FileHandle): Promise<Buffer | null> {
  const { size } = await file.stat();
  for (let at = 0, boxes = 0; at + 8 <= size && boxes < MAX_TOP_BOXES; boxes++) {
    const { buffer: head } = await file.read(Buffer.alloc(16), 0, 16, at);
    const short = head.readUInt32BE(0);
    const headSize = short === 1 ? 16 : 8;
    const length = short === 1 ? Number(head.readBigUInt64BE(8)) : short === 0 ? size - at : short;
    if (length < headSize) return null;
    if (head.toString('latin1', 4, 8) === 'moov') {
      if (length > MAX_MOOV || at + length > size) return null;
      return (await file.read(Buffer.alloc(length - headSize), 0, length - headSize, at + headSize)).buffer;
    }
    at += length;
  }
  return null;
}

function readMoov(moov: Buffer): Film {
  const film: Film = { durationMs: null, picture: null };
  for (const { type, content } of boxesOf(moov)) {
    if (type === 'mvhd') film.durationMs = durationOf(content);
    if (type === 'trak') film.picture ??= pictureOf(content);
  }
  return film;
}

function durationOf(mvhd: Buffer): number | null {
  const long = mvhd.readUInt8(0) === 1;
  const perSecond = mvhd.readUInt32BE(long ? 20 : 12);
  const units = long ? Number(mvhd.readBigUInt64BE(24)) : mvhd.readUInt32BE(16);
  const ms = Math.round((units * 1_000) / perSecond);
  return ms > 0 && ms <= MAX_MS ? ms : null;
}

function pictureOf(trak: Buffer): Film['picture'] {
  const parts = boxesOf(trak);
  const media = parts.find(({ type }) => type === 'mdia');
  const handler = boxesOf(media?.content ?? Buffer.alloc(0)).find(({ type }) => type === 'hdlr');
  if (handler?.content.toString('latin1', 8, 12) !== 'vide') return null;
  const tkhd = parts.find(({ type }) => type === 'tkhd')?.content;
  if (tkhd === undefined) return null;
  const end = tkhd.readUInt8(0) === 1 ? 96 : 84;
  const [width, height] = [tkhd.readUInt32BE(end - 8) >>> 16, tkhd.readUInt32BE(end - 4) >>> 16];
  // Of the matrix, a and d are zero where the picture lies on its side.
  const turned = tkhd.readInt32BE(end - 44) === 0 && tkhd.readInt32BE(end - 28) === 0;
  return turned ? { width: height, height: width } : { width, height };
}

function boxesOf(bytes: Buffer): { type: string; content: Buffer }[] {
  const boxes = [];
  for (let at = 0; at + 8 <= bytes.length;) {
    const length = bytes.readUInt32BE(at);
    if (length < 8 || at + length > bytes.length) break;
    boxes.push({
      type: bytes.toString('latin1', at + 4, at + 8),
      content: bytes.subarray(at + 8, at + length),
    });
    at += length;
  }
  return boxes;
}
