import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Variable } from '../src/config/variable';
import { VARIABLES } from '../src/config/variables';

const read = (name: string): string => readFileSync(join(__dirname, '..', name), 'utf8');
const compose = read('docker-compose.yml');
const dockerfile = read('Dockerfile');
const all: Record<string, Variable> = VARIABLES;

/** The `KEY: value` lines under `environment:` of one service. */
function environmentOf(service: string): Map<string, string> {
  const body = new RegExp(`^  ${service}:\\n((?:(?: {4}.*)?\\n)*)`, 'm').exec(compose)?.[1] ?? '';
  const lines = /^ {4}environment:\n((?: {6}.*\n)+)/m.exec(body)?.[1] ?? '';
  return new Map([...lines.matchAll(/^ {6}([A-Z_]+): *(.*)$/gm)].map(([, key, value]) => [key!, value!]));
}

const unknown = (names: Iterable<string>): string[] => [...new Set(names)].filter((name) => !(name in all));

describe('the container files', () => {
  const server = environmentOf('server');

  it('give the server only variables that it reads', () => {
    expect(server.size).toBeGreaterThan(10);
    expect(unknown(server.keys())).toEqual([]);
  });

  it('take only known variables from .env', () => {
    const taken = [...compose.matchAll(/(?<!\$)\$\{?([A-Z_]+)/g)].map(([, name]) => name!);
    expect(taken).toContain('JWT_SECRET');
    expect(unknown(taken)).toEqual([]);
  });

  it('set and read only known variables in the image', () => {
    const set = [...dockerfile.matchAll(/^ENV ([A-Z_]+)=/gm)].map(([, name]) => name!);
    const used = [...dockerfile.matchAll(/process\.env\.([A-Z_]+)/g)].map(([, name]) => name!);
    expect(set).toEqual(expect.arrayContaining(['NODE_ENV', 'DATA_DIR']));
    expect(unknown([...set, ...used])).toEqual([]);
  });

  it('refuse to start without what production requires, naming it', () => {
    const required = Object.keys(all).filter((name) => all[name]!.requiredInProduction === true);
    for (const name of required)
      expect(`${name}=${server.get(name)}`).toContain(`\${${name}:?set ${name} in .env`);
  });

  it('keep no secret', () => {
    const secrets = [...server].filter(([name]) => all[name]!.secret === true);
    for (const [name, value] of secrets) expect(value).toMatch(new RegExp(`^(''|\\$\\{${name}:\\?.*\\})$`));
  });

  it('let the server and the database agree', () => {
    const database = environmentOf('database');
    expect(server.get('DB_USER')).toBe(database.get('POSTGRES_USER'));
    expect(server.get('DB_PASSWORD')).toBe(database.get('POSTGRES_PASSWORD'));
    expect(server.get('DB_NAME')).toBe(database.get('POSTGRES_DB'));
  });

  it('start the program that the build makes', () => {
    expect(dockerfile).toContain('CMD ["node", "dist/src/main.js"]');
    expect((JSON.parse(read('package.json')) as { scripts: { start: string } }).scripts.start).toContain(
      'dist/src/main.js',
    );
  });
});
