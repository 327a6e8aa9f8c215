import { Inject, Injectable, type OnModuleInit } from '@nestjs/common';
import type { StaffActor } from '../common/actor';
import type { Logger } from 'pino';
import { AppError, notFound } from '../common/app-error';
import { type Page, type PageQuery, pageOf } from '../common/page';
import { CONFIG, type Config } from '../config/config';
import { Outbox } from '../messages/outbox.service';
import { SecretBox } from '../platform/crypto/secret-box';
import { sqlState, UNIQUE_VIOLATION } from '../platform/database/database-errors';
import { UnitOfWork } from '../platform/database/unit-of-work';
import { LOGGER } from '../platform/observability/observability.module';
import { DEFAULT_WORKSPACE } from '../workspaces/workspaces.service';
import type { GraphTarget } from './graph-client';
import {
  type CreateWhatsappIntegrationDto,
  toWhatsappIntegrationDto,
  type UpdateWhatsappIntegrationDto,
  type WhatsappIntegrationDto,
} from './whatsapp-integration.dto';
import { WhatsappIntegrationsRepository } from './whatsapp-integrations.repository';
import type { WhatsappIntegrationEntity } from './whatsapp-integration.entity';

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
  ) {}

  /** The number named in the environment belongs to the default workspace from the start on. */
  async onModuleInit(): Promise<void> {
    const given = this.config.whatsapp.integration;
    if (given === null) return;
    await this.work.run({ workspaceId: DEFAULT_WORKSPACE.id }, async () => {
      const known = await this.rows.findByPhoneNumberId(given.phoneNumberId);
      if (
        known !== null &&
        this.open(known) === given.accessToken &&
        known.businessAccountId === given.businessAccountId
      )
        return;
      const changes = {
        accessToken: this.seal(DEFAULT_WORKSPACE.id, given.phoneNumberId, given.accessToken),
        businessAccountId: given.businessAccountId,
      };
      if (known === null) {
        await this.rows.insert({
          ...changes,
          phoneNumberId: given.phoneNumberId,
          apiVersion: this.config.whatsapp.apiVersion,
          name: null,
          sendReadReceipts: true,
        });
      } else {
        await this.rows.update(known.id, { ...changes, sendingPausedUntil: null, sendingPausedReason: null });
        await this.outbox.resume(known.id);
      }
    });
  }

  async list(actor: StaffActor, query: PageQuery): Promise<Page<WhatsappIntegrationDto>> {
    return await this.work.run(actor, async () => {
      const [rows, total] = await this.rows.list(query.limit, query.offset);
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
    try {
      return await this.work.run(actor, async () => {
        const row = await this.rows.insert({
          phoneNumberId: input.phone_number_id,
          accessToken: this.seal(actor.workspaceId, input.phone_number_id, input.access_token),
          businessAccountId: input.business_account_id ?? null,
          apiVersion: input.api_version ?? this.config.whatsapp.apiVersion,
          name: input.name ?? null,
          sendReadReceipts: input.send_read_receipts ?? true,
        });
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
    return await this.work.run(actor, async () => {
      const row = await this.require(id);
      await this.rows.update(id, {
        ...(input.access_token === undefined
          ? {}
          : { accessToken: this.seal(actor.workspaceId, row.phoneNumberId, input.access_token) }),
        ...(input.business_account_id === undefined ? {} : { businessAccountId: input.business_account_id }),
        ...(input.api_version === undefined ? {} : { apiVersion: input.api_version }),
        ...(input.name === undefined ? {} : { name: input.name }),
        ...(input.send_read_receipts === undefined ? {} : { sendReadReceipts: input.send_read_receipts }),
        sendingPausedUntil: null,
        sendingPausedReason: null,
      });
      await this.outbox.resume(id);
      return this.toDto(await this.require(id));
    });
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

  /** Within the open unit of work. Null where the number is gone. */
  async sendingState(id: number): Promise<SendingState | null> {
    const row = await this.rows.find(id);
    if (row === null) return null;
    const until = row.sendingPausedUntil;
    if (until !== null && Number(until) > Date.now()) {
      const pausedUntil = until instanceof Date ? until : 'mended';
      return { pausedUntil, reason: row.sendingPausedReason ?? '' };
    }
    const accessToken = this.open(row);
    if (accessToken === null) return { pausedUntil: 'mended', reason: UNREADABLE_TOKEN };
    return {
      target: this.targetOf(row, accessToken),
      tokenVersion: row.accessToken,
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

  private targetOf(row: WhatsappIntegrationEntity, accessToken: string): GraphTarget {
    return {
      baseUrl: this.config.whatsapp.baseUrl,
      apiVersion: row.apiVersion,
      phoneNumberId: row.phoneNumberId,
      accessToken,
    };
  }

  private async require(id: number): Promise<WhatsappIntegrationEntity> {
    const row = await this.rows.find(id);
    if (row === null) throw notFound('WhatsApp integration');
    return row;
  }

  private toDto(row: WhatsappIntegrationEntity): WhatsappIntegrationDto {
    return toWhatsappIntegrationDto(row, this.open(row));
  }

  private seal(workspaceId: number, phoneNumberId: string, token: string): string {
    return this.box.seal(token, contextOf(workspaceId, phoneNumberId));
  }

  /** Null where it was sealed with another key, or for another number or workspace. */
  private open(row: WhatsappIntegrationEntity): string | null {
    try {
      return this.box.open(row.accessToken, contextOf(this.work.current.workspaceId, row.phoneNumberId));
    } catch (err) {
      this.logger.error({ err, integration: row.id }, 'a stored access token cannot be opened');
      return null;
    }
  }
}

function contextOf(workspaceId: number, phoneNumberId: string): string {
  return `whatsapp_integration_config.access_token/${workspaceId}/${phoneNumberId}`;
}
