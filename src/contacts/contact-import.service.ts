import { randomUUID } from 'node:crypto';
import { Inject, Injectable } from '@nestjs/common';
import { plainToInstance } from 'class-transformer';
import { validateSync } from 'class-validator';
import { AuditService } from '../audit/audit.service';
import type { StaffActor } from '../common/actor';
import { AppError } from '../common/app-error';
import { CONFIG, type Config } from '../config/config';
import { isRetryable, Overtaken, sqlState, UNIQUE_VIOLATION } from '../platform/database/database-errors';
import { UnitOfWork } from '../platform/database/unit-of-work';
import { type CsvRow, readContactsCsv, splitTags } from './contact-csv';
import { ContactImportBatch, type ImportRow } from './contact-import-batch';
import { ContactImportRow } from './contacts.dto';
import type { ContactImportReport, RejectedRow } from './contacts.types';
import { parsePhone } from './phone-lines';

/** Rows written together: enough to be quick, few enough that nobody waits for their locks. */
const BATCH = 500;
/** Customers who write at the same moment may overtake a batch more often than a unit of work tries by itself. */
const TURNS = 8;

/**
 * Takes a file of contacts. Every batch of rows is a transaction of its own: a crash leaves whole batches, and the
 * same file once more finds those unchanged and goes on with the rest.
 */
@Injectable()
export class ContactImportService {
  constructor(
    @Inject(CONFIG) private readonly config: Config,
    private readonly work: UnitOfWork,
    private readonly batches: ContactImportBatch,
    private readonly audit: AuditService,
  ) {}

  async import(actor: StaffActor, file: Buffer): Promise<ContactImportReport> {
    const rows = await readContactsCsv(file);
    const report: ContactImportReport = { created: 0, updated: 0, unchanged: 0, rejected: 0, rows: [] };
    const importId = randomUUID();
    const seen = new Map<string, number>();
    for (let at = 0; at < rows.length; at += BATCH) {
      const given = rows.slice(at, at + BATCH);
      const read = given.map((row) => this.read(row));
      const good = read.filter((row) => 'tags' in row);
      const done = await this.write(actor, good, seen, importId);
      for (const [key, line] of done.seen) seen.set(key, line);
      report.created += done.created;
      report.updated += done.updated;
      report.unchanged += done.unchanged;
      const cells = new Map(given.map((row) => [row.line, row.cells]));
      const rejected = [...read.filter((row) => 'code' in row), ...done.rejected];
      report.rows.push(
        ...rejected
          .toSorted((a, b) => a.line - b.line)
          .map((row) => ({ ...row, values: cells.get(row.line)! })),
      );
    }
    report.rejected = report.rows.length;
    return report;
  }

  private async write(
    ...batch: Parameters<ContactImportService['tryToWrite']>
  ): Promise<Awaited<ReturnType<ContactImportBatch['write']>>> {
    for (let turn = 1; ; turn++) {
      try {
        return await this.tryToWrite(...batch);
      } catch (error) {
        if (turn === TURNS || !(error instanceof AppError && isRetryable(error.cause))) throw error;
      }
    }
  }

  private async tryToWrite(
    actor: StaffActor,
    rows: ImportRow[],
    seen: ReadonlyMap<string, number>,
    importId: string,
  ): Promise<Awaited<ReturnType<ContactImportBatch['write']>>> {
    return await this.work.run(actor, async () => {
      const done = await this.batches.write(actor, rows, seen).catch((error: unknown) => {
        // Somebody took an id or a number between our look and our writing.
        throw sqlState(error) === UNIQUE_VIOLATION
          ? new Overtaken('Taken meanwhile.', { cause: error })
          : error;
      });
      const { created, updated } = done;
      if (created + updated > 0) {
        this.audit.record({
          actor,
          action: 'contact.import',
          subject: { type: 'contact', id: null },
          details: { import: importId, from_line: rows[0]!.line, created, updated },
        });
      }
      return done;
    });
  }

  /** By the rules of `POST /contacts`. */
  private read({ line, cells, problem }: CsvRow): ImportRow | Omit<RejectedRow, 'values'> {
    const reject = (message: string): Omit<RejectedRow, 'values'> => ({
      line,
      code: 'VALIDATION_FAILED',
      message,
    });
    if (problem !== null) return reject(problem);
    const given = Object.fromEntries(
      Object.entries(cells).flatMap(([column, cell]) =>
        cell === '' ? [] : [[column, column === 'tags' ? splitTags(cell) : cell]],
      ),
    );
    const row = plainToInstance(ContactImportRow, given);
    const [error] = validateSync(row, { whitelist: true });
    if (error !== undefined)
      return reject(Object.values(error.constraints ?? {})[0] ?? 'The row is not valid.');
    const phone =
      row.phone_number === undefined ? null : parsePhone(row.phone_number, this.config.defaultCountry);
    if (row.phone_number !== undefined && phone === null)
      return reject('phone_number is no telephone number.');
    if (phone === null && row.external_id === undefined)
      return reject('The row has neither a phone_number nor an external_id.');
    return { line, externalId: row.external_id ?? null, name: row.name ?? null, phone, tags: row.tags ?? [] };
  }
}
