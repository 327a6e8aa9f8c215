import { Injectable } from '@nestjs/common';
import { UnitOfWork } from '../platform/database/unit-of-work';
import type { DeliveryReport } from './delivery-state';

export interface EarlyReport {
  externalId: string;
  report: DeliveryReport;
}

interface ReportRow {
  external_id: string;
  status: DeliveryReport['status'];
  at: Date;
  error_code: number | null;
  error_reason: string | null;
}

/** Reports whose message is not known yet. Within an open unit of work. */
@Injectable()
export class EarlyReportsRepository {
  constructor(private readonly work: UnitOfWork) {}

  async keep(reports: EarlyReport[]): Promise<void> {
    await this.work.current.query(
      `insert into early_delivery_report (external_id, status, at, error_code, error_reason)
       select * from unnest($1::text[], $2::text[], $3::timestamptz[], $4::int[], $5::text[]) as r(external_id, status, at, code, reason)
       order by external_id, status
       on conflict (workspace_id, external_id, status) do update
         set at = excluded.at, error_code = excluded.error_code, error_reason = excluded.error_reason
         where excluded.at < early_delivery_report.at`,
      [
        reports.map((r) => r.externalId),
        reports.map((r) => r.report.status),
        reports.map((r) => r.report.at),
        reports.map((r) => r.report.error?.code ?? null),
        reports.map((r) => r.report.error?.reason ?? null),
      ],
    );
  }

  /** Removes and returns what came early for these ids. */
  async takeOf(externalIds: string[]): Promise<EarlyReport[]> {
    const rows = await this.work.current.query<ReportRow>(
      'delete from early_delivery_report where external_id = any ($1) returning external_id, status, at, error_code, error_reason',
      [externalIds],
    );
    return rows.map(toReport);
  }

  /** Removes and returns those whose message has become known since. */
  async takeMatched(): Promise<EarlyReport[]> {
    const rows = await this.work.current.query<ReportRow>(
      `delete from early_delivery_report r using message m
       where m.whatsapp_message_id = r.external_id and m.sender_type <> 'contact'
       returning r.external_id, r.status, r.at, r.error_code, r.error_reason`,
    );
    return rows.map(toReport);
  }

  async anySince(since: Date): Promise<boolean> {
    const rows = await this.work.current.query(
      'select 1 from early_delivery_report where received_at > $1 limit 1',
      [since],
    );
    return rows.length > 0;
  }
}

function toReport(row: ReportRow): EarlyReport {
  return {
    externalId: row.external_id,
    report: {
      status: row.status,
      at: row.at,
      ...(row.status === 'failed'
        ? { error: { code: row.error_code, reason: row.error_reason ?? 'The provider gave no reason.' } }
        : {}),
    },
  };
}
