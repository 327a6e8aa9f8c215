import { safeFileName } from './safe-file-name';
import { cutCodePoints, cutText, storableJson, storableText } from './storable-text';

describe('storableText', () => {
  it.each([
    ['Olá 😀', 'Olá 😀'],
    ['', ''],
    ['a\u0000b\u0000', 'a␀b␀'],
    ['\ud83d', '\ufffd'],
    ['\ude00\ud83d', '\ufffd\ufffd'],
    ['\ud83d\u0000\ude00', '\ufffd␀\ufffd'],
  ])('%j becomes %j', (text, storable) => {
    expect(storableText(text)).toBe(storable);
    expect(storableText(storable)).toBe(storable);
  });
});

describe('cutting', () => {
  it('never leaves half a character', () => {
    expect(cutText('ab😀', 3)).toBe('ab');
    expect(cutText('ab😀', 4)).toBe('ab😀');
    expect(cutCodePoints('😀😀😀', 2)).toBe('😀😀');
    expect(cutCodePoints('a😀b', 2)).toBe('a😀');
  });
});

describe('storableJson', () => {
  it('cleans texts and keys, and keeps a key named __proto__ a key', () => {
    const clean = storableJson(
      JSON.parse('{"__proto__":{"admin":true},"a\\u0000":["\\ud800",1,null]}'),
    ) as object;
    expect(JSON.stringify(clean)).toBe('{"__proto__":{"admin":true},"a␀":["\ufffd",1,null]}');
    expect('admin' in clean).toBe(false);
  });

  it('stops at 32 levels', () => {
    const deep: unknown = JSON.parse(`${'['.repeat(100_000)}${']'.repeat(100_000)}`);
    expect(JSON.stringify(storableJson(deep))).toBe(
      `${'['.repeat(32)}"[nested too deeply]"${']'.repeat(32)}`,
    );
  });
});

describe('safeFileName', () => {
  it.each([
    ['a.pdf', 'a.pdf'],
    ['../../etc/passwd', 'passwd'],
    ['C:\\x\\relatório.docx', 'relatório.docx'],
    ['..', null],
    ['a/', null],
    ['...hidden', 'hidden'],
    ['\u202efdp.exe', 'fdp.exe'],
    ['a\r\nb\u0000.txt', 'ab.txt'],
    ['a"b<c>|d?.txt', 'a_b_c__d_.txt'],
    ['name. ', 'name'],
    [`${'x'.repeat(500)}.pdf`, `${'x'.repeat(130)}.pdf`],
    [`a.${'x'.repeat(500)}`, `a.${'x'.repeat(128)}`],
  ])('%j becomes %j', (given, safe) => {
    expect(safeFileName(given)).toBe(safe);
  });
});
