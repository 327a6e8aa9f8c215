import { get, type IncomingMessage } from 'node:http';
import { eventually } from '../support/eventually';
import { type Answer, type Caller, TestSystem } from '../support/system';
import { deliver, message, storedMessages, stranger, wamidOf } from '../support/webhooks';

interface Report extends Record<string, unknown> {
  created: number;
  updated: number;
  unchanged: number;
  rejected: number;
  rows: { line: number; code: string; message: string; values: object }[];
}
interface Contact extends Record<string, unknown> {
  id: number;
  name: string | null;
  external_id: string;
  phone_number: string | null;
  tags: { name: string }[];
  identities: { value: string }[];
}

let system: TestSystem;
let admin: Caller;

beforeAll(async () => {
  system = await TestSystem.start({ config: { defaultCountry: 'BR' } });
  admin = await system.signIn('admin');
});
afterAll(() => system.stop());

let made = 0;
const unique = (text: string): string => `${text}${++made}x${Date.now().toString(36)}`;
const newPhone = (): string => `+55119${String(7_0000000 + ++made * 13).padStart(8, '0')}`;

async function send(body: string | Buffer, type = 'text/csv'): Promise<Answer<Report>> {
  return await system.call<Report>('POST', '/contacts/import', body, {
    authorization: `Bearer ${admin.token}`,
    'content-type': type,
  });
}

async function importing(...lines: string[]): Promise<Report> {
  const answer = await send(lines.join('\n'));
  expect([answer.status, answer.body]).toEqual([200, answer.body]);
  return answer.body;
}

const byExternalId = async (id: string): Promise<Contact> =>
  (await admin.get<Contact>(`/contacts/external-id/${encodeURIComponent(id)}`)).body;
const exported = async (query = ''): Promise<string> =>
  (
    await system.call<string>('GET', `/contacts/export.csv${query}`, undefined, {
      authorization: `Bearer ${admin.token}`,
    })
  ).body;
const counts = async (): Promise<unknown> =>
  await system.sql(
    'select (select count(*) from contact) as contacts, (select count(*) from tag) as tags, (select count(*) from contact_tag) as given',
  );

describe('an import', () => {
  test('makes contacts with their numbers and tags, and the same file again changes nothing', async () => {
    const [one, two, tag] = [unique('e'), unique('e'), unique('tag')];
    const phone = newPhone();
    await system.sql('insert into tag (workspace_id, name) values (1, $1)', [`Old ${tag}`]);
    const file = [
      'name,phone_number,external_id,tags',
      `José Müller,${phone.slice(3)},${one},${tag}|old ${tag}`,
      `,,${two},`,
    ];
    expect(await importing(...file)).toEqual({ created: 2, updated: 0, unchanged: 0, rejected: 0, rows: [] });
    const contact = await byExternalId(one);
    expect(contact).toMatchObject({ name: 'José Müller', phone_number: phone });
    expect(contact.tags.map(({ name }) => name).sort()).toEqual([`Old ${tag}`, tag].sort());
    expect(contact.identities[0]).toMatchObject({ value: phone.slice(1) });
    const before = await counts();
    expect(await importing(...file)).toEqual({ created: 0, updated: 0, unchanged: 2, rejected: 0, rows: [] });
    expect(await counts()).toEqual(before);
    expect(
      await system.sql(
        `select details->>'created' as created from audit_log where action = 'contact.import'`,
      ),
    ).toEqual([{ created: '2' }]);
  });

  test('changes what the file names and leaves what it has no word for; finds by external id or by phone', async () => {
    const external = unique('e');
    const [phone, newer] = [newPhone(), newPhone()];
    await importing('external_id,name,phone_number', `${external},Ana,${phone}`);
    expect(await importing('external_id,name,phone_number', `${external},,`)).toMatchObject({ unchanged: 1 });
    expect(await importing('phone_number,name', `${phone},Ana Souza`)).toMatchObject({ updated: 1 });
    expect(await byExternalId(external)).toMatchObject({ name: 'Ana Souza', phone_number: phone });
    expect(await importing('external_id;phone_number', `${external};${newer}`)).toMatchObject({ updated: 1 });
    const now = await byExternalId(external);
    expect(now.phone_number).toBe(newer);
    expect(now.identities.map(({ value }) => value)).not.toContain(phone.slice(1));
    const renamed = unique('crm');
    expect(await importing('external_id,phone_number', `${renamed},${newer}`)).toMatchObject({ updated: 1 });
    expect(await byExternalId(renamed)).toMatchObject({ id: now.id });
  });

  test('of customers who wrote already finds them, and their agents hear of the new name', async () => {
    const person = stranger();
    const item = message(person, 'hello');
    await deliver(system, item);
    const [row] = await storedMessages(system, [wamidOf(item)]);
    const listener = await system.listen(admin);
    expect(await importing('phone_number,name', `+${person.phone},Renamed`)).toMatchObject({ updated: 1 });
    await eventually(() => listener.of('conversation:updated').length > 0, { what: 'the news' });
    expect(listener.of('conversation:updated')[0]!.payload).toMatchObject({
      id: row!.conversation_id,
      contact: { id: row!.contact_id, name: 'Renamed' },
    });
  });

  test('says of every row that it refuses why, with its line, and takes all the others', async () => {
    const [a, b, c] = [unique('e'), unique('e'), unique('e')];
    const [phoneA, phoneB] = [newPhone(), newPhone()];
    await importing('external_id,phone_number', `${a},${phoneA}`, `${b},${phoneB}`);
    const report = await importing(
      'external_id,phone_number,name,tags',
      `${c},,"two`,
      'lines",',
      `${a},${phoneB},Mixed,`,
      `${c},,Again,`,
      `,${phoneA.slice(3)},First of A,`,
      `${a},,Second of A,`,
      ',,Nobody,',
      `${unique('e')},12,Wrong number,`,
      `${'x'.repeat(151)},,Long,`,
      `${unique('e')},,Tag,${'t'.repeat(101)}`,
      `${unique('e')},,too,many,cells`,
      `${unique('e')},,NUL\0,`,
    );
    expect(report).toMatchObject({ created: 1, updated: 1, unchanged: 0, rejected: 9 });
    expect(report.rows.map(({ line, code }) => [line, code])).toEqual([
      [4, 'CONFLICT'],
      [5, 'DUPLICATE'],
      [7, 'DUPLICATE'],
      [8, 'VALIDATION_FAILED'],
      [9, 'VALIDATION_FAILED'],
      [10, 'VALIDATION_FAILED'],
      [11, 'VALIDATION_FAILED'],
      [12, 'VALIDATION_FAILED'],
      [13, 'VALIDATION_FAILED'],
    ]);
    expect(report.rows[0]).toMatchObject({
      message: expect.stringMatching(/contact \d+/),
      values: { external_id: a, name: 'Mixed' },
    });
    expect(report.rows[1]!.message).toContain('line 2');
    expect(report.rows[3]!.values).toEqual({ external_id: '', phone_number: '', name: 'Nobody', tags: '' });
    expect(await byExternalId(a)).toMatchObject({ name: 'First of A', phone_number: phoneA });
    expect(await byExternalId(c)).toMatchObject({ name: 'two\nlines' });
  });

  test('finds twins also where they are far apart in the file', async () => {
    const mark = unique('far');
    const lines = Array.from({ length: 1_200 }, (_, i) => `${mark}-${i}`);
    const report = await importing('external_id', ...lines, `${mark}-3`);
    expect(report).toMatchObject({ created: 1_200, rejected: 1 });
    expect(report.rows).toMatchObject([
      { line: 1_202, code: 'DUPLICATE', message: 'The same contact as on line 5.' },
    ]);
  });

  test.each([
    ['JSON', '{}', 'application/json', 415],
    ['no type', 'external_id\nx', '', 415],
    ['another encoding', 'external_id\nx', 'text/csv; charset=latin1', 415],
    ['bytes of another encoding', Buffer.from('external_id\nJosé', 'latin1'), 'text/csv', 400],
    ['nothing', '', 'text/csv', 400],
    ['an unknown column', 'external_id,password\nx,y', 'text/csv', 400],
    ['no column that identifies', 'name\nx', 'text/csv', 400],
    ['an open quote in its last row', 'external_id\nnever-stored\n"x', 'text/csv', 400],
    ['too many rows', `external_id\n${'x\n'.repeat(10_001)}`, 'text/csv', 413],
    ['too many bytes', `external_id\n${'x'.repeat(2 * 1024 * 1024)}`, 'text/csv; charset=utf-8', 413],
  ])('of %s is refused as a whole', async (_, body, type, status) => {
    const before = await counts();
    const answer = await send(body, type);
    expect(answer.status).toBe(status);
    expect(answer.body['code']).toEqual(expect.any(String));
    expect(await counts()).toEqual(before);
  });

  test('at the same time as the people in it write makes each of them once', async () => {
    const people = Array.from({ length: 60 }, stranger);
    const items = people.map((person) => message(person, 'hello'));
    const file = [
      'phone_number,external_id',
      ...people.map((person) => `+${person.phone},crm-${person.phone}`),
    ];
    const [report, ...delivered] = await Promise.all([
      importing(...file),
      ...items.map((item) => deliver(system, item)),
    ]);
    expect(delivered.map(({ status }) => status)).toEqual(people.map(() => 200));
    expect([report.rejected, report.created + report.updated]).toEqual([0, people.length]);
    const rows = await system.sql<{ contacts: number; matched: number }>(
      `select count(distinct c.id)::int as contacts, count(*) filter (where c.external_id = 'crm-' || i.value)::int as matched
       from contact_identity i join contact c on c.id = i.contact_id where i.scheme = 'whatsapp_phone' and i.value = any ($1)`,
      [people.map(({ phone }) => phone)],
    );
    expect(rows).toEqual([{ contacts: people.length, matched: people.length }]);
  });

  test('at the same time as the same import makes no contact twice', async () => {
    const mark = unique('twice');
    const file = ['external_id,tags', ...Array.from({ length: 700 }, (_, i) => `${mark}-${i},${mark}`)];
    const reports = await Promise.all([importing(...file), importing(...file)]);
    expect(reports.map((r) => r.created).reduce((a, b) => a + b)).toBe(700);
    expect(reports.map((r) => r.created + r.unchanged + r.updated)).toEqual([700, 700]);
    expect(await system.sql('select 1 from tag where name = $1', [mark])).toHaveLength(1);
  });
});

describe('an export', () => {
  test('is read again by an import, which finds nothing to change', async () => {
    const mark = unique('rt');
    const tag = unique('a|b');
    await importing(
      'external_id,name,phone_number,tags',
      `${mark}-1,"=HYPERLINK(""http://evil.example"",""x"")",${newPhone()},${tag.replace('|', '\\|')}`,
      `${mark}-2,"Souza; ""José"", 王伟",,`,
      `${mark}-3,-1+1|cmd,+52 55 1234 5678,`,
    );
    const csv = await exported(`?search=${mark}`);
    expect(csv).toContain(`'=HYPERLINK`);
    expect(csv).toContain(`'-1+1`);
    expect(csv).toContain(',+525512345678,');
    const before = await counts();
    expect(await send(csv, 'text/csv; charset=utf-8')).toMatchObject({
      status: 200,
      body: { created: 0, updated: 0, unchanged: 3, rejected: 0 },
    });
    expect(await counts()).toEqual(before);
  });

  test('has the list’s filters, a name and a type, and is audited', async () => {
    const mark = unique('flt');
    await importing('external_id,tags', `${mark}-1,${mark}`, `${mark}-2,`);
    const [tag] = await system.sql<{ id: string }>('select id from tag where name = $1', [mark]);
    const lines = async (query: string): Promise<string[]> =>
      (await exported(query))
        .trim()
        .split('\r\n')
        .slice(1)
        .map((line) => line.split(',')[1]!);
    expect(await lines(`?search=${mark}`)).toEqual([`${mark}-1`, `${mark}-2`]);
    expect(await lines(`?tag_id=${tag!.id}`)).toEqual([`${mark}-1`]);
    expect(await lines(`?search=${mark}&created_since=2999-01-01`)).toEqual([]);
    const answer = await system.call('GET', `/contacts/export.csv?tag_id=${tag!.id}`, undefined, {
      authorization: `Bearer ${admin.token}`,
    });
    expect(answer.headers.get('content-type')).toBe('text/csv; charset=utf-8');
    expect(answer.headers.get('content-disposition')).toBe('attachment; filename="contacts.csv"');
    expect(answer.headers.get('x-request-id')).not.toBeNull();
    expect((await admin.get('/contacts/export.csv?page=2')).status).toBe(400);
    expect(
      (await system.sql(`select 1 from audit_log where action = 'contact.export'`)).length,
    ).toBeGreaterThan(0);
  });

  test('begins with the mark by which spreadsheets know UTF-8', async () => {
    const response = await fetch(`${system.url}/contacts/export.csv?created_since=2999-01-01`, {
      headers: { authorization: `Bearer ${admin.token}` },
    });
    expect(Buffer.from(await response.arrayBuffer()).toString('latin1')).toBe(
      '\xef\xbb\xbfid,external_id,name,phone_number,tags,created_at,updated_at\r\n',
    );
  });

  describe('to a client that reads slowly', () => {
    const TOTAL = 30_000;
    const mark = 'slow';

    /** The answer, of which nothing has been read yet. */
    async function begun(): Promise<IncomingMessage> {
      const headers = { authorization: `Bearer ${admin.token}` };
      return await new Promise((answered, failed) => {
        get(`${system.url}/contacts/export.csv?search=${mark}`, { headers }, answered).on('error', failed);
      });
    }

    /** The server has read no page of it for a while. */
    async function atRest(): Promise<void> {
      let last: unknown;
      let unchanged = 0;
      await eventually(
        async () => {
          const [row] = await system.sql(
            `select count(xact_start)::int as open, max(query_start) as last from pg_stat_activity
             where datname = current_database() and application_name = 'apicechat' and query like '%contact c%'
               or datname = current_database() and application_name = 'apicechat' and xact_start is not null`,
          );
          unchanged = JSON.stringify(row) === JSON.stringify(last) && row!['open'] === 0 ? unchanged + 1 : 0;
          last = row;
          return unchanged >= 10;
        },
        { what: 'a server that waits for its client, without a transaction', timeoutMs: 20_000 },
      );
    }

    beforeAll(async () => {
      await system.sql(
        `insert into contact (workspace_id, external_id, name)
         select 1, '${mark}-' || g || repeat('-', 120), repeat('n', 150) from generate_series(1, $1) g`,
        [TOTAL],
      );
    });

    test('it holds no transaction and reads no further ahead, and what was there all the while is in it once', async () => {
      const response = await begun();
      await atRest();
      // What it has not read yet and is deleted now cannot be in the file.
      const gone = await system.sql(
        `delete from contact where id in (
           select id from contact where external_id like '${mark}-%' order by id desc limit 3000) returning 1`,
      );
      let text = '';
      response.setEncoding('utf8');
      for await (const chunk of response) text += chunk as string;
      const ids = text
        .trim()
        .split('\r\n')
        .slice(1)
        .map((line) => line.split(',')[0]!);
      expect(ids).toHaveLength(TOTAL - gone.length);
      expect(new Set(ids).size).toBe(ids.length);
      expect(text.match(/external_id/g)).toHaveLength(1);
    }, 60_000);

    test('and one that goes away leaves nothing behind', async () => {
      const response = await begun();
      response.destroy();
      await atRest();
      expect((await admin.get('/contacts?limit=1')).status).toBe(200);
    }, 60_000);
  });
});
