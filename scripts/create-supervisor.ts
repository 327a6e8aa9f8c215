import 'reflect-metadata';
import { randomBytes } from 'node:crypto';
import { UsersService } from '../src/users/users.service';
import { DEFAULT_WORKSPACE } from '../src/workspaces/workspaces.service';
import { parseOptions } from './seed/script-arguments';
import { refuseInProduction, runScript, withServices } from './with-database';

const NAMES = ['username', 'name', 'password'] as const;

runScript({
  usage:
    'npm run seed:supervisor [-- --username ana --name "Ana Ruiz" --password …]   make one more supervisor account; what is left out is made up and shown',
  takes: (args) => parseOptions(args, NAMES) !== null,
  async run(config, args) {
    refuseInProduction(config);
    const given = parseOptions(args, NAMES)!;
    const username = given['username'] ?? `supervisor-${randomBytes(3).toString('hex')}`;
    const password = given['password'] ?? randomBytes(9).toString('base64url');
    const name = given['name'] ?? username;
    await withServices(config, (services) =>
      services
        .get(UsersService, { strict: false })
        .create(DEFAULT_WORKSPACE.id, { username, password, name, role: 'supervisor' }),
    );
    console.log(
      `made    ${username} / ${given['password'] === undefined ? password : '(as given)'} (supervisor)`,
    );
  },
});
