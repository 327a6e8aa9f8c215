import { Injectable } from '@nestjs/common';
import { PlatformDatabase } from '../platform/database/connections';

/** There from the first migration on: whoever has one workspace never meets the notion. */
export const DEFAULT_WORKSPACE = { id: 1, slug: 'default' } as const;

export interface Workspace {
  id: number;
  slug: string;
  name: string;
}

/** The tenants. Their table is the one that every workspace may be found in. */
@Injectable()
export class WorkspacesService {
  constructor(private readonly db: PlatformDatabase) {}

  async findBySlug(slug: string): Promise<Workspace | null> {
    const [row] = await this.db.query<Workspace>('select id, slug, name from workspace where slug = $1', [
      slug,
    ]);
    return row ?? null;
  }

  async findById(id: number): Promise<Workspace | null> {
    const [row] = await this.db.query<Workspace>('select id, slug, name from workspace where id = $1', [id]);
    return row ?? null;
  }

  /** A new tenant, with the built-in roles. Throws on a slug that is taken (unique violation). */
  async create(slug: string, name: string): Promise<Workspace> {
    const [row] = await this.db.query<Workspace>(
      'insert into workspace (slug, name) values ($1, $2) returning id, slug, name',
      [slug, name],
    );
    return row!;
  }
}
