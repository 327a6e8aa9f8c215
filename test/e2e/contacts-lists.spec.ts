import { ContactBook, type ListedContacts, refused, unique } from '../support/contact-book';
import { type Caller, TestSystem } from '../support/system';

let system: TestSystem;
let admin: Caller;
let book: ContactBook;

beforeAll(async () => {
  system = await TestSystem.start({ config: { defaultCountry: 'BR' } });
  admin = await system.signIn('admin');
  book = new ContactBook(system, admin);
});
afterAll(() => system.stop());

describe('lists', () => {
  test('come in pages that never overlap, by name, date and change, forwards and backwards', async () => {
    const mark = unique('sorted');
    const ids: number[] = [];
    for (const name of ['émile', 'Zoe', 'ana', 'Bia'])
      ids.push((await book.create({ name: `${name} ${mark}` })).id);
    ids.push((await book.create({ external_id: mark })).id);
    const [emile, zoe, ana, bia, nameless] = ids as [number, number, number, number, number];
    const list = (more: string): Promise<number[]> => book.idsOf(`/contacts?search=${mark}${more}`);
    expect(await list('&sort=name')).toEqual([ana, bia, emile, zoe, nameless]);
    expect(await list('&sort=-name')).toEqual([nameless, zoe, emile, bia, ana]);
    expect(await list('&sort=created_at')).toEqual([emile, zoe, ana, bia, nameless]);
    expect(await list('')).toEqual([nameless, bia, ana, zoe, emile]);
    await admin.patch(`/contacts/${ana}`, { name: `Ana ${mark}` });
    expect((await list('&sort=-updated_at'))[0]).toBe(ana);
    expect(await list('&sort=name&limit=2&page=2')).toEqual([emile, zoe]);
    const last = await admin.get<ListedContacts>(`/contacts?search=${mark}&limit=2&page=3`);
    expect(last.body.meta).toEqual({ page: 3, limit: 2, total: 5, pages: 3 });
    expect(last.body.data[0]).not.toHaveProperty('search_text');
  });

  test('are filtered by any or all of several tags, and by when contacts were made', async () => {
    const [red, blue, green] = [await book.createTag(), await book.createTag(), await book.createTag()];
    const [both, onlyRed, onlyBlue] = [
      await book.create({ name: 'a' }),
      await book.create({ name: 'y' }), // no hexadecimal digit: made-up external ids are searched, too
      await book.create({ name: 'c' }),
    ];
    await admin.post(`/contacts/${both.id}/tags`, { tag_ids: [red, blue] });
    await admin.post(`/contacts/${onlyRed.id}/tags`, { tag_ids: [red] });
    await admin.post(`/contacts/${onlyBlue.id}/tags`, { tag_ids: [blue] });
    const by = (query: string): Promise<number[]> => book.idsOf(`/contacts?sort=created_at&${query}`);
    expect(await by(`tag_id=${red}`)).toEqual([both.id, onlyRed.id]);
    expect(await by(`tag_id=${red}&tag_id=${blue}`)).toEqual([both.id, onlyRed.id, onlyBlue.id]);
    expect(await by(`tag_id=${red},${blue}&tag_match=all`)).toEqual([both.id]);
    expect(await by(`tag_id=${red},${red}&tag_match=all`)).toEqual([both.id, onlyRed.id]);
    expect(await by(`tag_id=${red},${green}&tag_match=all`)).toEqual([]);
    expect(await by(`tag_id=${red}&search=y`)).toEqual([onlyRed.id]);
    await system.sql(`update contact set created_at = '2001-02-03' where id = $1`, [onlyRed.id]);
    expect(await by(`tag_id=${red}&created_since=2002-01-01`)).toEqual([both.id]);
    expect(await by(`tag_id=${red}&created_since=2001-02-03T00:00:00Z`)).toEqual([onlyRed.id, both.id]);
    expect(await book.idsOf(`/contacts/by-tag/${red}?sort=created_at&limit=1&page=2`)).toEqual([both.id]);
    expect((await admin.get('/contacts/by-tag/999999')).status).toBe(404);
  });

  test.each([
    'page=0',
    'page=x',
    'limit=101',
    'limit=-1',
    'limit=1e9',
    'sort=id',
    'sort=name;drop table contact',
    'sort=name&sort=name',
    'search=',
    'search=%20',
    `search=${'x'.repeat(101)}`,
    'search=a&search=b',
    'search=%00',
    'tag_id=x',
    'tag_id=0',
    'tag_id=-1',
    'tag_id=1,,2',
    'tag_id[a]=1',
    'tag_match=some',
    'created_since=yesterday',
    'created_since=2026-02-31',
    'unknown=1',
  ])('with %s are refused', async (query) => {
    expect(refused(await admin.get(`/contacts?${query}`))).toEqual([400, 'VALIDATION_FAILED']);
  });
});

describe('search', () => {
  test('finds by any part of the name, whatever case and accents, and by several words in any order', async () => {
    const mark = unique('srch');
    const { id } = await book.create({ name: `José Müller-Ångström ${mark}` });
    for (const text of ['jose', 'JOSÉ', 'muller', 'MÜLL', 'ngstro', 'Müller José', 'jo mu', `${mark} JOSE`])
      expect([text, await book.find(`${text} ${mark}`)]).toEqual([text, [id]]);
    for (const text of ['josef', 'jose silva', 'ose mul x', 'ul'])
      expect([text, await book.find(`${text} ${mark}`)]).toEqual([text, []]);
  });

  test.each([
    ['+55 (11) 97000-1234'],
    ['5511970001234'],
    ['97000 1234'],
    ['970001'],
    ['0055 11 97000-1234'],
    ['(11) 97000-1234'],
    ['011 97000 1234'],
  ])('finds a number typed as %s', async (text) => {
    const known = await book.find('5511970001234');
    const id =
      known[0] ?? (await book.create({ phone_number: '+5511970001234', external_id: unique('p') })).id;
    expect(await book.find(text)).toContain(id);
  });

  test('finds by the external id, with and without its dashes', async () => {
    const { id } = await book.create({ external_id: 'CRM-77-4242-19' });
    for (const text of ['crm-77-4242', '77-4242-19', '77424219', '4242-19'])
      expect(await book.find(text)).toEqual([id]);
  });

  test.each([
    '%',
    '_',
    '\\',
    "'",
    '"',
    '%%%',
    "' or 1=1 --",
    ':*',
    '$$',
    '(((',
    '[',
    'a\\',
    '%_%',
    '\u202e',
    '😀',
    '🙂'.repeat(100),
    'x'.repeat(100),
  ])('takes %j as text', async (text) => {
    const mark = unique('odd');
    const { id } = await book.create({ name: Array.from(`a${text} ${mark}`).slice(0, 150).join('') });
    expect(await book.find(text.length > 50 ? text : `a${text} ${mark}`)).toContain(id);
    const { id: plain } = await book.create({ name: `plain ${mark}` });
    expect(await book.find(text.length > 50 ? text : `${text}${text}${text}x`)).not.toContain(plain);
  });

  test('finds names in scripts of their own', async () => {
    const ids = [
      await book.create({ name: '王伟' }),
      await book.create({ name: 'Анна Каренина' }),
      await book.create({ name: 'محمد علي' }),
    ].map(({ id }) => id);
    expect(await book.find('王伟')).toEqual([ids[0]]);
    expect(await book.find('каренин')).toEqual([ids[1]]);
    expect(await book.find('محمد')).toEqual([ids[2]]);
  });
});
