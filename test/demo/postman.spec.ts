import { readFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { killAll, spawnNode } from '../support/processes';
import { DIST, freePort, newDataDir, nothingRunsOn, serverEnvironment } from '../support/server-process';
import { ApiDocument } from '../support/openapi';

const COLLECTION = join(DIST, '../docs/postman-collection.json');
const NEWMAN = join(DIST, '../node_modules/newman/bin/newman.js');
const SECRETS = {
  app_secret: 'postman-app-secret',
  verify_token: 'postman-verify-token',
  chat_app_secret: 'postman-chat-app-secret',
};

interface Execution {
  item: { name: string };
  request: { method: string; url: { path: string[]; query: { key: string; value: string }[] } };
  response?: { code: number; stream: { data: number[] } };
  requestError?: { message: string };
  assertions?: { assertion: string; error?: { message: string } }[];
}

const dataDir = newDataDir();
let folder: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'apicechat-postman-'));
});
afterAll(async () => {
  await killAll();
  await nothingRunsOn(dataDir);
  await rm(folder, { recursive: true, force: true });
  await rm(dirname(dataDir), { recursive: true, force: true, maxRetries: 5, retryDelay: 100 });
});

it('the collection runs green against a new demo, touches every route, and every answer is as documented', async () => {
  const [port, simulatorPort] = [await freePort(), await freePort()];
  const names = Object.keys(serverEnvironment(dataDir)).map((name) => [name, undefined]);
  const demo = spawnNode(join(DIST, 'scripts/demo.js'), {
    ownGroup: true,
    cwd: dirname(dataDir),
    env: {
      ...Object.fromEntries(names),
      DATA_DIR: dataDir,
      PORT: `${port}`,
      SIMULATOR_PORT: `${simulatorPort}`,
      THROTTLE_LIMIT: '100000',
      WHATSAPP_APP_SECRET: SECRETS.app_secret,
      WHATSAPP_WEBHOOK_VERIFY_TOKEN: SECRETS.verify_token,
      CHAT_APP_SECRET: SECRETS.chat_app_secret,
    },
  });
  await demo.waitForLine(/Ctrl-C stops everything/, 30_000);

  const report = join(folder, 'report.json');
  const variables = { base_url: `http://127.0.0.1:${port}`, ...SECRETS };
  const run = spawnNode(NEWMAN, {
    cwd: join(DIST, '..'),
    args: [
      'run',
      COLLECTION,
      '--reporters',
      'json',
      '--reporter-json-export',
      report,
      ...Object.entries(variables).flatMap(([name, value]) => ['--env-var', `${name}=${value}`]),
    ],
  });
  await run.exited;
  const { run: result } = JSON.parse(readFileSync(report, 'utf8')) as {
    run: { executions: Execution[]; failures: unknown[] };
  };

  const failures = result.executions.flatMap((one) => [
    ...(one.requestError === undefined ? [] : [`${one.item.name}: ${one.requestError.message}`]),
    ...(one.assertions ?? []).flatMap(({ assertion, error }) =>
      error === undefined ? [] : [`${one.item.name}: ${assertion}: ${error.message}: ${bodyOf(one)}`],
    ),
  ]);
  expect(failures).toEqual([]);
  expect(result.failures.length).toBe(0);
  expect(result.executions.every((one) => (one.assertions ?? []).length > 0)).toBe(true);

  const document = new ApiDocument();
  const touched = new Set<string>();
  const problems = result.executions.flatMap((one) => {
    const path = `/${one.request.url.path.join('/')}`;
    const route = document.routeOf(one.request.method, path);
    touched.add(`${route?.method} ${route?.path}`);
    return document.problemsOf(one.request.method, path, one.response!.code, json(bodyOf(one)));
  });
  expect(problems).toEqual([]);
  expect(
    document.routes.map((one) => `${one.method} ${one.path}`).filter((one) => !touched.has(one)),
  ).toEqual([]);
}, 120_000);

function bodyOf({ response }: Execution): string {
  return Buffer.from(response?.stream?.data ?? []).toString('utf8');
}

function json(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}
