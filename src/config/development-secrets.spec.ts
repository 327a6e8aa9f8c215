import { mkdtempSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { killAll, spawnNodeCode } from '../../test/support/processes';
import { ConfigError } from './config';
import { loadConfig } from './load-config';

// The built module: plain node runs no TypeScript. `npm test` builds first.
const BUILT = join(__dirname, '../../dist/src/config/load-config.js');
const FILE = 'development-secrets.json';
const PROCESSES = 8;

let dataDir: string;

beforeEach(() => {
  dataDir = mkdtempSync(join(tmpdir(), 'apicechat-secrets-'));
});
afterEach(async () => {
  await killAll();
  await rm(dataDir, { recursive: true, force: true });
});

const load = (env: Record<string, string> = {}) => loadConfig({ DATA_DIR: dataDir, ...env });
const file = (): string => join(dataDir, FILE);

describe('secrets that nobody configured', () => {
  it('are made once, differ from each other and between folders, and outlive a restart', () => {
    const first = load();
    const { jwtSecret, encryptionKey } = first.security;
    const { webhookVerifyToken, appSecrets } = first.whatsapp;
    const all = [jwtSecret, encryptionKey, webhookVerifyToken, ...appSecrets];
    expect(new Set(all).size).toBe(4);
    for (const secret of all) expect(secret).toMatch(/^[\w-]{43,}$/);
    expect(load()).toEqual(first);
    expect(loadConfig({ DATA_DIR: join(dataDir, 'other') }).security.jwtSecret).not.toBe(jwtSecret);
  });

  it('lie in one file, for its owner only, whatever the umask', () => {
    const umask = process.umask(0);
    try {
      load({ DATA_DIR: join(dataDir, 'made', 'as', 'needed') });
    } finally {
      process.umask(umask);
    }
    const folder = join(dataDir, 'made', 'as', 'needed');
    expect(readdirSync(folder)).toEqual([FILE]);
    expect(statSync(join(folder, FILE)).mode & 0o777).toBe(0o600);
  });

  it('give way to configured ones', () => {
    const given = load({ JWT_SECRET: 'x'.repeat(32) });
    expect(given.security.jwtSecret).toBe('x'.repeat(32));
    expect(load().security.encryptionKey).toBe(given.security.encryptionKey);
  });

  it('are not made in production', () => {
    expect(() => load({ NODE_ENV: 'production' })).toThrow(ConfigError);
    expect(readdirSync(dataDir)).toEqual([]);
  });

  it('that a file of an earlier version does not name follow from those it does, each time the same', () => {
    writeFileSync(file(), JSON.stringify({ JWT_SECRET: 'an-old-secret-of-an-old-version' }));
    const first = load();
    expect(first.security.jwtSecret).toBe('an-old-secret-of-an-old-version');
    expect(first.security.encryptionKey).toMatch(/^[\w-]{43}$/);
    expect(first.security.encryptionKey).not.toBe(first.whatsapp.webhookVerifyToken);
    expect(load()).toEqual(first);
    expect(JSON.parse(readFileSync(file(), 'utf8'))).toEqual({
      JWT_SECRET: 'an-old-secret-of-an-old-version',
    });
  });

  it(`are the same for ${PROCESSES} processes that want them at once`, async () => {
    const code = `
      const { loadConfig } = require(${JSON.stringify(BUILT)});
      const start = Number(process.env.START_AT);
      while (Date.now() < start);
      const { security, whatsapp } = loadConfig();
      console.log('SECRETS ' + JSON.stringify([security, whatsapp]));`;
    for (let round = 0; round < 3; round++) {
      const env = { DATA_DIR: join(dataDir, `${round}`), START_AT: `${Date.now() + 700}` };
      const processes = Array.from({ length: PROCESSES }, () => spawnNodeCode(code, { env }));
      const lines = await Promise.all(processes.map((each) => each.waitForLine(/^SECRETS (.*)$/m)));
      expect(new Set(lines.map(([, secrets]) => secrets)).size).toBe(1);
    }
  });
});

describe('a file with secrets', () => {
  it.each([
    ['is empty', ''],
    ['ends in the middle', '{"JWT_SECRET": "abc'],
    ['holds something else', '[1, 2]'],
    ['holds no secret', '{}'],
    ['holds an empty secret', '{"JWT_SECRET": ""}'],
    ['holds a number', '{"JWT_SECRET": 12345678901234567890}'],
  ])('that %s is a problem told in words, and stays as it is', (_, content) => {
    writeFileSync(file(), content);
    expect(() => load()).toThrow(ConfigError);
    expect(() => load()).toThrow(`${file()} is damaged. Put the file back from a copy; or delete it`);
    expect(readFileSync(file(), 'utf8')).toBe(content);
  });

  it('that cannot be kept is a problem told in words', () => {
    writeFileSync(join(dataDir, 'a-file'), '');
    const inside = join(dataDir, 'a-file', 'data');
    expect(() => load({ DATA_DIR: inside })).toThrow(ConfigError);
    expect(() => load({ DATA_DIR: inside })).toThrow(inside);
  });
});
