import { AppError } from '../common/app-error';
import { contactsCsv, MAX_ROWS, plainCell, protectedCell, readContactsCsv, splitTags } from './contact-csv';

const read = (text: string): ReturnType<typeof readContactsCsv> => readContactsCsv(Buffer.from(text));

describe('a file', () => {
  const rows = [
    { line: 2, cells: { name: 'Ana', phone_number: '+55 11' }, problem: null },
    { line: 3, cells: { name: 'Müller; "Bia"', phone_number: '' }, problem: null },
  ];

  it.each([
    ['commas', 'name,phone_number\nAna,+55 11\n"Müller; ""Bia""",\n'],
    ['semicolons', 'name;phone_number\nAna;+55 11\n"Müller; ""Bia""";\n'],
    ['a byte order mark', '\ufeffname,phone_number\nAna,+55 11\n"Müller; ""Bia""",\n'],
    [
      'Windows line ends, blanks and capitals',
      'Name , Phone_Number\r\n Ana , +55 11 \r\n"Müller; ""Bia""",\r\n',
    ],
    ['no line end at its end', 'name,phone_number\nAna,+55 11\n"Müller; ""Bia""",'],
    ['columns that an export adds', 'id,name,phone_number\n1,Ana,+55 11\n2,"Müller; ""Bia""",\n'],
  ])('with %s is read', async (_, text) => {
    expect(await read(text)).toEqual(rows);
  });

  it('tells on which line a row begins, also after cells of several lines and empty lines', async () => {
    const text = 'name,external_id\n"one\ntwo",a\n\nthree,b\nfour,c,d\n';
    expect((await read(text)).map(({ line, problem }) => [line, problem])).toEqual([
      [2, null],
      [5, null],
      [6, 'The row has 3 cells, the header 2.'],
    ]);
  });

  it.each([
    ['nothing', ''],
    ['an unknown column', 'name,phone_number,colour\nAna,1,red\n'],
    ['a column twice', 'name,name,phone_number\na,b,1\n'],
    ['nothing that identifies', 'name,tags\nAna,vip\n'],
    ['an open quote', 'name,phone_number\n"Ana,1\nBia,2\n'],
    ['a quote within a cell', 'name,phone_number\nA"n"a,1\n'],
  ])('with %s is refused', async (_, text) => {
    await expect(read(text)).rejects.toThrow(AppError);
  });

  it('in another encoding is refused', async () => {
    const latin = Buffer.from('name,phone_number\nJosé,1\n', 'latin1');
    await expect(readContactsCsv(latin)).rejects.toThrow('UTF-8');
  });

  it('may have so many rows and bytes and no more', async () => {
    const file = (rowCount: number): string => `external_id\n${'x\n'.repeat(rowCount)}`;
    expect(await read(file(MAX_ROWS))).toHaveLength(MAX_ROWS);
    await expect(read(file(MAX_ROWS + 1))).rejects.toMatchObject({ code: 'PAYLOAD_TOO_LARGE' });
    await expect(read(`external_id\n${'x'.repeat(2 * 1024 * 1024)}`)).rejects.toMatchObject({
      code: 'PAYLOAD_TOO_LARGE',
    });
  });
});

describe('a cell', () => {
  it.each([
    ['=HYPERLINK("http://evil","x")', `'=HYPERLINK("http://evil","x")`],
    ['+1+1', "'+1+1"],
    ['-2', "'-2"],
    ['@SUM(A1)', "'@SUM(A1)"],
    ["'=1", "''=1"],
    ['+5511987654321', '+5511987654321'],
    ["O'Neill", "O'Neill"],
    ["'quoted'", "'quoted'"],
  ])('%j is written as %j and read back', (text, cell) => {
    expect(protectedCell(text)).toBe(cell);
    expect(plainCell(cell)).toBe(text);
  });

  it.each([
    ['vip|new', ['vip', 'new']],
    [' vip | new | vip ||', ['vip', 'new']],
    ['a\\|b|c\\\\', ['a|b', 'c\\']],
    ['end\\', ['end\\']],
    ['', []],
  ])('of tags %j names %j', (cell, names) => {
    expect(splitTags(cell)).toEqual(names);
  });
});

it('what is written is read again', async () => {
  const contact = {
    id: 7,
    uuid: '',
    external_id: 'a;b',
    name: '=1+1 "Ana"\nSouza, José',
    phone_number: '+5511987654321',
    tags: [
      { id: 1, name: 'a|b' },
      { id: 2, name: '-c' },
    ],
    created_at: '2026-01-01T00:00:00.000Z',
    updated_at: '2026-01-01T00:00:00.000Z',
  };
  const [row] = await read(contactsCsv([contact], true));
  expect(row).toEqual({
    line: 2,
    cells: { external_id: 'a;b', name: contact.name, phone_number: contact.phone_number, tags: 'a\\|b|-c' },
    problem: null,
  });
});
