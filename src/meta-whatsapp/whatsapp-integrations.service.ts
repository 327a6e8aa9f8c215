import { Inject, Injectable, type OnModuleInit } from '@nestjs/common';
import { clock } from '../common/clock';
import { AuditService } from '../audit/audit.service';
import type { StaffActor } from '../common/actor';
import type { Logger } from 'pino';
import { AppError, notFound } from '../common/app-error';
import { changesBetween } from '../common/changes';
import { type Page, pageOf } from '../common/page';
import { CONFIG, type Config } from '../config/config';
import { AttachmentsService } from '../messages/attachments.service';
import { Outbox } from '../messages/outbox.service';
import { contextOf } from '../platform/crypto/sealed-column';
import { SecretBox } from '../platform/crypto/secret-box';
import { FOREIGN_KEY_VIOLATION, sqlState, UNIQUE_VIOLATION } from '../platform/database/database-errors';
import { UnitOfWork } from '../platform/database/unit-of-work';
import { JobQueue } from '../platform/jobs/job-queue';
import { LOGGER } from '../platform/observability/observability.module';
import { DEFAULT_WORKSPACE } from '../workspaces/workspaces.service';
import type { GraphTarget } from './graph-client';
import { NumberInspector, type NumberReport } from './number-inspector';
import {
  type CreateWhatsappIntegrationDto,
  type NumberVerificationDto,
  toWhatsappIntegrationDto,
  type UpdateWhatsappIntegrationDto,
  type WhatsappIntegrationDto,
  type WhatsappIntegrationQuery,
} from './whatsapp-integration.dto';
import { ACCESS_TOKENS } from './whatsapp-integration.types';
import { UNPAUSED, WhatsappIntegrationsRepository } from './whatsapp-integrations.repository';
import type { WhatsappIntegrationEntity } from './whatsapp-integration.entity';

/** The job that brings the files of customers here. */
export const FETCH_MEDIA = 'whatsapp.fetch-media';

const UNREADABLE_TOKEN =
  'The stored access token of this number cannot be read: the encryption key was changed. Enter the token again; waiting messages then go out.';

/** A number to send from. */
export interface SendingNumber {
  target: GraphTarget;
  /** Changes whenever a token is entered. */
  tokenVersion: string;
  /** Whether customers are told that their messages were read. */
  sendsReadReceipts: boolean;
}

/** How to send from a number, or why that makes no sense now. */
export type SendingState = SendingNumber | { pausedUntil: Date | 'mended'; reason: string };

type GivenNumber = NonNullable<Config['whatsapp']['integration']>;

/** The business's WhatsApp numbers. */
@Injectable()
export class WhatsappIntegrationsService implements OnModuleInit {
  constructor(
    @Inject(CONFIG) private readonly config: Config,
    @Inject(LOGGER) private readonly logger: Logger,
    private readonly work: UnitOfWork,
    private readonly rows: WhatsappIntegrationsRepository,
    private readonly box: SecretBox,
    private readonly outbox: Outbox,
    private readonly audit: AuditService,
    private readonly attachments: AttachmentsService,
    private readonly jobs: JobQueue,
    private readonly inspector: NumberInspector,
  ) {}

  /** The number named in the environment belongs to the default workspace from the start on. */
  async onModuleInit(): Promise<void> {
    const given = this.config.whatsapp.integration;
    if (given === null) return;
    try {
      await this.connectGiven(given);
    } catch (error) {
      if (sqlState(error) !== UNIQUE_VIOLATION) throw error;
      await this.connectGiven(given); // another process, which starts at the same moment, was first
    }
  }

  private async connectGiven(given: GivenNumber): Promise<void> {
    await this.work.run({ workspaceId: DEFAULT_WORKSPACE.id }, async () => {
      const known = await this.rows.findByPhoneNumberId(given.phoneNumberId);
      if (
        known !== null &&
        this.open(known) === given.accessToken &&
        known.businessAccountId === given.businessAccountId
      )
        return;
      const { businessAccountId } = given;
      const accessToken = this.seal(DEFAULT_WORKSPACE.id, given.phoneNumberId, given.accessToken);
      if (known === null) {
        await this.rows.insert({
          accessToken,
          businessAccountId,
          phoneNumberId: given.phoneNumberId,
          displayPhoneNumber: null,
          apiVersion: this.config.whatsapp.apiVersion,
          name: null,
          sendReadReceipts: true,
        });
      } else {
        await this.rows.replaceToken(known.id, accessToken, { businessAccountId });
        await this.outbox.resume(known.id);
      }
    });
  }

  async list(actor: StaffActor, query: WhatsappIntegrationQuery): Promise<Page<WhatsappIntegrationDto>> {
    return await this.work.run(actor, async () => {
      const [rows, total] = await this.rows.list(query);
      return pageOf(
        rows.map((row) => this.toDto(row)),
        total,
        query,
      );
    });
  }

  async get(actor: StaffActor, id: number): Promise<WhatsappIntegrationDto> {
    return await this.work.run(actor, async () => this.toDto(await this.require(id)));
  }

  async create(actor: StaffActor, input: CreateWhatsappIntegrationDto): Promise<WhatsappIntegrationDto> {
    const apiVersion = input.api_version ?? this.config.whatsapp.apiVersion;
    const businessAccountId = input.business_account_id ?? null;
    const number = { phoneNumberId: input.phone_number_id, apiVersion };
    const learnt =
      input.verify === true
        ? await this.requireSound(this.targetOf(number, input.access_token), businessAccountId)
        : null;
    try {
      return await this.work.run(actor, async () => {
        const row = await this.rows.insert({
          phoneNumberId: input.phone_number_id,
          accessToken: this.seal(actor.workspaceId, input.phone_number_id, input.access_token),
          businessAccountId,
          displayPhoneNumber: learnt?.displayPhoneNumber ?? null,
          apiVersion,
          name: input.name ?? null,
          sendReadReceipts: input.send_read_receipts ?? true,
        });
        this.record(actor, 'create', row.id, { phone_number_id: row.phoneNumberId, ...told(row) });
        return this.toDto(row);
      });
    } catch (error) {
      if (sqlState(error) !== UNIQUE_VIOLATION) throw error;
      throw new AppError('CONFLICT', 'This phone number is connected already.');
    }
  }

  /** Any change is a reason to try again what waits for the number. */
  async update(
    actor: StaffActor,
    id: number,
    input: UpdateWhatsappIntegrationDto,
  ): Promise<WhatsappIntegrationDto> {
    const learnt = input.verify === true ? await this.requireSoundChange(actor, id, input) : null;
    return await this.work.run(actor, async () => {
      const before = found(await this.rows.lock(id));
      const changes = {
        ...(learnt === null ? {} : { displayPhoneNumber: learnt.displayPhoneNumber }),
        ...(input.business_account_id === undefined ? {} : { businessAccountId: input.business_account_id }),
        ...(input.api_version === undefined ? {} : { apiVersion: input.api_version }),
        ...(input.name === undefined ? {} : { name: input.name }),
        ...(input.send_read_receipts === undefined ? {} : { sendReadReceipts: input.send_read_receipts }),
      };
      const token = input.access_token;
      if (token === undefined) await this.rows.update(id, { ...changes, ...UNPAUSED });
      else
        await this.rows.replaceToken(id, this.seal(actor.workspaceId, before.phoneNumberId, token), changes);
      await this.outbox.resume(id);
      if (await this.attachments.hasten(id)) this.jobs.enqueue({ task: FETCH_MEDIA, key: 'all' });
      const after = await this.require(id);
      this.record(actor, 'update', id, {
        ...changesBetween(told(before), told(after)),
        ...(token === undefined ? {} : { access_token: 'changed' }),
      });
      return this.toDto(after);
    });
  }

  /**
   * Asks Meta about a number as it is stored. Where all is well, what waits for somebody to mend the account goes out;
   * if it was not mended after all, the first message finds that out and pauses it again.
   */
  async verify(actor: StaffActor, id: number): Promise<NumberVerificationDto> {
    const { row, accessToken } = await this.readable(actor, id);
    const report =
      accessToken === null
        ? unreadable()
        : await this.inspector.inspect(this.targetOf(row, accessToken), row.businessAccountId);
    await this.work.run(actor, async () => {
      const now = await this.rows.lock(id);
      if (now === null) return;
      const { displayPhoneNumber } = report;
      if (displayPhoneNumber !== null && displayPhoneNumber !== now.displayPhoneNumber)
        await this.rows.update(id, { displayPhoneNumber });
      if (report.ok && now.tokenVersion === row.tokenVersion && now.sendingPausedUntil === Infinity) {
        await this.rows.update(id, UNPAUSED);
        await this.outbox.resume(id);
      }
      const wrong = report.checks.filter(({ ok }) => !ok).map(({ name }) => name);
      this.record(actor, 'verify', id, { ok: report.ok, wrong });
    });
    return {
      ok: report.ok,
      checks: report.checks,
      display_phone_number: report.displayPhoneNumber,
      verified_name: report.verifiedName,
      quality_rating: report.qualityRating,
    };
  }

  /** Throws `NOT_FOUND` where there is none. Within the open unit of work. */
  async requireNumber(id: number): Promise<void> {
    await this.require(id);
  }

  /** The account that a number belongs to, and how to speak to it. Within the open unit of work. */
  async accountOf(id: number): Promise<{ target: GraphTarget; businessAccountId: string }> {
    const row = await this.require(id);
    const accessToken = this.open(row);
    if (accessToken === null) throw new AppError('CONFLICT', UNREADABLE_TOKEN);
    if (row.businessAccountId === null)
      throw new AppError('CONFLICT', 'Enter the business_account_id of this number first.');
    return { target: this.targetOf(row, accessToken), businessAccountId: row.businessAccountId };
  }

  /** Our numbers, by their ids here and at Meta. Within the open unit of work. */
  async numbers(): Promise<{ id: number; phoneNumberId: string }[]> {
    return await this.rows.numbers();
  }

  /** A number that conversations were held over stays: they could not be told apart or answered without it. */
  async delete(actor: StaffActor, id: number): Promise<void> {
    try {
      await this.work.run(actor, async () => {
        const row = found(await this.rows.lock(id));
        if (
          actor.workspaceId === DEFAULT_WORKSPACE.id &&
          row.phoneNumberId === this.config.whatsapp.integration?.phoneNumberId
        )
          throw new AppError(
            'CONFLICT',
            'This number stands in the environment and would be back with the next start: take WHATSAPP_PHONE_NUMBER_ID out of it first.',
          );
        await this.rows.delete(id);
        this.record(actor, 'delete', id, { phone_number_id: row.phoneNumberId, ...told(row) });
      });
    } catch (error) {
      if (sqlState(error) !== FOREIGN_KEY_VIOLATION) throw error;
      throw new AppError(
        'CONFLICT',
        'Conversations were held over this number: delete them first. To only stop using it, disconnect the number at Meta and leave it here.',
      );
    }
  }

  /** Within the open unit of work. Null where the number is gone. */
  async sendingState(id: number): Promise<SendingState | null> {
    const row = await this.rows.find(id);
    if (row === null) return null;
    const until = row.sendingPausedUntil;
    if (until !== null && Number(until) > clock.now()) {
      const pausedUntil = until instanceof Date ? until : 'mended';
      return { pausedUntil, reason: row.sendingPausedReason ?? '' };
    }
    const accessToken = this.open(row);
    if (accessToken === null) return { pausedUntil: 'mended', reason: UNREADABLE_TOKEN };
    return {
      target: this.targetOf(row, accessToken),
      tokenVersion: String(row.tokenVersion),
      sendsReadReceipts: row.sendReadReceipts,
    };
  }

  /**
   * Nothing is sent from this number before `until`; `mended`: before somebody changes it. Without effect where
   * another token was entered since.
   */
  async pause(
    workspaceId: number,
    id: number,
    tokenVersion: string,
    until: Date | 'mended',
    reason: string,
  ): Promise<void> {
    await this.work.run({ workspaceId }, () => this.rows.pause(id, tokenVersion, until, reason));
  }

  private targetOf(
    row: Pick<WhatsappIntegrationEntity, 'apiVersion' | 'phoneNumberId'>,
    accessToken: string,
  ): GraphTarget {
    return {
      baseUrl: this.config.whatsapp.baseUrl,
      apiVersion: row.apiVersion,
      phoneNumberId: row.phoneNumberId,
      accessToken,
    };
  }

  /** Throws `VALIDATION_FAILED` with what Meta has against it. */
  private async requireSound(target: GraphTarget, businessAccountId: string | null): Promise<NumberReport> {
    const report = await this.inspector.inspect(target, businessAccountId);
    const wrong = report.checks.find(({ ok }) => !ok);
    if (wrong !== undefined) throw new AppError('VALIDATION_FAILED', wrong.message, report.checks);
    return report;
  }

  private async requireSoundChange(
    actor: StaffActor,
    id: number,
    input: UpdateWhatsappIntegrationDto,
  ): Promise<NumberReport> {
    const { row, accessToken } = await this.readable(actor, id);
    const token = input.access_token ?? accessToken;
    if (token === null) throw new AppError('VALIDATION_FAILED', UNREADABLE_TOKEN);
    const target = this.targetOf(
      { phoneNumberId: row.phoneNumberId, apiVersion: input.api_version ?? row.apiVersion },
      token,
    );
    const account = input.business_account_id;
    return await this.requireSound(target, account === undefined ? row.businessAccountId : account);
  }

  private async readable(
    actor: StaffActor,
    id: number,
  ): Promise<{ row: WhatsappIntegrationEntity; accessToken: string | null }> {
    return await this.work.run(actor, async () => {
      const row = await this.require(id);
      return { row, accessToken: this.open(row) };
    });
  }

  private async require(id: number): Promise<WhatsappIntegrationEntity> {
    return found(await this.rows.find(id));
  }

  private record(actor: StaffActor, verb: string, id: number, details: object): void {
    const subject = { type: 'whatsapp_integration_config', id };
    this.audit.record({ actor, action: `whatsapp_integration.${verb}`, subject, details });
  }

  private toDto(row: WhatsappIntegrationEntity): WhatsappIntegrationDto {
    return toWhatsappIntegrationDto(row, this.open(row));
  }

  private seal(workspaceId: number, phoneNumberId: string, token: string): string {
    return this.box.seal(token, contextOf(ACCESS_TOKENS, workspaceId, phoneNumberId));
  }

  /** Null where it was sealed with another key, or for another number or workspace. */
  private open(row: WhatsappIntegrationEntity): string | null {
    try {
      return this.box.open(
        row.accessToken,
        contextOf(ACCESS_TOKENS, this.work.current.workspaceId, row.phoneNumberId),
      );
    } catch (err) {
      this.logger.error({ err, integration: row.id }, 'a stored access token cannot be opened');
      return null;
    }
  }
}

function found(row: WhatsappIntegrationEntity | null): WhatsappIntegrationEntity {
  if (row === null) throw notFound('WhatsApp integration');
  return row;
}

function unreadable(): NumberReport {
  return {
    ok: false,
    checks: [{ name: 'token', ok: false, message: UNREADABLE_TOKEN }],
    displayPhoneNumber: null,
    verifiedName: null,
    qualityRating: null,
  };
}

/** For the audit log. */
function told(row: WhatsappIntegrationEntity): object {
  return {
    name: row.name,
    business_account_id: row.businessAccountId,
    api_version: row.apiVersion,
    send_read_receipts: row.sendReadReceipts,
  };
}
