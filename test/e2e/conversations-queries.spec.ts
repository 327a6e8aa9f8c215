import { openConversation } from '../support/crm';
import { type Caller, TestSystem } from '../support/system';

let system: TestSystem;
let admin: Caller;

beforeAll(async () => {
  system = await TestSystem.start();
  admin = await system.signIn('admin');
  for (const says of ['one', 'two']) await openConversation(system, { says });
});
afterAll(() => system.stop());

test.each([
  'status=open',
  'status=',
  'status=queue,,active',
  'status=queue,queue',
  'status[a]=queue',
  'priority=medium',
  'assigned_user=you',
  'assigned_user=',
  'assigned_user=0',
  'assigned_user=1.5',
  'assigned_user=1e300',
  'assigned_user=1&assigned_user=2',
  'assigned_bot=x',
  'unassigned=yes',
  'unread=1',
  'contact_id=-1',
  'integration_id=99999999999999999999',
  'tag_id=a',
  'channel=',
  'channel=%00',
  'search=',
  'search=%20',
  'search=%00',
  'search=a&search=b',
  `search=${'x'.repeat(101)}`,
  'updated_since=yesterday',
  'updated_since=2026-02-30',
  'updated_since=2026-02-01T25:00:00Z',
  'updated_since=2026-02-01T12:00:00',
  'updated_since=1772366400000',
  'sort=name',
  'sort=--priority',
  'sort=toString',
  'with_total=maybe',
  'limit=0',
  'limit=101',
  'page=0',
  'workspace_id=1',
])('?%s is refused', async (query) => {
  expect(await admin.get(`/conversations?${query}`)).toMatchObject({
    status: 400,
    body: { code: 'VALIDATION_FAILED' },
  });
});

describe('a cursor', () => {
  const made = (values: unknown): string => Buffer.from(JSON.stringify(values)).toString('base64url');

  test.each([
    ['nothing', ''],
    ['a text', 'abc'],
    ['no list', made({ a: 1 })],
    ['a list of something else', made([1, 2, 3])],
    ['a direction that is none', made(['-last_message_at', 'up', 'normal', 1, 1])],
    ['a priority that is none', made(['-last_message_at', 'next', 'x', 1, 1])],
    ['a time that is none', made(['-last_message_at', 'next', 'normal', 'now', 1])],
    ['a time before all times', made(['-last_message_at', 'next', 'normal', -1, 1])],
    ['an id past what can be held', made(['-last_message_at', 'next', 'normal', 1, 2 ** 60])],
    ['another order', made(['priority', 'next', 'normal', 1, 1])],
    ['a long text', 'a'.repeat(5000)],
  ])('of %s is refused', async (_what, cursor) => {
    expect(await admin.get(`/conversations?cursor=${cursor}`)).toMatchObject({
      status: 400,
      body: { code: 'CURSOR_INVALID' },
    });
  });

  test('of the end of all times is a place as good as another', async () => {
    const cursor = made(['-last_message_at', 'next', 'normal', Number.MAX_SAFE_INTEGER, 1]);
    expect((await admin.get(`/conversations?cursor=${cursor}`)).status).toBe(200);
  });

  test.each(['page=2', 'with_total=true'])('does not go together with %s', async (parameter) => {
    const { next_cursor } = (await admin.get<{ next_cursor: string }>('/conversations?limit=1')).body;
    expect(await admin.get(`/conversations?${parameter}&cursor=${next_cursor}`)).toMatchObject({
      status: 400,
      body: { code: 'VALIDATION_FAILED' },
    });
  });
});
