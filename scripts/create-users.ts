import 'reflect-metadata';
import { UsersService } from '../src/users/users.service';
import { createDefaultUsers, DEFAULT_USERS } from './default-users';
import { refuseInProduction, scriptConfig, withServices } from './with-database';

async function main(): Promise<void> {
  const config = scriptConfig();
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
}

void main();
