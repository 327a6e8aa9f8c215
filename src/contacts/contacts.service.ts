import { Injectable } from '@nestjs/common';
import { ContactsRepository } from './contacts.repository';
import type { ContactIdentity, ContactSummary, KnownIdentity, Sender } from './contacts.types';
import { type Claim, identify, keyOf, type Person } from './people';

/** The customers, and every way in which a channel may name them. Within an open unit of work. */
@Injectable()
export class ContactsService {
  constructor(private readonly contacts: ContactsRepository) {}

  /** Who of these is known already: what {@link resolve} begins with. */
  async lookUp(senders: Sender[]): Promise<KnownIdentity[]> {
    return await this.contacts.findByIdentities(identitiesOf(senders));
  }

  /**
   * The contact of each sender, in the same order. Found by the surest identity that is known; made where none
   * is; names and identities that came new are added. Safe against any number of transactions doing the same.
   */
  async resolve(senders: Sender[], known: KnownIdentity[]): Promise<number[]> {
    const { people, claims } = identify(senders, known);

    const made = await this.addMissing(people);
    const owners =
      claims.length === 0 ? ownersOf(known) : await this.claim(claims, made, identitiesOf(senders));
    await this.learn(people.filter(({ contactId }) => !made.has(contactId!)));
    return ownedBy(owners, senders);
  }

  async summaries(ids: number[]): Promise<Map<number, ContactSummary>> {
    const rows = await this.contacts.findSummaries([...new Set(ids)]);
    return new Map(rows.map((row) => [row.id, row]));
  }

  /** Which contacts these words find; null where that are more than `most`. */
  async search(words: string[], most: number): Promise<number[] | null> {
    const found = await this.contacts.search(words, most + 1);
    return found.length > most ? null : found;
  }

  /** The newest identity of each scheme. */
  async addressOf(contactId: number): Promise<Partial<Record<ContactIdentity['scheme'], string>>> {
    const address: Partial<Record<ContactIdentity['scheme'], string>> = {};
    for (const { scheme, value } of await this.contacts.findIdentities(contactId)) address[scheme] ??= value;
    return address;
  }

  /** Gives everybody a contact; answers the ids of those made here. */
  private async addMissing(people: Person[]): Promise<Set<number>> {
    const strangers = people.filter((person) => person.contactId === null);
    if (strangers.length === 0) return new Set();
    const made = await this.contacts.insertMissing(strangers);
    // The rest were made by somebody else at this moment, or an agent entered the phone number by hand before.
    const found =
      made.length === strangers.length
        ? made
        : await this.contacts.findByExternalIdsOrPhones(
            strangers.map((person) => person.externalId),
            strangers.flatMap((person) => person.phoneNumber ?? []),
          );
    const byExternalId = new Map(found.map((row) => [row.externalId, row.id]));
    const byPhone = new Map(found.map((row) => [row.phoneNumber ?? '', row.id]));
    for (const person of strangers)
      person.contactId = byExternalId.get(person.externalId) ?? byPhone.get(person.phoneNumber ?? '') ?? null;
    return new Set(made.map((row) => row.id));
  }

  /**
   * Answers whose each identity is. Where another transaction was faster, its contact is the person, and the one
   * made here goes.
   */
  private async claim(
    claims: Claim[],
    made: Set<number>,
    identities: ContactIdentity[],
  ): Promise<Map<string, number>> {
    await this.contacts.saveIdentities(
      claims.map(({ identity, person }) => ({ ...identity, contactId: person.contactId! })),
    );
    const found = await this.contacts.findByIdentities(identities);
    const owners = new Map(found.map((identity) => [keyOf(identity), identity.contactId]));
    const replaced = new Map<number, number>();
    for (const { identity, person } of claims) {
      const owner = owners.get(keyOf(identity))!;
      if (!made.has(person.contactId!) || owner === person.contactId) continue;
      if (!replaced.has(person.contactId!)) replaced.set(person.contactId!, owner);
    }
    if (replaced.size === 0) return owners;
    await this.contacts.replace([...replaced].map(([contactId, by]) => ({ contactId, by })));
    for (const { person } of claims) person.contactId = replaced.get(person.contactId!) ?? person.contactId;
    return new Map([...owners].map(([key, owner]) => [key, replaced.get(owner) ?? owner]));
  }

  /** Names and phone numbers of people whose contact was there already. */
  private async learn(people: Person[]): Promise<void> {
    const news = people.filter((person) => person.name !== null || person.phoneNumber !== null);
    if (news.length > 0)
      await this.contacts.fillIn(news.map((person) => ({ ...person, contactId: person.contactId! })));
  }
}

function ownersOf(known: KnownIdentity[]): Map<string, number> {
  return new Map(known.map((identity) => [keyOf(identity), identity.contactId]));
}

/** Everybody's contact, by their surest identity. */
function ownedBy(owners: Map<string, number>, senders: Sender[]): number[] {
  return senders.map((sender) => owners.get(keyOf(sender.identities[0]!))!);
}

function identitiesOf(senders: Sender[]): ContactIdentity[] {
  const all = senders.flatMap((sender) => [...sender.identities, ...sender.newIdentities]);
  return [...new Map(all.map((identity) => [keyOf(identity), identity])).values()];
}
