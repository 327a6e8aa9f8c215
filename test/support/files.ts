import sharp from 'sharp';
import type { Answer, Caller, TestSystem } from './system';

/** A picture of one colour. */
export async function picture(
  format: 'png' | 'jpeg' | 'webp' | 'gif',
  { width = 40, height = 30 } = {},
): Promise<Buffer> {
  const blank = sharp({ create: { width, height, channels: 3, background: '#a33' } });
  return await blank.toFormat(format).toBuffer();
}

/** Silence of some length, 8 kHz. */
export function wav(seconds = 2): Buffer {
  const data = Buffer.alloc(8_000 * seconds, 128);
  const header = Buffer.alloc(44);
  header.write('RIFF', 0);
  header.writeUInt32LE(36 + data.length, 4);
  header.write('WAVEfmt ', 8);
  header.writeUInt32LE(16, 16);
  header.writeUInt16LE(1, 20);
  header.writeUInt16LE(1, 22);
  header.writeUInt32LE(8_000, 24);
  header.writeUInt32LE(8_000, 28);
  header.writeUInt16LE(1, 32);
  header.writeUInt16LE(8, 34);
  header.write('data', 36);
  header.writeUInt32LE(data.length, 40);
  return Buffer.concat([header, data]);
}

const box = (type: string, ...content: Buffer[]): Buffer => {
  const body = Buffer.concat(content);
  const head = Buffer.alloc(8);
  head.writeUInt32BE(8 + body.length);
  head.write(type, 4, 'latin1');
  return Buffer.concat([head, body]);
};
const words = (...values: number[]): Buffer => {
  const bytes = Buffer.alloc(4 * values.length);
  values.forEach((value, i) => bytes.writeUInt32BE(value, 4 * i));
  return bytes;
};

/** As much of an MP4 as tells its length and whether it has pictures. */
export function mp4({ seconds = 3, brand = 'isom', track = 'vide', padding = 0 } = {}): Buffer {
  const ms = seconds * 1_000;
  const sample = track === 'vide' ? box('avc1', Buffer.alloc(78)) : box('mp4a', Buffer.alloc(28));
  const hdlr = box('hdlr', words(0, 0), Buffer.from(track), Buffer.alloc(13));
  const stbl = box(
    'stbl',
    box('stsd', words(0, 1), sample),
    box('stts', words(0, 1, 1, ms)),
    box('stsc', words(0, 0)),
    box('stsz', words(0, 0, 0)),
    box('stco', words(0, 0)),
  );
  const mdhd = box('mdhd', words(0, 0, 0, 1_000, ms, 0));
  const matrix = words(0x10000, 0, 0, 0, 0x10000, 0, 0, 0, 0x40000000);
  const tkhd = box('tkhd', words(7, 0, 0, 1, 0, ms, 0, 0, 0, 0), matrix, words(640 << 16, 360 << 16));
  const mdia = box('mdia', mdhd, hdlr, box('minf', stbl));
  const moov = box('moov', box('mvhd', words(0, 0, 0, 1_000, ms), Buffer.alloc(80)), box('trak', tkhd, mdia));
  const ftyp = box('ftyp', Buffer.from(brand.padEnd(4)), words(512), Buffer.from('isommp42'));
  return Buffer.concat([ftyp, moov, box('mdat', Buffer.alloc(16 + padding))]);
}

/** An Ogg page that says Opus, and the comments after it. */
export function ogg(): Buffer {
  const page = (flag: number, granule: number, sequence: number, content: Buffer): Buffer => {
    const head = Buffer.alloc(28);
    head.write('OggS', 0);
    head.writeUInt8(flag, 5);
    head.writeBigUInt64LE(BigInt(granule), 6);
    head.writeUInt32LE(7, 14);
    head.writeUInt32LE(sequence, 18);
    head.writeUInt8(1, 26);
    head.writeUInt8(content.length, 27);
    return Buffer.concat([head, content]);
  };
  const opusHead = Buffer.from('OpusHead\x01\x01\0\0\x80\xbb\0\0\0\0\0', 'latin1');
  const tags = Buffer.from('OpusTags\x04\0\0\0test\0\0\0\0', 'latin1');
  return Buffer.concat([
    page(2, 0, 0, opusHead),
    page(0, 0, 1, tags),
    page(4, 48_000 * 4, 2, Buffer.alloc(40)),
  ]);
}

/** Frames of silence, 26 ms each. */
export function mp3(frames = 100): Buffer {
  const frame = Buffer.alloc(417);
  Buffer.from([0xff, 0xfb, 0x90, 0x00]).copy(frame);
  return Buffer.concat(Array.from({ length: frames }, () => frame));
}

/** As much of a WebM as tells its length and whether it has pictures. */
export function webm({ seconds = 3, track = 'video' } = {}): Buffer {
  const element = (id: string, ...content: Buffer[]): Buffer => {
    const size = Buffer.alloc(8);
    size.writeBigUInt64BE((1n << 56n) | BigInt(content.reduce((sum, part) => sum + part.length, 0)));
    return Buffer.concat([Buffer.from(id, 'hex'), size, ...content]);
  };
  const duration = Buffer.alloc(8);
  duration.writeDoubleBE(seconds * 1_000);
  const info = element(
    '1549a966',
    element('2ad7b1', Buffer.from('0f4240', 'hex')),
    element('4489', duration),
  );
  const frequency = Buffer.alloc(8);
  frequency.writeDoubleBE(48_000);
  const entry =
    track === 'video'
      ? [element('83', Buffer.of(1)), element('86', Buffer.from('V_VP9'))]
      : [
          element('83', Buffer.of(2)),
          element('86', Buffer.from('A_OPUS')),
          element('e1', element('b5', frequency)),
        ];
  const tracks = element('1654ae6b', element('ae', element('d7', Buffer.of(1)), ...entry));
  return Buffer.concat([
    element('1a45dfa3', element('4282', Buffer.from('webm'))),
    element('18538067', info, tracks),
  ]);
}

export const pdf = (): Buffer =>
  Buffer.from('%PDF-1.4\n1 0 obj\n<< /Type /Catalog >>\nendobj\ntrailer\n<< /Root 1 0 R >>\n%%EOF\n');

/** An archive of stored parts. */
export function zip(parts: Record<string, string>, { flags = 0, unpacked = 0 } = {}): Buffer {
  const local: Buffer[] = [];
  const directory: Buffer[] = [];
  let offset = 0;
  for (const [name, text] of Object.entries(parts)) {
    const data = Buffer.from(text);
    const head = Buffer.alloc(30);
    head.writeUInt32LE(0x04034b50, 0);
    head.writeUInt32LE(data.length, 18);
    head.writeUInt32LE(data.length, 22);
    head.writeUInt16LE(name.length, 26);
    const entry = Buffer.alloc(46);
    entry.writeUInt32LE(0x02014b50, 0);
    entry.writeUInt16LE(flags, 8);
    entry.writeUInt32LE(data.length, 20);
    entry.writeUInt32LE(unpacked || data.length, 24);
    entry.writeUInt16LE(name.length, 28);
    entry.writeUInt32LE(offset, 42);
    local.push(head, Buffer.from(name), data);
    directory.push(entry, Buffer.from(name));
    offset += 30 + name.length + data.length;
  }
  const list = Buffer.concat(directory);
  const end = Buffer.alloc(22);
  end.writeUInt32LE(0x06054b50, 0);
  end.writeUInt16LE(Object.keys(parts).length, 8);
  end.writeUInt16LE(Object.keys(parts).length, 10);
  end.writeUInt32LE(list.length, 12);
  end.writeUInt32LE(offset, 16);
  return Buffer.concat([...local, list, end]);
}

export const docx = (more: Record<string, string> = {}): Buffer =>
  zip({ '[Content_Types].xml': '<Types/>', 'word/document.xml': '<w:document/>', ...more });
export const xlsx = (): Buffer =>
  zip({ '[Content_Types].xml': '<Types/>', 'xl/workbook.xml': '<workbook/>' });

/** Word's or Excel's form of before 2007, with entries of these names. */
export function compound(...names: string[]): Buffer {
  const entries = names.map((name) => {
    const entry = Buffer.alloc(128);
    entry.write(name, 'utf16le');
    return entry;
  });
  const header = Buffer.alloc(512);
  Buffer.from('d0cf11e0a1b11ae1', 'hex').copy(header);
  return Buffer.concat([header, ...entries]);
}

export interface FormPart {
  content: Buffer | string;
  name?: string;
  field?: string;
  type?: string;
}

/** A form as browsers send it. */
export function form(...parts: FormPart[]): FormData {
  const data = new FormData();
  for (const { content, name = 'file.bin', field = 'file', type = 'application/octet-stream' } of parts)
    data.append(field, new Blob([content], { type }), name);
  return data;
}

/** Posts a form as this person. */
export async function post<Body = Record<string, unknown>>(
  system: TestSystem,
  caller: Caller | null,
  path: string,
  body: FormData,
): Promise<Answer<Body>> {
  const response = await fetch(`${system.url}${path}`, {
    method: 'POST',
    headers: caller === null ? {} : { authorization: `Bearer ${caller.token}` },
    body,
  });
  return { status: response.status, headers: response.headers, body: (await response.json()) as Body };
}
