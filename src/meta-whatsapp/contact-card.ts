import { type Loose, objectOf, objectsOf, phoneOf, present, textOf } from './loose-json';
import type { ContactCard } from './message-payload';

const NAME = ['formatted_name', 'first_name', 'last_name', 'middle_name', 'prefix', 'suffix'] as const;
const PHONE = ['phone', 'user_id', 'type'] as const;
const EMAIL = ['email', 'type'] as const;
const URL = ['url', 'type'] as const;
const ADDRESS = ['street', 'city', 'state', 'zip', 'country', 'country_code', 'type'] as const;
const ORG = ['company', 'department', 'title'] as const;

/** A contact card with what it really holds: empty texts, empty parts and unknown fields are left out. */
export function contactCardOf(card: Loose): ContactCard {
  return present({
    name: partOf(card.name, NAME),
    phones: listOrNull(
      objectsOf(card.phones).map((phone) => ({
        ...texts(phone, PHONE),
        ...present({ wa_id: phoneOf(phone.wa_id) }),
      })),
    ),
    emails: partsOf(card.emails, EMAIL),
    urls: partsOf(card.urls, URL),
    addresses: partsOf(card.addresses, ADDRESS),
    org: partOf(card.org, ORG),
    birthday: textOf(card.birthday, 32),
    vcard: textOf(card.vcard),
    origin: textOf(card.origin, 64),
  });
}

type Texts<K extends string> = { [key in K]?: string };

function texts<K extends string>(value: Loose, keys: readonly K[]): Texts<K> {
  const found: Texts<K> = {};
  for (const key of keys) {
    const text = textOf(value[key]);
    if (text !== null) found[key] = text;
  }
  return found;
}

function partOf<K extends string>(value: unknown, keys: readonly K[]): Texts<K> | null {
  const given = objectOf(value);
  if (given === null) return null;
  const part = texts(given, keys);
  return isEmpty(part) ? null : part;
}

function partsOf<K extends string>(value: unknown, keys: readonly K[]): Texts<K>[] | null {
  return listOrNull(objectsOf(value).map((item) => texts(item, keys)));
}

function listOrNull<T extends object>(parts: T[]): T[] | null {
  const filled = parts.filter((part) => !isEmpty(part));
  return filled.length > 0 ? filled : null;
}

function isEmpty(part: object): boolean {
  return Object.keys(part).length === 0;
}
