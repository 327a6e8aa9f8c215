import type { ContactIdentity, Sender } from './contacts.types';

/** A sender whom {@link KNOWN_SENDERS} may know, as columns. */
export interface AskedSender {
  scheme: string;
  value: string;
  otherScheme: string | null;
  otherValue: string | null;
  named: boolean;
}

/** What {@link KNOWN_SENDERS} needs of a sender; null where they bring more than it looks at. */
export function askedOf({ identities, newIdentities, name }: Sender): AskedSender | null {
  const [surest, other, ...more] = identities as [ContactIdentity, ...ContactIdentity[]];
  if (newIdentities.length > 0 || more.length > 0) return null;
  return {
    scheme: surest.scheme,
    value: surest.value,
    otherScheme: other?.scheme ?? null,
    otherValue: other?.value ?? null,
    named: name !== null,
  };
}

/**
 * In SQL, `rows` with the `contact_id` of each one's sender. Left out are those of whom `ContactsService.resolve`
 * would learn something.
 *
 * @param rows with the columns scheme, value, other_scheme, other_value and named: see {@link AskedSender}
 */
export const KNOWN_SENDERS = (rows: string): string => `
  select said.*, known.contact_id from ${rows}
  cross join lateral (select contact_id from contact_identity
                      where scheme = said.scheme and value = said.value limit 1) known
  cross join lateral (select name from contact where id = known.contact_id limit 1) c
  where (c.name is not null or not said.named)
    and (said.other_value is null
         or exists (select from contact_identity where scheme = said.other_scheme and value = said.other_value))`;
