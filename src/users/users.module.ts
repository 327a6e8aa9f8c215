import { Module } from '@nestjs/common';
import { AuditModule } from '../audit/audit.module';
import { RolesModule } from '../roles/roles.module';
import { PasswordHasher } from './password-hasher.service';
import { RoleUsersController } from './role-users.controller';
import { UserChangesService } from './user-changes.service';
import { UsersController } from './users.controller';
import { UsersRepository } from './users.repository';
import { UsersService } from './users.service';

@Module({
  imports: [AuditModule, RolesModule],
  controllers: [UsersController, RoleUsersController],
  providers: [UsersRepository, UsersService, UserChangesService, PasswordHasher],
  exports: [UsersService, UserChangesService],
})
export class UsersModule {}
