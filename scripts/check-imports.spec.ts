import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { checkImports, FLOORS } from './import-rules';
import { readImports } from './read-imports';

/** The messages for a tree of files, each as `path: text`. */
function messages(tree: Record<string, string>): string[] {
  return checkImports(Object.entries(tree).map(([path, text]) => readImports(path, text))).map(
    (violation) => `${violation.file}:${violation.line}: ${violation.message}`,
  );
}

describe('reading imports', () => {
  it('finds every form, with its line', () => {
    const text = [
      '// ümlaut: from "./comment";',
      "import type { A } from './type-import';",
      "import './side-effect';",
      "export * from './export-all';",
      "export { b } from './export-named';",
      "import c = require('./import-equals');",
      "type D = import('./import-type').D;",
      "void import('./dynamic');",
      "require('./required');",
      "require.resolve('./resolved');",
      'void import(`./template`);',
      'const text = "import x from \'./inside-text\'";',
    ].join('\n');
    const found = readImports('src/x.ts', text).imports.map(({ specifier, line }) => `${line} ${specifier}`);
    expect(found.toSorted((a, b) => Number.parseInt(a, 10) - Number.parseInt(b, 10))).toEqual([
      '2 ./type-import',
      '3 ./side-effect',
      '4 ./export-all',
      '5 ./export-named',
      '6 ./import-equals',
      '7 ./import-type',
      '8 ./dynamic',
      '9 ./required',
      '10 ./resolved',
      '11 ./template',
    ]);
  });
});

describe('the import rules', () => {
  it.each<[string, Record<string, string>]>([
    [
      'a feature imports lower features by their front doors',
      {
        'src/messages/messages.service.ts': "import { a } from '../conversations/conversations.service';",
        'src/conversations/conversations.service.ts': "import { b } from '../users/users.types';",
        'src/users/users.types.ts': "import { c } from '../common/page';",
        'src/common/page.ts': '',
      },
    ],
    [
      'a controller uses a guard and a decorator of a lower feature',
      {
        'src/conversations/a.controller.ts':
          "import { G } from '../auth/access.guard'; import { D } from '../auth/d.decorator';",
        'src/auth/access.guard.ts': '',
        'src/auth/d.decorator.ts': '',
      },
    ],
    [
      'entities, repositories and modules know the ORM',
      {
        'src/users/user.entity.ts': "import { Entity } from 'typeorm';",
        'src/users/users.repository.ts': "import { In } from 'typeorm';",
        'src/users/users.module.ts': "import { TypeOrmModule } from '@nestjs/typeorm';",
        'src/platform/events/wake-up.ts': "import { Client } from 'pg';",
      },
    ],
    ['config reads the environment', { 'src/config/load-config.ts': 'export const a = process.env.PORT;' }],
    [
      'the clock compared, given and measured times, and the times of files',
      {
        'src/platform/database/database-clock.ts': 'export const difference = () => Date.now();',
        'src/platform/storage/spool.ts': 'export const age = (ms: number) => Date.now() - ms;',
        'src/users/a.service.ts':
          'export const b = [new Date(0), Date.parse("x"), performance.now(), other.now()];',
        'bench/a.ts': 'export const now = Date.now();',
      },
    ],
    [
      'platform folders in their order',
      {
        'src/platform/http/a.ts': "import '../jobs/b';",
        'src/platform/jobs/b.ts': "import '../events/c';",
        'src/platform/events/c.ts': "import '../database/d';",
        'src/platform/database/d.ts': "import '../observability/e';",
        'src/platform/observability/e.ts': '',
      },
    ],
    [
      'a migration imports typeorm, and their list imports them',
      {
        'src/platform/database/migrations/index.ts': "import { A } from './1-a';",
        'src/platform/database/migrations/1-a.ts': "import { QueryRunner } from 'typeorm';",
      },
    ],
    [
      'scripts use src',
      { 'scripts/a.ts': "import '../src/config/variables';", 'src/config/variables.ts': '' },
    ],
    ['a .js ending means the .ts file', { 'src/users/a.ts': "import './b.js';", 'src/users/b.ts': '' }],
  ])('accept: %s', (_, tree) => {
    expect(messages(tree)).toEqual([]);
  });

  it.each<[string, Record<string, string>, string]>([
    [
      'an upward import',
      { 'src/users/users.service.ts': "\nimport { a } from '../messages/messages.service';" },
      'src/users/users.service.ts:2: users must not import messages (floor 5 is below floor 8): tell it with a journal event',
    ],
    [
      'an upward type import',
      { 'src/users/users.service.ts': "type A = import('../messages/messages.types').A;" },
      'users must not import messages',
    ],
    [
      'channels that know each other',
      { 'src/app-chat/a.service.ts': "import type { b } from '../meta-whatsapp/b.service';" },
      'app-chat must not import meta-whatsapp (both on floor 10)',
    ],
    [
      'anyone but the root importing the gateway',
      { 'src/messages/m.service.ts': "import '../crm-gateway/crm.module';" },
      'messages must not import crm-gateway',
    ],
    ['a folder without a floor', { 'src/surprises/a.ts': '' }, 'src/surprises has no floor: give it one'],
    [
      'a platform folder without a floor',
      { 'src/platform/magic/a.ts': '' },
      'give it one in PLATFORM_FLOORS',
    ],
    [
      "another feature's repository",
      {
        'src/auth/a.service.ts': "import { R } from '../users/users.repository';",
        'src/users/users.repository.ts': '',
      },
      'src/users/users.repository.ts is private to users: ask its *.service.ts',
    ],
    [
      "another feature's entity",
      {
        'src/auth/a.repository.ts': "import type { E } from '../users/user.entity';",
        'src/users/user.entity.ts': '',
      },
      'src/users/user.entity.ts is private to users',
    ],
    [
      'the platform order',
      { 'src/platform/database/a.ts': "import '../events/b';", 'src/platform/events/b.ts': '' },
      'platform/database must not import platform/events (observability/crypto < database',
    ],
    [
      'observability importing crypto',
      { 'src/platform/observability/a.ts': "import '../crypto/b';", 'src/platform/crypto/b.ts': '' },
      'platform/observability must not import platform/crypto',
    ],
    [
      'SQL in a service',
      { 'src/users/users.service.ts': "import { In } from 'typeorm';" },
      'move the query into a *.repository.ts',
    ],
    [
      'pg in a controller',
      { 'src/users/users.controller.ts': "import type { Pool } from 'pg';" },
      'pg must not be imported here',
    ],
    [
      '@nestjs/typeorm in a repository',
      { 'src/users/users.repository.ts': "import { a } from '@nestjs/typeorm';" },
      'TypeOrmModule.forFeature',
    ],
    [
      'InjectRepository',
      { 'src/users/users.module.ts': "import { InjectRepository as I } from '@nestjs/typeorm';" },
      'No InjectRepository',
    ],
    [
      'sockets in a feature',
      { 'src/messages/m.service.ts': "import { Server } from 'socket.io';" },
      'write an event to the journal',
    ],
    [
      'ioredis outside the platform',
      { 'src/auth/a.service.ts': "import Redis from 'ioredis';" },
      'use what src/platform offers',
    ],
    [
      'process.env',
      { 'src/auth/a.service.ts': '\n\nexport const a = process.env.PORT;' },
      'a.service.ts:3: Only src/config reads process.env',
    ],
    [
      "process['env']",
      { 'src/auth/a.service.ts': "export const a = process['env'];" },
      'Only src/config reads',
    ],
    ['destructured env', { 'src/auth/a.service.ts': 'const { env } = process;' }, 'Only src/config reads'],
    [
      'imported env',
      { 'src/auth/a.service.ts': "import { env } from 'node:process';" },
      'Only src/config reads',
    ],
    ...['Date.now()', 'new Date()', 'new Date', 'Date()', "Date['now']()", '[1].map(Date.now)'].map(
      (now): [string, Record<string, string>, string] => [
        now,
        { 'src/auth/a.service.ts': `\nexport const a = ${now};` },
        "a.service.ts:2: The time is the database's",
      ],
    ),
    ['a barrel', { 'src/users/index.ts': '' }, 'No barrels'],
    [
      'a migration that imports an entity',
      { 'src/platform/database/migrations/1-a.ts': "import { E } from '../connections';" },
      'A migration imports only typeorm',
    ],
    [
      'src importing the simulator',
      { 'src/users/a.ts': "import '../../simulator/b';" },
      'src/ imports nothing from simulator/',
    ],
    [
      'src importing tests',
      { 'src/users/a.ts': "import '../../test/support/b';" },
      'src/ imports nothing from test/',
    ],
    [
      'the simulator importing src',
      { 'simulator/a.ts': "import '../src/common/b';" },
      'simulator/ imports nothing from src/',
    ],
    [
      'a script importing tests',
      { 'scripts/a.ts': "import '../test/support/b';" },
      'scripts/ imports nothing from test/',
    ],
  ])('refuse: %s', (_, tree, message) => {
    expect(messages(tree)).toEqual([expect.stringContaining(message)]);
  });

  it('refuse: circles, type imports included, each shown once', () => {
    const tree = {
      'src/users/a.ts': "import './b';",
      'src/users/b.ts': "import type { C } from './c';",
      'src/users/c.ts': "export { a } from './a';",
      'src/users/d.ts': "import './a';",
    };
    expect(messages(tree)).toEqual([
      expect.stringContaining('src/users/a.ts -> src/users/b.ts -> src/users/c.ts -> src/users/a.ts'),
    ]);
  });
});

it('docs/architecture.md shows every folder on its floor', () => {
  const root = join(__dirname, '..');
  const document = readFileSync(join(root, 'docs/architecture.md'), 'utf8');
  const shown = [...document.matchAll(/^\| (\d+) +\| (`[^|]+)\|/gm)].flatMap(([, floor, folders]) =>
    [...folders!.matchAll(/`([\w-]+)`/g)].map(([, folder]) => `${floor} ${folder}`),
  );
  const there = FLOORS.flatMap((row, floor) =>
    row.filter((folder) => existsSync(join(root, 'src', folder))).map((folder) => `${floor} ${folder}`),
  );
  expect(shown.toSorted()).toEqual(there.toSorted());
});
