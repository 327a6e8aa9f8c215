import 'reflect-metadata';
import { UsersService } from '../src/users/users.service';
import { DEFAULT_WORKSPACE } from '../src/workspaces/workspaces.service';
import { scriptConfig, withServices } from './with-database';

async function main(): Promise<void> {
  const users = await withServices(scriptConfig(), (services) =>
    services.get(UsersService, { strict: false }).list(DEFAULT_WORKSPACE.id),
  );
  if (users.length === 0) console.log('There are no users yet: npm run seed:users makes one for each role.');
  else
    console.table(
      users.map((u) => ({
        id: u.id,
        username: u.username,
        name: u.name,
        role: u.role.name,
        active: u.deactivatedAt === null,
      })),
    );
}

void main();
