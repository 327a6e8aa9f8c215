import { Injectable } from '@nestjs/common';
import { UnitOfWork } from '../platform/database/unit-of-work';
import { WhatsappIntegrationEntity } from './whatsapp-integration.entity';

type Insertable = Pick<
  WhatsappIntegrationEntity,
  'phoneNumberId' | 'accessToken' | 'businessAccountId' | 'apiVersion' | 'name' | 'sendReadReceipts'
>;

/** All SQL of the WhatsApp numbers. Within an open unit of work. */
@Injectable()
export class WhatsappIntegrationsRepository {
  constructor(private readonly work: UnitOfWork) {}

  async list(limit: number, offset: number): Promise<[WhatsappIntegrationEntity[], number]> {
    return await this.repository.findAndCount({ order: { id: 'ASC' }, take: limit, skip: offset });
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

  async update(id: number, changes: Partial<Omit<WhatsappIntegrationEntity, 'id'>>): Promise<void> {
    await this.repository.update({ id }, changes);
  }

  /** The longest pause counts. A pause that the token of another time caused is none. */
  async pause(id: number, sealedToken: string, until: Date | 'mended', reason: string): Promise<void> {
    await this.work.current.query(
      `update whatsapp_integration_config
       set sending_paused_until = $3, sending_paused_reason = $4, updated_at = now()
       where id = $1 and access_token = $2 and coalesce(sending_paused_until < $3, true)`,
      [id, sealedToken, until === 'mended' ? 'infinity' : until, reason],
    );
  }

  private get repository() {
    return this.work.repository(WhatsappIntegrationEntity);
  }
}
