import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { compound, docx, mp3, mp4, ogg, pdf, picture, wav, webm, xlsx, zip } from '../../test/support/files';
import { detectType } from './detect-type';
import { isAccepted } from './file-types';

const folder = mkdtempSync(join(tmpdir(), 'apicechat-types-'));
afterAll(() => rmSync(folder, { recursive: true }));

async function detected(content: Buffer | string, name: string | null = null): Promise<[string, boolean]> {
  const path = join(folder, 'file');
  const bytes = Buffer.from(content);
  writeFileSync(path, bytes);
  const { type, found } = await detectType(path, bytes.length, name);
  return [found, type !== null && isAccepted(type)];
}

test.each<[string, () => Buffer | string | Promise<Buffer>]>([
  ['image/png', () => picture('png')],
  ['image/jpeg', () => picture('jpeg')],
  ['image/gif', () => picture('gif')],
  ['image/webp', () => picture('webp')],
  ['video/mp4', () => mp4()],
  ['video/quicktime', () => mp4({ brand: 'qt' })],
  ['video/mpeg', () => Buffer.concat([Buffer.from('000001ba44000400', 'hex'), Buffer.alloc(64)])],
  ['video/webm', () => webm()],
  ['audio/mpeg', () => mp3()],
  ['audio/wav', () => wav()],
  ['audio/ogg', () => ogg()],
  ['application/pdf', () => pdf()],
  ['application/msword', () => compound('Root Entry', 'WordDocument')],
  ['application/vnd.ms-excel', () => compound('Root Entry', 'Workbook')],
  ['application/vnd.openxmlformats-officedocument.wordprocessingml.document', () => docx()],
  ['application/vnd.openxmlformats-officedocument.spreadsheetml.sheet', () => xlsx()],
  ['text/plain', () => 'Olá, o preço é < 5 €\n\tok'],
  ['text/plain', () => '\ufeffa'],
  ['text/plain', () => 'x'],
  ['text/plain', () => `${'a'.repeat(65_535)}é`],
])('%s is accepted', async (mimeType, make) =>
  expect(await detected(await make())).toEqual([mimeType, true]),
);

test('a text is a table where its name says so', async () => {
  expect(await detected('a;b', 'x.CSV')).toEqual(['text/csv', true]);
  expect(await detected('<html>', 'x.csv')).toEqual(['HTML, XML or a script', false]);
});

const svg = '<svg xmlns="http://www.w3.org/2000/svg" onload="alert(1)"/>';

test.each<[string, string, () => Buffer | string | Promise<Buffer>]>([
  ['HTML', 'HTML, XML or a script', () => '<!DOCTYPE html><p>hi'],
  ['HTML after blanks', 'HTML, XML or a script', () => ' \r\n\t<ScRiPt>alert(1)</sCrIpT>'],
  ['HTML after a byte order mark', 'HTML, XML or a script', () => '\ufeff<html>'],
  ['HTML after a comment', 'HTML, XML or a script', () => '<!-- --><b>'],
  ['SVG', 'HTML, XML or a script', () => svg],
  ['SVG with a declaration', 'application/xml', () => `<?xml version="1.0"?>${'\n'.repeat(40)}<a/>`],
  ['a shell script', 'HTML, XML or a script', () => '#!/bin/sh\nrm -rf /'],
  ['PHP', 'HTML, XML or a script', () => '<?php system($_GET["x"]);'],
  [
    'Latin-1',
    'unknown content, or text in another encoding than UTF-8',
    () => Buffer.from([0x61, 0xe9, 0x61]),
  ],
  ['cut UTF-8', 'unknown content, or text in another encoding than UTF-8', () => Buffer.from([0x61, 0xc3])],
  ['text with a NUL', 'unknown content', () => 'a\0b'],
  ['text with escapes', 'unknown content', () => 'a\x08b'],
  [
    'a program',
    'application/x-elf',
    () => Buffer.concat([Buffer.from('7f454c46020101', 'hex'), Buffer.alloc(64)]),
  ],
  [
    'a Windows program',
    'application/x-msdownload',
    () => Buffer.concat([Buffer.from('MZ'), Buffer.alloc(64)]),
  ],
  ['an archive', 'an archive', () => zip({ 'a.txt': 'a' })],
  ['a Java archive', 'an archive', () => zip({ 'META-INF/MANIFEST.MF': 'a' })],
  [
    'another Office file',
    'an archive or another Office file',
    () => zip({ '[Content_Types].xml': '', 'ppt/presentation.xml': '' }),
  ],
  ['a Word file with macros', 'an Office file with macros', () => docx({ 'word/vbaProject.bin': 'x' })],
  [
    'an old Word file with macros',
    'an Office file with macros',
    () => compound('WordDocument', '_VBA_PROJECT'),
  ],
  ['an installer', 'another Office file', () => compound('Root Entry', 'Property')],
  ['a Word file that climbs', 'an archive', () => docx({ '../../evil': 'x' })],
  [
    'a Word file with something behind it',
    'an archive',
    () => Buffer.concat([docx(), Buffer.from('<script>')]),
  ],
  [
    'a Word file that is encrypted',
    'an archive',
    () => zip({ '[Content_Types].xml': '', 'word/document.xml': '' }, { flags: 1 }),
  ],
  [
    'a bomb',
    'an archive that unpacks to far more than it says',
    () => zip({ '[Content_Types].xml': 'a', 'word/document.xml': 'a' }, { unpacked: 2 ** 31 }),
  ],
  ['half a Word file', 'an archive', () => docx().subarray(0, 60)],
  [
    'GIF and script',
    'image/gif and a script at once',
    () => Buffer.from('GIF89a/*\x10\x00\x00\x00*/=1;alert(1)'),
  ],
  [
    'PNG and HTML',
    'image/png and HTML or a script at once',
    async () => Buffer.concat([await picture('png'), Buffer.from('<script>alert(1)</script>')]),
  ],
  [
    'JPEG and archive',
    'image/jpeg and an archive at once',
    async () => Buffer.concat([await picture('jpeg'), zip({ a: 'b' })]),
  ],
  [
    'MP4 and HTML',
    'video/mp4 and HTML or a script at once',
    () => Buffer.concat([mp4(), Buffer.from('<html><body>')]),
  ],
  [
    'PDF and archive',
    'application/pdf and an archive at once',
    () => Buffer.concat([pdf(), zip({ a: 'b' })]),
  ],
  ['PDF behind HTML', 'HTML, XML or a script', () => Buffer.concat([Buffer.from('<html>'), pdf()])],
  ['half a PDF', 'application/pdf and cut off at once', () => pdf().subarray(0, 40)],
  ['an icon', 'image/x-icon', () => Buffer.concat([Buffer.from('00000100', 'hex'), Buffer.alloc(64)])],
  ['a font', 'unknown content', () => Buffer.concat([Buffer.from([1, 2, 3, 0, 0]), Buffer.alloc(64)])],
])('%s is refused', async (_, found, make) => expect(await detected(await make())).toEqual([found, false]));
