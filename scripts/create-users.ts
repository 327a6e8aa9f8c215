import 'reflect-metadata';
import { UsersService } from '../src/users/users.service';
import { createDefaultUsers, DEFAULT_USERS } from './default-users';
import { ALLOW_PRODUCTION, refuseInProduction, runScript, withServices } from './with-database';

runScript({
  usage: `npm run seed:users   make an account for each role, where it is missing: ${DEFAULT_USERS.map(({ username }) => username).join(', ')}`,
  takes: (args) => args.every((arg) => arg === ALLOW_PRODUCTION),
  async run(config) {
    refuseInProduction(config);
    const made = await withServices(config, (services) =>
      createDefaultUsers(services.get(UsersService, { strict: false })),
    );
    for (const { username, password, role } of DEFAULT_USERS) {
      console.log(
        made.includes(username)
          ? `made    ${username} / ${password} (${role})`
          : `exists  ${username} (${role}), left as it is`,
      );
    }
  },
});
