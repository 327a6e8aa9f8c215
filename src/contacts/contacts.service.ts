import { Injectable } from '@nestjs/common';
import { ContactsRepository } from './contacts.repository';
import type { ContactIdentity, ContactSummary, Sender } from './contacts.types';

const keyOf = (identity: ContactIdentity): string => `${identity.scheme} ${identity.value}`;

/** The customers, and every way in which a channel may name them. Within an open unit of work. */
@Injectable()
export class ContactsService {
  constructor(private readonly contacts: ContactsRepository) {}

  /**
   * The contact of each sender, in the same order. Found by the surest identity that is known; made where none
   * is; identities that came new are added. Safe against any number of transactions doing the same.
   */
  async resolve(senders: Sender[]): Promise<number[]> {
    const identities = new Map(senders.flatMap((s) => s.identities.map((i) => [keyOf(i), i])));
    const known = await this.lookUp([...identities.values()]);
    const find = (sender: Sender): number | undefined =>
      sender.identities.map((identity) => known.get(keyOf(identity))).find((id) => id !== undefined);

    const strangers = senders.filter((sender) => find(sender) === undefined);
    if (strangers.length > 0) await this.create(strangers, known);
    await this.addIdentities(
      senders.map((sender) => ({ sender, contactId: find(sender)! })),
      known,
    );
    return senders.map((sender) => find(sender)!);
  }

  /** A person announced a new number or id: they stay the same contact. */
  async renumber(
    contactId: number,
    identities: ContactIdentity[],
    phoneNumber: string | null,
  ): Promise<void> {
    await this.contacts.insertIdentities(identities.map((identity) => ({ ...identity, contactId })));
    if (phoneNumber !== null) await this.contacts.setPhoneNumber(contactId, phoneNumber);
  }

  async summaries(ids: number[]): Promise<Map<number, ContactSummary>> {
    const rows = await this.contacts.findSummaries([...new Set(ids)]);
    return new Map(rows.map((row) => [row.id, row]));
  }

  /** The newest identity of each scheme. */
  async addressOf(contactId: number): Promise<Partial<Record<ContactIdentity['scheme'], string>>> {
    const address: Partial<Record<ContactIdentity['scheme'], string>> = {};
    for (const { scheme, value } of await this.contacts.findIdentities(contactId)) address[scheme] ??= value;
    return address;
  }

  private async lookUp(identities: ContactIdentity[]): Promise<Map<string, number>> {
    const rows = await this.contacts.findByIdentities(identities);
    return new Map(rows.map((row) => [keyOf(row), row.contactId]));
  }

  private async create(strangers: Sender[], known: Map<string, number>): Promise<void> {
    const byExternalId = new Map(strangers.map((sender) => [externalIdOf(sender), sender]));
    await this.contacts.insertMissing(
      [...byExternalId].map(([externalId, { name, phoneNumber }]) => ({ externalId, name, phoneNumber })),
    );
    // Somebody else may have made them at this moment, or an agent entered the phone number by hand before.
    const phones = strangers.flatMap(({ phoneNumber }) => (phoneNumber === null ? [] : [phoneNumber]));
    const found = await this.contacts.findByExternalIdsOrPhones([...byExternalId.keys()], phones);
    const idOf = new Map(found.map((row) => [row.externalId, row.id]));
    const idOfPhone = new Map(found.map((row) => [row.phoneNumber, row.id]));
    const fresh = strangers.map((sender) => {
      const contactId = idOf.get(externalIdOf(sender)) ?? idOfPhone.get(sender.phoneNumber)!;
      return { ...sender.identities[0]!, contactId };
    });
    await this.contacts.insertIdentities(fresh);
    // Read again: where another transaction was faster, its contact is the one.
    for (const [key, id] of await this.lookUp(strangers.flatMap((s) => s.identities))) known.set(key, id);
  }

  private async addIdentities(
    of: { sender: Sender; contactId: number }[],
    known: Map<string, number>,
  ): Promise<void> {
    const fresh = new Map<string, ContactIdentity & { contactId: number }>();
    for (const { sender, contactId } of of) {
      for (const identity of sender.identities) {
        const key = keyOf(identity);
        if (!known.has(key) && !fresh.has(key)) fresh.set(key, { ...identity, contactId });
      }
    }
    if (fresh.size > 0) await this.contacts.insertIdentities([...fresh.values()]);
  }
}

function externalIdOf(sender: Sender): string {
  // The phone where it is known: it is what people call "the WhatsApp id".
  const phone = sender.identities.find((identity) => identity.scheme === 'whatsapp_phone');
  return (phone ?? sender.identities[0]!).value;
}
