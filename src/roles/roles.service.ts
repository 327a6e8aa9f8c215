import { Injectable } from '@nestjs/common';
import type { AccessLevel } from '../common/access-level';
import { UnitOfWork } from '../platform/database/unit-of-work';
import { RoleEntity } from './role.entity';

export interface Role {
  id: number;
  name: string;
  accessLevel: AccessLevel;
}

@Injectable()
export class RolesService {
  constructor(private readonly work: UnitOfWork) {}

  /** Within an open unit of work. */
  async findByName(name: string): Promise<Role | null> {
    return await this.work.repository(RoleEntity).findOneBy({ name });
  }
}
