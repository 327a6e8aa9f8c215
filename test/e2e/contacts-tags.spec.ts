import { ContactBook, refused, type ShownContact } from '../support/contact-book';
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

describe('tags of a contact', () => {
  test('are added, several and again, shown with when and by whom, and removed', async () => {
    const contact = await book.create({ name: 'Tagged' });
    const [red, blue] = [await book.createTag(), await book.createTag()];
    const added = await admin.post<{ data: { id: number; added_by: object; added_at: string }[] }>(
      `/contacts/${contact.id}/tags`,
      { tag_ids: [red, blue, red] },
    );
    expect(added.status).toBe(201);
    expect(added.body.data).toHaveLength(2);
    expect(added.body.data[0]).toMatchObject({
      added_by: { id: admin.user.id, name: expect.any(String) },
      added_at: expect.stringMatching(/Z$/),
    });
    expect((await admin.post(`/contacts/${contact.id}/tags`, { tag_ids: [red] })).body).toEqual(added.body);
    expect((await admin.get(`/contacts/${contact.id}/tags`)).body).toEqual(added.body);
    const shown = (await admin.get<ShownContact>(`/contacts/${contact.id}`)).body.tags.map(({ id }) => id);
    expect([...shown].sort((a, b) => a - b)).toEqual([red, blue].sort((a, b) => a - b));
    expect(await book.idsOf(`/contacts/by-tag/${red}`)).toEqual([contact.id]);
    expect((await admin.delete(`/contacts/${contact.id}/tags`, { tag_ids: [red] })).status).toBe(204);
    expect((await admin.delete(`/contacts/${contact.id}/tags?tag_ids=${red},${blue}`)).status).toBe(204);
    expect((await admin.get(`/contacts/${contact.id}/tags`)).body).toEqual({ data: [] });
    expect(await book.auditOf(contact.id)).toMatchObject([
      { action: 'contact.create' },
      { action: 'contact.tag', details: { tag_ids: [red, blue] } },
      { action: 'contact.untag', details: { tag_ids: [red] } },
      { action: 'contact.untag', details: { tag_ids: [blue] } },
    ]);
  });

  test.each([
    ['no list', {}],
    ['an empty list', { tag_ids: [] }],
    ['a text', { tag_ids: '1' }],
    ['fractions', { tag_ids: [1.5] }],
    ['negative ids', { tag_ids: [-1] }],
    ['too many', { tag_ids: Array.from({ length: 101 }, (_, i) => i + 1) }],
    ['no such tag', { tag_ids: [999_999] }],
    ['ids beyond what a number holds', { tag_ids: [2 ** 60] }],
  ])('%s is refused and nothing added', async (_, input) => {
    const contact = await book.create({ name: 'Untagged' });
    expect(refused(await admin.post(`/contacts/${contact.id}/tags`, input))).toEqual([
      400,
      'VALIDATION_FAILED',
    ]);
    expect((await admin.get(`/contacts/${contact.id}/tags`)).body).toEqual({ data: [] });
  });

  test('removing without saying which is refused', async () => {
    const contact = await book.create({ name: 'Tagged' });
    await admin.post(`/contacts/${contact.id}/tags`, { tag_ids: [await book.createTag()] });
    for (const path of ['', '?tag_ids=', '?tag_ids=x', '?tag_ids=1,'])
      expect(refused(await admin.delete(`/contacts/${contact.id}/tags${path}`))).toEqual([
        400,
        'VALIDATION_FAILED',
      ]);
    expect((await admin.get<{ data: object[] }>(`/contacts/${contact.id}/tags`)).body.data).toHaveLength(1);
  });

  test('of a contact that is none are not found, and neither added nor removed', async () => {
    const tag = await book.createTag();
    for (const answer of [
      await admin.get('/contacts/999999/tags'),
      await admin.post('/contacts/999999/tags', { tag_ids: [tag] }),
      await admin.delete('/contacts/999999/tags', { tag_ids: [tag] }),
    ])
      expect(refused(answer)).toEqual([404, 'NOT_FOUND']);
  });
});
