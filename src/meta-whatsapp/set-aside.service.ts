import { Inject, Injectable } from '@nestjs/common';
import type { Logger } from 'pino';
import { PlatformDatabase } from '../platform/database/connections';
import { LOGGER } from '../platform/observability/observability.module';

/** Something in a webhook that did not become a message or a status. */
export interface SetAsideItem {
  workspaceId: number | null;
  path: string;
  reason: string;
  detail: string;
  phoneNumberId: string | null;
}

/** Keeps what could not be taken, with the webhook's own bytes, for an operator to look at. */
@Injectable()
export class SetAsideService {
  constructor(
    private readonly db: PlatformDatabase,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {}

  /** Durable when it resolves. */
  async keep(body: Buffer, items: SetAsideItem[]): Promise<void> {
    if (items.length === 0) return;
    await this.db.transaction(async (client) => {
      const { rows } = await client.query<{ id: number }>(
        'insert into webhook_delivery (body) values ($1) returning id',
        [body],
      );
      await client.query(
        `insert into webhook_set_aside (delivery_id, workspace_id, path, reason, detail, phone_number_id)
         select $1, * from unnest($2::bigint[], $3::text[], $4::text[], $5::text[], $6::text[])`,
        [
          rows[0]!.id,
          items.map((i) => i.workspaceId),
          items.map((i) => i.path),
          items.map((i) => i.reason),
          items.map((i) => i.detail.slice(0, 2_000)),
          items.map((i) => i.phoneNumberId?.slice(0, 100) ?? null),
        ],
      );
    });
    const reasons = [...new Set(items.map((item) => item.reason))];
    this.logger.warn({ items: items.length, reasons }, 'parts of a webhook were set aside');
  }
}
