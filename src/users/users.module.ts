import { Module } from '@nestjs/common';
import { RolesModule } from '../roles/roles.module';
import { PasswordHasher } from './password-hasher.service';
import { UsersRepository } from './users.repository';
import { UsersService } from './users.service';

@Module({
  imports: [RolesModule],
  providers: [UsersRepository, UsersService, PasswordHasher],
  exports: [UsersService],
})
export class UsersModule {}
