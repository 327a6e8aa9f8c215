import { randomBytes, randomInt } from 'node:crypto';

/** A message id as Meta's look: `wamid.` and base64, so `+`, `/` and `=` do occur in it. */
export function newWamid(): string {
  return `wamid.HBgN${randomBytes(28).toString('base64')}`;
}

/** Meta's numeric object ids (media, number, account). */
export function newObjectId(): string {
  return `${randomInt(1, 10)}${randomInt(1e14).toString().padStart(14, '0')}`;
}

/** A telephone number reduced to its digits, the form of `wa_id` and `from`. */
export function phoneDigits(phone: string): string {
  return phone.replace(/\D/g, '');
}

export const USER_ID_FORMAT = /^[A-Z]{2}\.(ENT\.)?[A-Za-z0-9]{1,128}$/;

const COUNTRY_BY_PREFIX: [string, string][] = [
  ['351', 'PT'],
  ['591', 'BO'],
  ['593', 'EC'],
  ['595', 'PY'],
  ['598', 'UY'],
  ['1', 'US'],
  ['33', 'FR'],
  ['34', 'ES'],
  ['39', 'IT'],
  ['44', 'GB'],
  ['49', 'DE'],
  ['51', 'PE'],
  ['52', 'MX'],
  ['54', 'AR'],
  ['55', 'BR'],
  ['56', 'CL'],
  ['57', 'CO'],
  ['58', 'VE'],
  ['91', 'IN'],
];

/** A business-scoped user id (BSUID) for a person with this number. */
export function newUserId(phone: string): string {
  const country = COUNTRY_BY_PREFIX.find(([prefix]) => phone.startsWith(prefix))?.[1] ?? 'US';
  return `${country}.${newObjectId()}${newObjectId().slice(0, 5)}`;
}
