import { randomUUID } from 'node:crypto';
import { Inject, Injectable } from '@nestjs/common';
import { AuditService } from '../audit/audit.service';
import type { StaffActor } from '../common/actor';
import { AppError, notFound } from '../common/app-error';
import { type Page, type PageQuery, pageOf } from '../common/page';
import { CONFIG, type Config } from '../config/config';
import { Overtaken, sqlState, UNIQUE_VIOLATION } from '../platform/database/database-errors';
import { PATIENT, UnitOfWork } from '../platform/database/unit-of-work';
import { Journal } from '../platform/events/journal';
import { CONTACT_EVENTS } from './contact.events';
import { ContactBookRepository, type ContactFilter, type NewContact } from './contact-book.repository';
import { ContactFollowers } from './contact-followers.service';
import { searchWords } from './contact-search.policy';
import type { ContactFilterQuery, ContactQuery, CreateContactDto, UpdateContactDto } from './contacts.dto';
import { taken } from './contacts.errors';
import { ContactsRepository } from './contacts.repository';
import { type Contact, type ContactDetailsDto, type ContactDto, toContactDto } from './contacts.types';
import { isLine, isNamedByPhone, parsePhone, type PhoneLine } from './phone-lines';

/** The contacts as staff keep them. How senders of messages become contacts: `contacts.service.ts`. */
@Injectable()
export class ContactBookService {
  constructor(
    @Inject(CONFIG) private readonly config: Config,
    private readonly work: UnitOfWork,
    private readonly rows: ContactBookRepository,
    private readonly contacts: ContactsRepository,
    private readonly followers: ContactFollowers,
    private readonly journal: Journal,
    private readonly audit: AuditService,
  ) {}

  async list(actor: StaffActor, query: ContactQuery): Promise<Page<ContactDto>> {
    return await this.work.run(actor, () => this.page(filterOf(query), query.sort, query));
  }

  /** Within the open unit of work. */
  async page(filter: ContactFilter, sort: string, query: PageQuery): Promise<Page<ContactDto>> {
    const [rows, total] = await Promise.all([
      this.rows.list(filter, sort, query.limit, query.offset),
      this.rows.count(filter),
    ]);
    return pageOf(await this.toDtos(rows), total, query);
  }

  async get(actor: StaffActor, id: number): Promise<ContactDetailsDto> {
    return await this.work.run(actor, () => this.details(id));
  }

  async getByExternalId(actor: StaffActor, externalId: string): Promise<ContactDetailsDto> {
    return await this.work.run(actor, async () => {
      const id = await this.rows.findByExternalId(externalId);
      if (id === null) throw notFound('contact');
      return await this.details(id);
    });
  }

  async getByPhone(actor: StaffActor, written: string): Promise<ContactDetailsDto> {
    const digits = written.replace(/\D/g, '');
    const line = parsePhone(written, this.config.defaultCountry);
    // As it is stored, too: not every number that WhatsApp has is possible by the numbering plan.
    const spellings = [...(line === null ? [] : [line.e164.slice(1), ...line.spellings]), digits];
    return await this.work.run(actor, async () => {
      const id = digits === '' ? null : await this.rows.findByPhone(spellings);
      if (id === null) throw notFound('contact');
      return await this.details(id);
    });
  }

  async create(actor: StaffActor, input: CreateContactDto): Promise<ContactDetailsDto> {
    const line = this.lineIn(input.phone_number);
    if (input.external_id === undefined && !input.name && !line) {
      throw new AppError('VALIDATION_FAILED', 'A contact has a name, a phone number or an external id.');
    }
    return await this.work.run(actor, async () => {
      const contact: NewContact = {
        externalId: input.external_id ?? (await this.newExternalId(line ?? null)),
        name: input.name ?? null,
        phoneNumber: line?.e164 ?? null,
      };
      const id = await this.rows.insert(contact);
      if (id === null) throw await this.whoHas(contact, line, 0);
      if (line) await this.claim(id, line);
      this.record(actor, 'contact.create', id);
      return await this.details(id);
    });
  }

  async update(actor: StaffActor, id: number, input: UpdateContactDto): Promise<ContactDetailsDto> {
    const line = this.lineIn(input.phone_number);
    const wanted = (before: Contact): NewContact => ({
      externalId: input.external_id ?? before.externalId,
      name: input.name === undefined ? before.name : input.name,
      phoneNumber:
        line === undefined || (line && isLine(line, before.phoneNumber))
          ? before.phoneNumber
          : (line?.e164 ?? null),
    });
    try {
      return await this.work.run(actor, async () => {
        const [before] = await this.rows.lock([id]);
        if (before === undefined) throw notFound('contact');
        const after = wanted(before);
        let forgotten = line === null && (await this.rows.forgetPhones(id));
        if (line && after.phoneNumber !== before.phoneNumber) forgotten = await this.move(id, line);
        if (forgotten && after.externalId === before.externalId && isNamedByPhone(before))
          after.externalId = await this.newExternalId(line ?? null);
        const changed = changesOf(before, after, forgotten);
        if (changed.length > 0) {
          await this.rows.update(id, after);
          await this.followers.threads.announce([id]);
          this.record(actor, 'contact.update', id, { changed });
        }
        return await this.details(id);
      });
    } catch (error) {
      if (sqlState(error) !== UNIQUE_VIOLATION) throw error;
      throw await this.work.run(actor, async () => {
        const before = await this.rows.find(id);
        return before === null ? notFound('contact') : await this.whoHas(wanted(before), line, id);
      });
    }
  }

  /**
   * What a contact said may be much: it goes in steps, each a transaction, oldest first, and the contact with the last
   * of them. Where a step fails, asking again goes on with the rest.
   */
  async delete(actor: StaffActor, id: number): Promise<void> {
    if ((await this.work.run(actor, () => this.rows.find(id))) === null) throw notFound('contact');
    for (const follower of this.followers.all) {
      while ((await this.work.run(actor, () => follower.clear?.(id))) === true);
    }
    await this.work.run(
      actor,
      async () => {
        const [contact] = await this.rows.lock([id], true);
        if (contact === undefined) throw notFound('contact');
        const conversations = await this.followers.threads.announceRemoval(id);
        await this.rows.delete(id);
        this.journal.append({ type: CONTACT_EVENTS.DELETED, audience: [], payload: { id } });
        this.record(actor, 'contact.delete', id, { conversations });
      },
      PATIENT,
    );
  }

  /** Nothing of the person themselves: entries outlive them, and a deleted contact must be gone. */
  private record(actor: StaffActor, action: string, id: number, details: object = {}): void {
    this.audit.record({ actor, action, subject: { type: 'contact', id }, details });
  }

  /** Within the open unit of work. Throws `NOT_FOUND`. */
  async details(id: number): Promise<ContactDetailsDto> {
    const contact = await this.rows.find(id);
    if (contact === null) throw notFound('contact');
    const [tags, identities, statistics] = await Promise.all([
      this.rows.tagsOf([id]),
      this.rows.identitiesOf(id),
      this.followers.threads.statistics(id),
    ]);
    return { ...toContactDto(contact, tags.get(id)!), identities, statistics };
  }

  /** In the same order. Within the open unit of work. */
  async toDtos(contacts: Contact[]): Promise<ContactDto[]> {
    const tags = await this.rows.tagsOf(contacts.map((contact) => contact.id));
    return contacts.map((contact) => toContactDto(contact, tags.get(contact.id)!));
  }

  /** Undefined where none was given, null where it shall be none. */
  private lineIn(written: string | null | undefined): PhoneLine | null | undefined {
    if (written === undefined || written === null) return written;
    const line = parsePhone(written, this.config.defaultCountry);
    if (line === null) {
      throw new AppError(
        'VALIDATION_FAILED',
        'phone_number is no telephone number; write it with its country code, such as +55 11 98765-4321.',
        [{ field: 'phone_number', problem: 'is no possible telephone number' }],
      );
    }
    return line;
  }

  /** The one by which WhatsApp knows a line, as contacts have it that came from there. */
  private async newExternalId(line: PhoneLine | null): Promise<string> {
    const digits = line?.spellings[0];
    return digits !== undefined && (await this.rows.findByExternalId(digits)) === null
      ? digits
      : randomUUID();
  }

  /**
   * A number that a customer wrote from stays theirs beside the new one; one that was only typed in goes. Answers
   * whether one went.
   */
  private async move(id: number, line: PhoneLine): Promise<boolean> {
    const { conversations } = await this.followers.threads.statistics(id);
    const forgotten = conversations === 0 && (await this.rows.forgetPhones(id));
    await this.claim(id, line);
    return forgotten;
  }

  /** From now on messages from this line are the contact's, and answers go to it. Throws `CONFLICT`. */
  private async claim(contactId: number, line: PhoneLine): Promise<void> {
    const identities = line.spellings
      .toReversed() // the last one becomes the newest, and that one is called
      .map((value) => ({ scheme: 'whatsapp_phone' as const, value, contactId }));
    await this.contacts.saveIdentities(identities);
    const other = await this.rows.findOtherByPhone(line.spellings, contactId);
    if (other !== null) throw taken('phone_number', other);
  }

  private async whoHas(
    contact: NewContact,
    line: PhoneLine | null | undefined,
    exceptId: number,
  ): Promise<AppError | Overtaken> {
    const byExternalId = await this.rows.findByExternalId(contact.externalId);
    const byPhone = line ? await this.rows.findOtherByPhone(line.spellings, exceptId) : null;
    if (byPhone !== null) return taken('phone_number', byPhone);
    if (byExternalId !== null && byExternalId !== exceptId) return taken('external_id', byExternalId);
    return new Overtaken('Whoever had it has it no more.');
  }
}

export function filterOf(query: ContactFilterQuery): ContactFilter {
  return {
    words: query.search === undefined ? [] : searchWords(query.search),
    tagIds: query.tag_id ?? [],
    everyTag: query.tag_match === 'all',
    createdSince: query.created_since ?? null,
  };
}

function changesOf(before: NewContact, after: NewContact, forgotten: boolean): string[] {
  return [
    ...(before.externalId === after.externalId ? [] : ['external_id']),
    ...(before.name === after.name ? [] : ['name']),
    ...(before.phoneNumber === after.phoneNumber && !forgotten ? [] : ['phone_number']),
  ];
}
