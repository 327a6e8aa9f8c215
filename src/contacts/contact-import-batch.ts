import { randomUUID } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import type { StaffActor } from '../common/actor';
import { Overtaken } from '../platform/database/database-errors';
import { ContactBookRepository, type NewContact } from './contact-book.repository';
import { ContactFollowers } from './contact-followers.service';
import { ContactImportRepository, type KnownContacts } from './contact-import.repository';
import { ContactsRepository } from './contacts.repository';
import type { Contact, RejectedRow } from './contacts.types';
import { isLine, isNamedByPhone, type PhoneLine } from './phone-lines';

/** A row that could be a contact. */
export interface ImportRow {
  line: number;
  externalId: string | null;
  name: string | null;
  phone: PhoneLine | null;
  tags: string[];
}

type Rejection = Omit<RejectedRow, 'values'>;

/** A row, and the contact it is about; the contact is stored already where `before` is. */
interface Planned {
  row: ImportRow;
  before: Contact | null;
  after: NewContact;
  /** A line that the contact did not have. */
  newLine: PhoneLine | null;
}

export interface BatchResult {
  created: number;
  updated: number;
  unchanged: number;
  rejected: Rejection[];
  /** The contacts of this batch, each with the line that it was on. */
  seen: Map<string, number>;
}

/** Some rows of a file, written together. Within the open unit of work; whatever it throws undoes all of it. */
@Injectable()
export class ContactImportBatch {
  constructor(
    private readonly rows: ContactImportRepository,
    private readonly book: ContactBookRepository,
    private readonly contacts: ContactsRepository,
    private readonly followers: ContactFollowers,
  ) {}

  /** @param seen the contacts of earlier batches of the file */
  async write(actor: StaffActor, rows: ImportRow[], seen: ReadonlyMap<string, number>): Promise<BatchResult> {
    const { planned, rejected, seen: own } = await this.plan(rows, seen);
    const ids = await this.insert(planned.filter(({ before }) => before === null));
    const idOf = ({ before, after }: Planned): number => before?.id ?? ids.get(after.externalId)!;
    const changed = planned.filter(({ before, after }) => before !== null && differs(before, after));
    if (changed.length > 0) {
      await this.letGo(changed);
      await this.rows.update(changed.map(({ before, after }) => ({ ...after, id: before!.id })));
    }
    await this.claim(
      planned.flatMap((one) => (one.newLine === null ? [] : [{ id: idOf(one), line: one.newLine }])),
    );
    const tagged = await this.tag(
      planned.flatMap((one) => one.row.tags.map((name) => ({ contactId: idOf(one), name }))),
      actor.userId,
    );
    if (changed.length > 0) await this.followers.threads.announce(changed.map(({ before }) => before!.id));
    const updated = planned.filter(
      (one) => one.before !== null && (changed.includes(one) || tagged.has(one.before.id)),
    );
    for (const one of planned) own.set(`#${idOf(one)}`, one.row.line);
    const known = planned.filter(({ before }) => before !== null).length;
    return {
      created: planned.length - known,
      updated: updated.length,
      unchanged: known - updated.length,
      rejected,
      seen: own,
    };
  }

  /** What each row comes to, as if they were taken one after the other. */
  private async plan(
    rows: ImportRow[],
    seen: ReadonlyMap<string, number>,
  ): Promise<{ planned: Planned[]; rejected: Rejection[]; seen: Map<string, number> }> {
    const known = await this.rows.findKnown(
      rows.flatMap(({ externalId, phone }) => [
        ...(externalId === null ? [] : [externalId]),
        ...(phone === null ? [] : [phone.spellings[0]!]),
      ]),
      rows.flatMap(({ phone }) => phone?.spellings ?? []),
    );
    const ids = [...new Set([...known.byExternalId.values(), ...known.byDigits.values()])];
    const stored = new Map((await this.book.lock(ids)).map((contact) => [contact.id, contact]));
    if (stored.size < ids.length) throw new Overtaken('A contact is gone.');

    const planned: Planned[] = [];
    const rejected: Rejection[] = [];
    const own = new Map<string, number>();
    for (const row of rows) {
      const { id, conflict } = ownerOf(row, known);
      if (conflict !== null) {
        rejected.push({ line: row.line, code: 'CONFLICT', message: conflict });
        continue;
      }
      const keys = keysOf(row, id);
      const twin = keys.map((key) => own.get(key) ?? seen.get(key)).find((line) => line !== undefined);
      if (twin !== undefined) {
        rejected.push({ line: row.line, code: 'DUPLICATE', message: `The same contact as on line ${twin}.` });
        continue;
      }
      keys.forEach((key) => own.set(key, row.line));
      planned.push(planOf(row, id === null ? null : stored.get(id)!, known));
    }
    return { planned, rejected, seen: own };
  }

  private async insert(planned: Planned[]): Promise<Map<string, number>> {
    if (planned.length === 0) return new Map();
    const ids = await this.rows.insert(planned.map(({ after }) => after));
    if (ids.size < planned.length) throw new Overtaken('Somebody else made one of them.');
    return ids;
  }

  /** Numbers that were only typed in go where the file has another one; see `ContactBookService.update`. */
  private async letGo(changed: Planned[]): Promise<void> {
    for (const { before, after, newLine } of changed) {
      if (newLine === null || before!.phoneNumber === null) continue;
      const { conversations } = await this.followers.threads.statistics(before!.id);
      if (conversations > 0) continue;
      await this.book.forgetPhones(before!.id);
      if (after.externalId === before!.externalId && isNamedByPhone(before!)) after.externalId = randomUUID();
    }
  }

  private async claim(lines: { id: number; line: PhoneLine }[]): Promise<void> {
    if (lines.length === 0) return;
    const identities = lines.flatMap(({ id, line }) =>
      line.spellings
        .toReversed()
        .map((value) => ({ scheme: 'whatsapp_phone' as const, value, contactId: id })),
    );
    await this.contacts.saveIdentities(identities);
    const wanted = new Map(identities.map(({ value, contactId }) => [value, contactId]));
    const found = await this.contacts.findByIdentities(identities);
    if (found.some(({ value, contactId }) => wanted.get(value) !== contactId))
      throw new Overtaken('Somebody wrote from one of these numbers.');
  }

  private async tag(tags: { contactId: number; name: string }[], userId: number): Promise<Set<number>> {
    if (tags.length === 0) return new Set();
    const ids = await this.rows.tagIds(tags.map(({ name }) => name));
    return await this.rows.addTags(
      tags.map(({ contactId, name }) => ({ contactId, tagId: ids.get(name.toLowerCase())! })),
      userId,
    );
  }
}

/** Which stored contact a row is about. */
function ownerOf(
  { externalId, phone }: ImportRow,
  known: KnownContacts,
): { id: number | null; conflict: string | null } {
  const byExternalId = externalId === null ? undefined : known.byExternalId.get(externalId);
  const byPhone = phone?.spellings.map((digits) => known.byDigits.get(digits)).find((id) => id !== undefined);
  if (byExternalId !== undefined && byPhone !== undefined && byExternalId !== byPhone) {
    const conflict = `The external id belongs to contact ${byExternalId}, the phone number to contact ${byPhone}.`;
    return { id: null, conflict };
  }
  return { id: byExternalId ?? byPhone ?? null, conflict: null };
}

/** Two rows with a key in common are about one contact. */
function keysOf({ externalId, phone }: ImportRow, id: number | null): string[] {
  return [
    ...(id === null ? [] : [`#${id}`]),
    ...(externalId === null ? [] : [`=${externalId}`]),
    ...(phone?.spellings.map((digits) => `+${digits}`) ?? []),
  ];
}

/** What is empty in the file stays as it is. */
function planOf(row: ImportRow, before: Contact | null, known: KnownContacts): Planned {
  const line = row.phone;
  if (before === null) {
    const digits = line?.spellings[0];
    const own = digits === undefined || known.byExternalId.has(digits) ? randomUUID() : digits;
    const after = { externalId: row.externalId ?? own, name: row.name, phoneNumber: line?.e164 ?? null };
    return { row, before, after, newLine: line };
  }
  const newLine = line === null || isLine(line, before.phoneNumber) ? null : line;
  const after = {
    externalId: row.externalId ?? before.externalId,
    name: row.name ?? before.name,
    phoneNumber: newLine?.e164 ?? before.phoneNumber,
  };
  return { row, before, after, newLine };
}

function differs(before: NewContact, after: NewContact): boolean {
  return (
    before.externalId !== after.externalId ||
    before.name !== after.name ||
    before.phoneNumber !== after.phoneNumber
  );
}
