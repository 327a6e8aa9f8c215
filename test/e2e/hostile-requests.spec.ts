import * as fc from 'fast-check';
import { type HostileRequest, hostileRequests } from '../support/hostile-requests';
import { openChat } from '../support/chat';
import { conversationOf } from '../support/crm';
import { ApiDocument } from '../support/openapi';
import { type Caller, TestSystem } from '../support/system';

const REQUESTS = 20_000;
/** Sent at once, so that they meet. */
const AT_ONCE = 20;
/** These would end a token that others use. */
const LEFT_OUT = ['POST /auth/logout', 'DELETE /api/chat/sessions/current'];

let system: TestSystem;
let callers: Caller[];

beforeAll(async () => {
  system = await TestSystem.start();
  const admin = await system.signIn('admin');
  callers = [admin, await system.signIn('employer'), await openChat(system, { user_id: 1, username: 'ana' })];
  await conversationOf(system, { id: 1, admin });
});
afterAll(() => system.stop());

/** The admin may have deleted the other one, or ended their sessions. */
async function replaceWhoIsGone(): Promise<void> {
  if ((await callers[1]!.get('/users/me')).status === 401) callers[1] = await system.signIn('employer');
}

async function send({ method, path, body, type }: HostileRequest, caller: Caller): Promise<Response> {
  return await fetch(`${system.url}${path}`, {
    method,
    headers: {
      authorization: `Bearer ${caller.token}`,
      ...(type === undefined ? {} : { 'content-type': type }),
    },
    body,
  });
}

test(`${REQUESTS} requests from the document, most of them wrong: no 5xx, every answer as documented, and it goes on`, async () => {
  const document = new ApiDocument();
  const statuses = new Map<number, number>();
  const undocumented = new Set<string>();
  const request = hostileRequests(document, ({ method, path }) => !LEFT_OUT.includes(`${method} ${path}`));
  await fc.assert(
    fc.asyncProperty(fc.array(request, { minLength: AT_ONCE, maxLength: AT_ONCE }), async (requests) => {
      const problems = await Promise.all(
        requests.map(async (one, i) => {
          const response = await send(one, callers[i % callers.length]!);
          statuses.set(response.status, (statuses.get(response.status) ?? 0) + 1);
          const text = await response.text();
          const isJson = response.headers.get('content-type')?.includes('json') === true;
          const body: unknown = isJson && text !== '' ? JSON.parse(text) : text;
          if (response.status >= 500)
            return [`${one.method} ${one.path} ${one.body}: ${response.status} ${text}`];
          // Odd ids in a path, such as `..`, may lead to another route, or to none.
          const path = new URL(one.path, system.url).pathname;
          const target = document.routeOf(one.method, path);
          if (target === null || `${target.method} ${target.path}` !== one.route) return [];
          for (const problem of document.problemsOf(one.method, path, response.status, body))
            undocumented.add(problem);
          return [];
        }),
      );
      expect(problems.flat()).toEqual([]);
      await replaceWhoIsGone();
    }),
    { numRuns: REQUESTS / AT_ONCE, endOnFailure: true },
  );
  expect([...undocumented].toSorted()).toEqual([]);
  expect((await callers[0]!.get('/conversations')).status).toBe(200);
  // It reached further than the door.
  expect(statuses.get(200)! + (statuses.get(201) ?? 0)).toBeGreaterThan(REQUESTS / 20);
  expect(statuses.get(400)).toBeGreaterThan(REQUESTS / 20);
}, 180_000);
