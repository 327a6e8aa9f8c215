import { Injectable } from '@nestjs/common';
import { UnitOfWork } from '../platform/database/unit-of-work';
import { WhatsappIntegrationEntity } from './whatsapp-integration.entity';

type Insertable = Pick<
  WhatsappIntegrationEntity,
  'phoneNumberId' | 'accessToken' | 'businessAccountId' | 'apiVersion' | 'name'
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

  async insert(row: Insertable): Promise<WhatsappIntegrationEntity> {
    const { identifiers } = await this.repository.insert(row);
    return (await this.find(identifiers[0]!['id'] as number))!;
  }

  async update(id: number, changes: Partial<Omit<WhatsappIntegrationEntity, 'id'>>): Promise<void> {
    await this.repository.update({ id }, changes);
  }

  /** An end that is known does not shorten a pause that waits for a person. */
  async pause(id: number, until: Date | 'mended', reason: string): Promise<void> {
    await this.work.current.query(
      `update whatsapp_integration_config
       set sending_paused_until = $2, sending_paused_reason = $3, updated_at = now()
       where id = $1 and sending_paused_until is distinct from 'infinity'`,
      [id, until === 'mended' ? 'infinity' : until, reason],
    );
  }

  private get repository() {
    return this.work.repository(WhatsappIntegrationEntity);
  }
}
