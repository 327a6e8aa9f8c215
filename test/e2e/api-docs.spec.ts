import { ApiDocument } from '../support/openapi';
import { TestSystem } from '../support/system';

let system: TestSystem;
beforeAll(async () => {
  system = await TestSystem.start();
});
afterAll(() => system.stop());

test('the page and all it loads are there, without a token and without leaving the server', async () => {
  const page = await system.call<string>('GET', '/docs');
  expect(page.status).toBe(200);
  expect(page.headers.get('content-type')).toContain('text/html');
  expect(page.headers.get('content-security-policy')).toContain("script-src 'self'");
  const assets = [...page.body.matchAll(/(?:src|href)="([^"]+)"/g)].map(([, path]) => path!);
  expect(assets.length).toBeGreaterThan(3);
  for (const asset of assets) {
    expect(asset).toMatch(/^docs\//);
    const { status, headers } = await system.call('GET', `/${asset}`);
    expect([asset, status]).toEqual([asset, 200]);
    expect(headers.get('content-type')).toMatch(/javascript|css|png/);
  }
});

test.each(['openapi.json', 'postman-collection.json'])(
  '%s is served as it is in the repository',
  async (name) => {
    const { status, headers, body } = await system.call('GET', `/docs/${name}`);
    expect(status).toBe(200);
    expect(headers.get('content-type')).toContain('application/json');
    if (name === 'openapi.json') expect(body).toEqual(new ApiDocument().json);
  },
);

test.each([
  '/docs/package.json',
  '/docs/..%2Fpackage.json',
  '/docs/%2e%2e',
  '/docs/constructor',
  '/docs/openapi.json%00',
])('nothing else is: %s', async (path) => {
  const { status, body } = await system.call('GET', path);
  expect([400, 404]).toContain(status);
  expect(body).toMatchObject({ statusCode: status });
});

test('every reference in the document leads somewhere, and every operation has an example of each answer', () => {
  const { json, routes } = new ApiDocument();
  for (const [, name] of JSON.stringify(json).matchAll(/#\/components\/schemas\/(\w+)/g))
    expect(Object.keys(json.components.schemas)).toContain(name);
  for (const { method, path, operation } of routes) {
    const codes = Object.keys(operation.responses);
    expect([method, path, codes.some((code) => code.startsWith('2'))]).toEqual([method, path, true]);
    for (const [code, { content }] of Object.entries(operation.responses)) {
      const answer = content?.['application/json'] as { example?: unknown; examples?: object } | undefined;
      if (answer === undefined) continue;
      expect([method, path, code, (answer.example ?? answer.examples) !== undefined]).toEqual([
        method,
        path,
        code,
        true,
      ]);
    }
  }
});
