import { Column, CreateDateColumn, Entity, PrimaryColumn, UpdateDateColumn } from 'typeorm';
import type { AccessLevel } from '../common/access-level';

@Entity('roles')
export class RoleEntity {
  @PrimaryColumn('bigint', { generated: 'identity' })
  id!: number;

  @Column('varchar')
  name!: string;

  @Column('varchar', { name: 'access_level' })
  accessLevel!: AccessLevel;

  @CreateDateColumn({ name: 'created_at', type: 'timestamptz' })
  createdAt!: Date;

  @UpdateDateColumn({ name: 'updated_at', type: 'timestamptz' })
  updatedAt!: Date;
}
