import { Inject, Injectable } from '@nestjs/common';
import type { Logger } from 'pino';
import { clock } from '../common/clock';
import { AuditService } from '../audit/audit.service';
import type { Actor, StaffActor } from '../common/actor';
import { AppError, notFound } from '../common/app-error';
import { changesBetween } from '../common/changes';
import { type Page, pageOf } from '../common/page';
import type { ContactFollower } from '../contacts/contact-followers.port';
import { ContactFollowers } from '../contacts/contact-followers.service';
import { LookupsService } from '../lookups/lookups.service';
import type { LookupKind } from '../lookups/lookups.types';
import { contextOf } from '../platform/crypto/sealed-column';
import { SecretBox } from '../platform/crypto/secret-box';
import { constraintOf, FOREIGN_KEY_VIOLATION, sqlState } from '../platform/database/database-errors';
import { UnitOfWork } from '../platform/database/unit-of-work';
import { LOGGER } from '../platform/observability/observability.module';
import type {
  ContactUserAccountQuery,
  CreateContactUserAccountDto,
  UpdateContactUserAccountDto,
} from './contact-user-accounts.dto';
import { ContactUserAccountsRepository } from './contact-user-accounts.repository';
import {
  ACCOUNT_PASSWORDS,
  type AccountFields,
  type AccountPlace,
  type ContactUserAccount,
  type ContactUserAccountDto,
} from './contact-user-accounts.types';

const SHOWN_CHARACTERS = 4;
/** Of a shorter password its end would give away too much. */
const SHOWN_FROM = 8;

/** The accounts that contacts have on the business's servers. Their passwords go in and never come out again. */
@Injectable()
export class ContactUserAccountsService implements ContactFollower {
  readonly tables = [ACCOUNT_PASSWORDS.table];

  constructor(
    @Inject(LOGGER) private readonly logger: Logger,
    private readonly work: UnitOfWork,
    private readonly accounts: ContactUserAccountsRepository,
    private readonly lookups: LookupsService,
    private readonly box: SecretBox,
    private readonly audit: AuditService,
    contacts: ContactFollowers,
  ) {
    contacts.register(this);
  }

  /** Of contacts that become one. Within the open unit of work. */
  async takeOver(from: number, to: number): Promise<void> {
    await this.accounts.moveAll(from, to);
  }

  async list(actor: Actor, query: ContactUserAccountQuery): Promise<Page<ContactUserAccountDto>> {
    return await this.work.run(actor, async () => {
      const rows = await this.accounts.list(query);
      return pageOf(await this.toDtos(actor, rows), await this.accounts.count(query), query);
    });
  }

  async get(actor: Actor, id: number): Promise<ContactUserAccountDto> {
    return await this.work.run(
      actor,
      async () => await this.toDto(actor, found(await this.accounts.find(id))),
    );
  }

  async create(actor: StaffActor, input: CreateContactUserAccountDto): Promise<ContactUserAccountDto> {
    return await naming(() =>
      this.work.run(actor, async () => {
        const id = await this.accounts.drawId();
        const sealed = this.seal(actor, id, input.password_final);
        const made = await this.accounts.insert(id, toFields(input), sealed);
        this.record(actor, 'create', id, { contact_id: made.contactId, username_final: made.username });
        return await this.toDto(actor, made);
      }),
    );
  }

  async update(
    actor: StaffActor,
    id: number,
    input: UpdateContactUserAccountDto,
  ): Promise<ContactUserAccountDto> {
    return await naming(() =>
      this.work.run(actor, async () => {
        const before = found(await this.accounts.lock(id));
        const given = input.password_final;
        const sealed = given === undefined ? null : this.seal(actor, id, given);
        const after = await this.accounts.update(id, toFields(input, before), sealed);
        const changes = {
          ...changesBetween(told(before), told(after)),
          ...(given === undefined ? {} : { password_final: 'changed' }),
        };
        if (Object.keys(changes).length > 0) this.record(actor, 'update', id, changes);
        return await this.toDto(actor, after);
      }),
    );
  }

  async delete(actor: StaffActor, id: number): Promise<void> {
    await this.work.run(actor, async () => {
      const account = found(await this.accounts.lock(id));
      await this.accounts.delete(id);
      this.record(actor, 'delete', id, { contact_id: account.contactId, username_final: account.username });
    });
  }

  private record(actor: StaffActor, verb: string, id: number, details: object): void {
    const type = 'contact_user_account';
    this.audit.record({ actor, action: `${type}.${verb}`, subject: { type, id }, details });
  }

  private seal(actor: Actor, id: number, password: string): string {
    return this.box.seal(password, contextOf(ACCOUNT_PASSWORDS, actor.workspaceId, id));
  }

  private endOf(actor: Actor, { id, password }: ContactUserAccount): string | null {
    try {
      const characters = Array.from(
        this.box.open(password, contextOf(ACCOUNT_PASSWORDS, actor.workspaceId, id)),
      );
      return characters.length < SHOWN_FROM ? null : characters.slice(-SHOWN_CHARACTERS).join('');
    } catch (err) {
      this.logger.error({ err, account: id }, 'a stored password of a contact cannot be opened');
      return null;
    }
  }

  private async toDto(actor: Actor, account: ContactUserAccount): Promise<ContactUserAccountDto> {
    return (await this.toDtos(actor, [account]))[0]!;
  }

  private async toDtos(actor: Actor, accounts: ContactUserAccount[]): Promise<ContactUserAccountDto[]> {
    const places = async (kind: LookupKind, ids: (number | null)[]): Promise<Map<number, AccountPlace>> => {
      const wanted = [...new Set(ids.filter((id) => id !== null))];
      const all = await this.lookups.byIds(actor, kind, wanted);
      return new Map(all.map(({ id, name }) => [id, { id, name }]));
    };
    const servers = await places(
      'server',
      accounts.map((a) => a.serverId),
    );
    const applications = await places(
      'application',
      accounts.map((a) => a.applicationId),
    );
    const devices = await places(
      'device',
      accounts.map((a) => a.deviceId),
    );
    return accounts.map((account) => ({
      id: account.id,
      contact_id: account.contactId,
      username_final: account.username,
      password_final_end: this.endOf(actor, account),
      server_id: account.serverId,
      server: servers.get(account.serverId)!,
      id_line_server: account.lineId,
      date_exp: account.expiresAt?.toISOString() ?? null,
      expired: account.expiresAt !== null && account.expiresAt.getTime() <= clock.now(),
      application_id: account.applicationId,
      application: applications.get(account.applicationId ?? 0) ?? null,
      device_id: account.deviceId,
      device: devices.get(account.deviceId ?? 0) ?? null,
      created_at: account.createdAt.toISOString(),
      updated_at: account.updatedAt.toISOString(),
    }));
  }
}

function found(account: ContactUserAccount | null): ContactUserAccount {
  if (account === null) throw notFound('account');
  return account;
}

/** What was left out stays as it was before, or empty. */
function toFields(input: UpdateContactUserAccountDto, before?: AccountFields): AccountFields {
  const { date_exp: expiry } = input;
  const orBefore = <T>(given: T | null | undefined, old: T | null | undefined): T | null =>
    given === undefined ? (old ?? null) : given;
  return {
    contactId: (input.contact_id ?? before?.contactId)!,
    username: (input.username_final ?? before?.username)!,
    serverId: (input.server_id ?? before?.serverId)!,
    lineId: orBefore(input.id_line_server, before?.lineId),
    expiresAt: orBefore(typeof expiry === 'string' ? new Date(expiry) : expiry, before?.expiresAt),
    applicationId: orBefore(input.application_id, before?.applicationId),
    deviceId: orBefore(input.device_id, before?.deviceId),
  };
}

/** For the audit log. */
function told(account: AccountFields): object {
  return {
    contact_id: account.contactId,
    username_final: account.username,
    server_id: account.serverId,
    id_line_server: account.lineId,
    date_exp: account.expiresAt?.toISOString() ?? null,
    application_id: account.applicationId,
    device_id: account.deviceId,
  };
}

/** What an account refers to must be there, also when somebody deletes it at this moment. */
async function naming<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (sqlState(error) !== FOREIGN_KEY_VIOLATION) throw error;
    const what = /^contact_user_account_(\w+)_exists$/.exec(constraintOf(error) ?? '')?.[1];
    throw new AppError('VALIDATION_FAILED', `There is no such ${what}.`);
  }
}
