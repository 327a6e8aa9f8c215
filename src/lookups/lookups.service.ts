import { Injectable } from '@nestjs/common';
import { AuditService } from '../audit/audit.service';
import type { Actor, StaffActor } from '../common/actor';
import { AppError, notFound } from '../common/app-error';
import { type Page, pageOf } from '../common/page';
import { FOREIGN_KEY_VIOLATION, sqlState, UNIQUE_VIOLATION } from '../platform/database/database-errors';
import { UnitOfWork } from '../platform/database/unit-of-work';
import type { CreateLookupDto, LookupQuery, UpdateLookupDto } from './lookups.dto';
import { LookupsRepository } from './lookups.repository';
import { type Lookup, type LookupDto, type LookupKind, toLookupDto } from './lookups.types';

/** Tags, servers, applications and devices: one set of rules for all four. */
@Injectable()
export class LookupsService {
  constructor(
    private readonly work: UnitOfWork,
    private readonly lookups: LookupsRepository,
    private readonly audit: AuditService,
  ) {}

  /** Those of these that exist, by name. */
  async byIds(actor: { workspaceId: number }, kind: LookupKind, ids: number[]): Promise<LookupDto[]> {
    if (ids.length === 0) return [];
    return await this.work.run(actor, async () => (await this.lookups.findMany(kind, ids)).map(toLookupDto));
  }

  /**
   * Those of these names, in whatever case, each once and by name; the ones that are missing are made, and whoever comes
   * at the same moment with the same name gets the same one. Within the open unit of work.
   */
  async named(actor: StaffActor, kind: LookupKind, given: string[]): Promise<LookupDto[]> {
    if (given.length === 0) return [];
    const names = given.map((name) => name.trim());
    let known = await this.idsByPlace(kind, names);
    if (known.size < names.length) {
      await this.lookups.lockNames(kind);
      known = await this.idsByPlace(kind, names);
      const made = await this.lookups.insertMissing(
        kind,
        names.filter((_, place) => !known.has(place)),
      );
      for (const { id, name } of made) this.record(actor, kind, 'create', id, { name });
      known = await this.idsByPlace(kind, names);
    }
    return await this.byIds(actor, kind, [...new Set(known.values())]);
  }

  async list(actor: Actor, kind: LookupKind, query: LookupQuery): Promise<Page<LookupDto>> {
    return await this.work.run(actor, async () => {
      const rows = await this.lookups.list(kind, query, query);
      return pageOf(rows.map(toLookupDto), await this.lookups.count(kind, query), query);
    });
  }

  async get(actor: Actor, kind: LookupKind, id: number): Promise<LookupDto> {
    return await this.work.run(actor, async () =>
      toLookupDto(found(kind, await this.lookups.find(kind, id))),
    );
  }

  async create(actor: StaffActor, kind: LookupKind, input: CreateLookupDto): Promise<LookupDto> {
    return await this.naming(kind, input.name, () =>
      this.work.run(actor, async () => {
        const made = await this.lookups.insert(kind, input.name);
        this.record(actor, kind, 'create', made.id, { name: made.name });
        return toLookupDto(made);
      }),
    );
  }

  async update(actor: StaffActor, kind: LookupKind, id: number, input: UpdateLookupDto): Promise<LookupDto> {
    return await this.naming(kind, input.name, () =>
      this.work.run(actor, async () => {
        const before = found(kind, await this.lookups.lock(kind, id));
        if (input.name === undefined || input.name === before.name) return toLookupDto(before);
        const after = await this.lookups.rename(kind, id, input.name);
        this.record(actor, kind, 'update', id, { name: { from: before.name, to: after.name } });
        return toLookupDto(after);
      }),
    );
  }

  /** Contacts and conversations simply lose a tag; what accounts stand on stays until they stand on something else. */
  async delete(actor: StaffActor, kind: LookupKind, id: number): Promise<void> {
    try {
      await this.work.run(actor, async () => {
        const { name } = found(kind, await this.lookups.lock(kind, id));
        await this.lookups.delete(kind, id);
        this.record(actor, kind, 'delete', id, { name });
      });
    } catch (error) {
      if (sqlState(error) !== FOREIGN_KEY_VIOLATION) throw error;
      throw new AppError(
        'CONFLICT',
        `Accounts of contacts use this ${kind}: change or delete those accounts first (GET /contact-user-accounts?${kind}_id=${id}).`,
      );
    }
  }

  private async idsByPlace(kind: LookupKind, names: string[]): Promise<Map<number, number>> {
    const rows = await this.lookups.findNamed(kind, names);
    return new Map(rows.toReversed().map(({ place, id }) => [place, id]));
  }

  /** Two of a kind never have one name, whoever comes at the same moment. */
  private async naming<T>(kind: LookupKind, name: string | undefined, work: () => Promise<T>): Promise<T> {
    try {
      return await work();
    } catch (error) {
      if (sqlState(error) !== UNIQUE_VIOLATION) throw error;
      throw new AppError('CONFLICT', `There is a ${kind} named "${name}" already.`);
    }
  }

  private record(actor: StaffActor, kind: LookupKind, verb: string, id: number, details: object): void {
    this.audit.record({ actor, action: `${kind}.${verb}`, subject: { type: kind, id }, details });
  }
}

function found(kind: LookupKind, lookup: Lookup | null): Lookup {
  if (lookup === null) throw notFound(kind);
  return lookup;
}
