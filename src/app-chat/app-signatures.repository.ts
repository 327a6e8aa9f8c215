import { Injectable } from '@nestjs/common';
import { UnitOfWork } from '../platform/database/unit-of-work';

/** All SQL of the signatures that were used. Within an open unit of work. */
@Injectable()
export class AppSignaturesRepository {
  constructor(private readonly work: UnitOfWork) {}

  /** Answers whether this was the first time, whichever process asks. */
  async use(app: number, signature: Buffer, expiresAt: Date): Promise<boolean> {
    const rows = await this.work.current.prepared(
      'chat_signature_use',
      `insert into chat_signature (app, signature, expires_at) values ($1, $2, $3) on conflict do nothing returning 1`,
      [app, signature, expiresAt],
    );
    return rows.length > 0;
  }
}
