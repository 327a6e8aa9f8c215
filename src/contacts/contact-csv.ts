import { Readable } from 'node:stream';
import { type InfoRecord, parse } from 'csv-parse';
import { stringify } from 'csv-stringify/sync';
import { AppError } from '../common/app-error';
import type { ContactDto } from './contacts.types';

/** Columns of a file that mean something, and those of an export that an import passes over. */
const IMPORTED = ['name', 'phone_number', 'external_id', 'tags'] as const;
const EXPORTED = ['id', 'external_id', 'name', 'phone_number', 'tags', 'created_at', 'updated_at'] as const;
const IDENTIFYING: readonly string[] = ['phone_number', 'external_id'];

export const MAX_ROWS = 10_000;
export const MAX_BYTES = 2 * 1024 * 1024;
/** Characters of one row; more is a quote that nobody closed. */
const MAX_ROW_LENGTH = 20_000;
const PIECE = 32 * 1024;

/** What a spreadsheet would take for a formula, and what {@link protectedCell} made of one. */
const FORMULA = /^'*[=+\-@\t\r]/;
const PHONE = /^\+\d{1,15}$/;

/** A row of a file; cells are empty where the file has nothing. */
export interface CsvRow {
  /** The line on which it begins, from 1. */
  line: number;
  cells: Partial<Record<(typeof IMPORTED)[number], string>>;
  /** Why the row itself is no row of this file. */
  problem: string | null;
}

/** All rows of a file. Throws where the file as a whole cannot be read, so that nothing of it is taken. */
export async function readContactsCsv(bytes: Buffer): Promise<CsvRow[]> {
  if (bytes.length > MAX_BYTES) throw new AppError('PAYLOAD_TOO_LARGE', 'The file may have at most 2 MB.');
  const text = decoded(bytes);
  const records = await parsed(text, delimiterOf(text));
  const [header, ...rows] = records;
  if (header === undefined) throw refusal('The file is empty.');
  if (rows.length > MAX_ROWS)
    throw new AppError('PAYLOAD_TOO_LARGE', `The file may have at most ${MAX_ROWS} rows.`);
  const columns = columnsOf(header.record);
  return rows.map(({ record, line }) => ({
    line,
    cells: Object.fromEntries(
      columns.flatMap((column, i) =>
        (IMPORTED as readonly string[]).includes(column) ? [[column, plainCell(record[i] ?? '')]] : [],
      ),
    ),
    problem:
      record.length === columns.length
        ? null
        : `The row has ${record.length} cells, the header ${columns.length}.`,
  }));
}

/** The header and these contacts, or these contacts only. */
export function contactsCsv(contacts: ContactDto[], header: boolean): string {
  return stringify(
    contacts.map((contact) => [
      contact.id,
      protectedCell(contact.external_id),
      protectedCell(contact.name ?? ''),
      protectedCell(contact.phone_number ?? ''),
      protectedCell(joinTags(contact.tags.map((tag) => tag.name))),
      contact.created_at,
      contact.updated_at,
    ]),
    // Excel takes a file without the mark for one in the encoding of its country.
    { header, columns: [...EXPORTED], bom: header, record_delimiter: 'windows' },
  );
}

/** Tag names of one cell: separated by `|`, which stands as `\|` within a name. */
export function splitTags(cell: string): string[] {
  const names = (cell.match(/(?:\\.|[^|\\]|\\$)+/gsu) ?? []).map((name) =>
    name.replace(/\\(.)/gsu, '$1').trim(),
  );
  return [...new Set(names.filter((name) => name !== ''))];
}

function joinTags(names: string[]): string {
  return names.map((name) => name.replace(/[\\|]/g, '\\$&')).join('|');
}

/** A spreadsheet shows it as text and computes nothing. Telephone numbers are no formulas, whatever they begin with. */
export function protectedCell(text: string): string {
  return FORMULA.test(text) && !PHONE.test(text) ? `'${text}` : text;
}

/** What {@link protectedCell} made it from, and without the blanks around. */
export function plainCell(text: string): string {
  const cell = text.trim();
  return cell.startsWith("'") && FORMULA.test(cell) ? cell.slice(1) : cell;
}

function decoded(bytes: Buffer): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    throw refusal('The file is not in UTF-8.');
  }
}

/** Spreadsheets of many countries write semicolons, because their comma separates decimals. */
function delimiterOf(text: string): string {
  const header = text.slice(0, text.search(/[\r\n]|$/)).replaceAll(/"[^"]*"/g, '');
  return header.split(';').length > header.split(',').length ? ';' : ',';
}

async function parsed(text: string, delimiter: string): Promise<{ record: string[]; line: number }[]> {
  const parser = Readable.from(piecesOf(text), { objectMode: false }).pipe(
    parse({
      delimiter,
      info: true,
      relax_column_count: true,
      skip_empty_lines: true,
      max_record_size: MAX_ROW_LENGTH,
      to: MAX_ROWS + 2,
    }),
  ) as AsyncIterable<{ record: string[]; info: InfoRecord }>;
  const records: { record: string[]; line: number }[] = [];
  try {
    for await (const { record, info } of parser) {
      records.push({ record, line: info.lines - linesWithin(record) });
    }
    return records;
  } catch (error) {
    throw refusal(`The file is no CSV: ${error instanceof Error ? error.message : 'it cannot be read'}`);
  }
}

/** In pieces, so that others get their turn while a large file is read. */
function* piecesOf(text: string): Generator<string> {
  for (let at = 0; at < text.length; at += PIECE) yield text.slice(at, at + PIECE);
}

/** The parser names the line on which a row ends. */
function linesWithin(record: string[]): number {
  return record.reduce((lines, cell) => lines + cell.split(/\r\n|\r|\n/).length - 1, 0);
}

function columnsOf(header: string[]): string[] {
  const columns = header.map((name) => name.trim().toLowerCase());
  const unknown = columns.filter((name) => ![...IMPORTED, ...EXPORTED].includes(name as 'name'));
  if (unknown.length > 0)
    throw refusal(
      `The file has columns that mean nothing here: ${unknown.map((name) => JSON.stringify(name)).join(', ')}.`,
    );
  if (new Set(columns).size < columns.length) throw refusal('The file has a column twice.');
  if (!columns.some((name) => IDENTIFYING.includes(name)))
    throw refusal(
      'The file has neither a column phone_number nor external_id, so no contact can be told from another.',
    );
  return columns;
}

function refusal(message: string): AppError {
  return new AppError('VALIDATION_FAILED', message);
}
