import { Column, CreateDateColumn, Entity, PrimaryColumn, UpdateDateColumn } from 'typeorm';

/** A WhatsApp number of the business. */
@Entity('whatsapp_integration_config')
export class WhatsappIntegrationEntity {
  @PrimaryColumn('bigint', { generated: 'identity' })
  id!: number;

  @Column('varchar', { nullable: true })
  name!: string | null;

  /** Sealed; see `SecretBox`. */
  @Column('text', { name: 'access_token' })
  accessToken!: string;

  /** Grows with each token that is entered; not when the same one is sealed anew. */
  @Column('integer', { name: 'token_version' })
  tokenVersion!: number;

  @Column('varchar', { name: 'phone_number_id' })
  phoneNumberId!: string;

  @Column('varchar', { name: 'business_account_id', nullable: true })
  businessAccountId!: string | null;

  @Column('varchar', { name: 'display_phone_number', nullable: true })
  displayPhoneNumber!: string | null;

  @Column('varchar', { name: 'api_version' })
  apiVersion!: string;

  /** JavaScript's `Infinity` where it waits for somebody to mend the account. */
  @Column('timestamptz', { name: 'sending_paused_until', nullable: true })
  sendingPausedUntil!: Date | number | null;

  @Column('text', { name: 'sending_paused_reason', nullable: true })
  sendingPausedReason!: string | null;

  @Column('boolean', { name: 'send_read_receipts', default: true })
  sendReadReceipts!: boolean;

  @CreateDateColumn({ name: 'created_at', type: 'timestamptz' })
  createdAt!: Date;

  @UpdateDateColumn({ name: 'updated_at', type: 'timestamptz' })
  updatedAt!: Date;
}
