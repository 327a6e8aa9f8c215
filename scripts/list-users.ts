import 'reflect-metadata';
import { UsersService } from '../src/users/users.service';
import { DEFAULT_WORKSPACE } from '../src/workspaces/workspaces.service';
import { runScript, withServices } from './with-database';

runScript({
  usage: 'npm run users:list   show the accounts of the default workspace',
  takes: (args) => args.length === 0,
  async run(config) {
    const users = await withServices(config, (services) =>
      services.get(UsersService, { strict: false }).all(DEFAULT_WORKSPACE.id),
    );
    if (users.length === 0) {
      console.log('There are no users yet: npm run seed:users makes one for each role.');
      return;
    }
    console.table(
      users.map((user) => ({
        id: user.id,
        username: user.username,
        name: user.name,
        role: user.role.name,
        active: user.deactivatedAt === null,
      })),
    );
  },
});
