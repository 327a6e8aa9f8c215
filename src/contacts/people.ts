import type { ContactIdentity, KnownIdentity, Sender } from './contacts.types';

/** Somebody among the senders of a batch. */
export interface Person {
  /** Null until stored. */
  contactId: number | null;
  /** For somebody new: what other people call their id. */
  externalId: string;
  /** Learnt from this batch, and so to be stored; null where it brought nothing new. */
  name: string | null;
  phoneNumber: string | null;
}

/** An identity that a person turned out to have, or has again. */
export interface Claim {
  identity: ContactIdentity;
  person: Person;
}

/** E.164 allows 15 digits. */
const MAX_PHONE_DIGITS = 15;

export const keyOf = (identity: ContactIdentity): string => `${identity.scheme} ${identity.value}`;

/**
 * Who the senders are, going through them in their order as if each came alone: found by the surest identity that
 * is known by then, somebody new where none is. What they bring that is not known becomes theirs.
 */
export function identify(senders: Sender[], known: KnownIdentity[]): { people: Person[]; claims: Claim[] } {
  const people = new Set<Person>();
  const owners = new Map<string, Person>();
  const named = new Set<Person>();
  const claims = new Map<string, Claim>();

  const byContact = new Map<number, Person>();
  for (const { contactId, hasName, ...identity } of known) {
    const person = byContact.get(contactId) ?? { contactId, externalId: '', name: null, phoneNumber: null };
    byContact.set(contactId, person);
    owners.set(keyOf(identity), person);
    if (hasName) named.add(person);
  }

  for (const sender of senders) {
    const person =
      sender.identities.map((identity) => owners.get(keyOf(identity))).find((owner) => owner !== undefined) ??
      ({ contactId: null, externalId: externalIdOf(sender), name: null, phoneNumber: null } satisfies Person);
    people.add(person);
    if (!named.has(person)) person.name ??= sender.name;
    const claim = (identity: ContactIdentity): void => {
      claims.delete(keyOf(identity)); // the newest goes last
      claims.set(keyOf(identity), { identity, person });
      owners.set(keyOf(identity), person);
      person.phoneNumber = phoneNumberOf(identity) ?? person.phoneNumber;
    };
    sender.identities.filter((identity) => !owners.has(keyOf(identity))).forEach(claim);
    sender.newIdentities
      .filter((identity) => (owners.get(keyOf(identity)) ?? person) === person)
      .forEach(claim);
  }
  return { people: [...people], claims: [...claims.values()] };
}

/** The phone where it is known: it is what people call "the WhatsApp id". */
function externalIdOf({ identities }: Sender): string {
  return (identities.find(({ scheme }) => scheme === 'whatsapp_phone') ?? identities[0]!).value;
}

function phoneNumberOf({ scheme, value }: ContactIdentity): string | null {
  return scheme === 'whatsapp_phone' && value.length <= MAX_PHONE_DIGITS ? `+${value}` : null;
}
