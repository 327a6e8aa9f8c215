import { Injectable } from '@nestjs/common';
import { containing } from '../common/search-text';
import { UnitOfWork } from '../platform/database/unit-of-work';
import type { WhatsappIntegrationQuery } from './whatsapp-integration.dto';
import { WhatsappIntegrationEntity } from './whatsapp-integration.entity';

type Insertable = Pick<
  WhatsappIntegrationEntity,
  | 'phoneNumberId'
  | 'accessToken'
  | 'businessAccountId'
  | 'displayPhoneNumber'
  | 'apiVersion'
  | 'name'
  | 'sendReadReceipts'
>;

type Changes = Partial<
  Pick<
    WhatsappIntegrationEntity,
    | 'businessAccountId'
    | 'displayPhoneNumber'
    | 'apiVersion'
    | 'name'
    | 'sendingPausedUntil'
    | 'sendingPausedReason'
  >
>;

const SORTS = { id: 'id', name: 'name', created_at: 'createdAt' };

/** Nothing stands in the way of sending any more. */
export const UNPAUSED = { sendingPausedUntil: null, sendingPausedReason: null };

/** All SQL of the WhatsApp numbers. Within an open unit of work. */
@Injectable()
export class WhatsappIntegrationsRepository {
  constructor(private readonly work: UnitOfWork) {}

  async list(query: WhatsappIntegrationQuery): Promise<[WhatsappIntegrationEntity[], number]> {
    const found = this.repository.createQueryBuilder('w');
    if (query.search !== undefined)
      found.andWhere(
        '(w.name ilike :search or w.phoneNumberId ilike :search or w.displayPhoneNumber ilike :search)',
        { search: containing(query.search) },
      );
    if (query.paused !== undefined)
      found.andWhere('coalesce(w.sendingPausedUntil > now(), false) = :paused', { paused: query.paused });
    const field = query.sort.replace('-', '') as keyof typeof SORTS;
    const direction = query.sort.startsWith('-') ? 'DESC' : 'ASC';
    return await found
      .orderBy(`w.${SORTS[field]}`, direction, 'NULLS LAST')
      .addOrderBy('w.id', direction)
      .take(query.limit)
      .skip(query.offset)
      .getManyAndCount();
  }

  async find(id: number): Promise<WhatsappIntegrationEntity | null> {
    return await this.repository.findOneBy({ id });
  }

  async findByPhoneNumberId(phoneNumberId: string): Promise<WhatsappIntegrationEntity | null> {
    return await this.repository.findOneBy({ phoneNumberId });
  }

  async numbers(): Promise<{ id: number; phoneNumberId: string }[]> {
    return await this.repository.find({ select: { id: true, phoneNumberId: true }, order: { id: 'ASC' } });
  }

  async insert(row: Insertable): Promise<WhatsappIntegrationEntity> {
    const { identifiers } = await this.repository.insert(row);
    return (await this.find(identifiers[0]!['id'] as number))!;
  }

  /** Until the open transaction ends. */
  async lock(id: number): Promise<WhatsappIntegrationEntity | null> {
    return await this.repository.findOne({ where: { id }, lock: { mode: 'for_no_key_update' } });
  }

  async update(id: number, changes: Changes): Promise<void> {
    await this.repository.update({ id }, changes);
  }

  /** Another token was entered, which begins without a pause. */
  async replaceToken(id: number, sealedToken: string, changes: Changes): Promise<void> {
    await this.repository.update(
      { id },
      { ...changes, ...UNPAUSED, accessToken: sealedToken, tokenVersion: () => 'token_version + 1' },
    );
  }

  async delete(id: number): Promise<void> {
    await this.repository.delete({ id });
  }

  /** The longest pause counts. A pause that the token of another time caused is none. */
  async pause(id: number, tokenVersion: string, until: Date | 'mended', reason: string): Promise<void> {
    await this.work.current.query(
      `update whatsapp_integration_config
       set sending_paused_until = $3, sending_paused_reason = $4, updated_at = now()
       where id = $1 and token_version = $2 and coalesce(sending_paused_until < $3, true)`,
      [id, tokenVersion, until === 'mended' ? 'infinity' : until, reason],
    );
  }

  private get repository() {
    return this.work.repository(WhatsappIntegrationEntity);
  }
}
