import { isSupportedCountry, parsePhoneNumberFromString } from 'libphonenumber-js/min';

/** A telephone line, however it is written. */
export interface PhoneLine {
  /** As it is shown and stored: `+` and up to 15 digits. */
  e164: string;
  /** Digits only: every way in which a channel may name the line, the one that WhatsApp is to be called by first. */
  spellings: string[];
}

/** Whole numbers as people write them, without letters and extensions. */
const WRITTEN = /^[+\d\s().\-/\u00a0\u2010-\u2015]+$/;
const MAX_LENGTH = 40;

/** The line somebody means; null where that cannot be told. */
export function parsePhone(text: string, defaultCountry: string | null): PhoneLine | null {
  const written = text.trim().replace(/^tel:/i, '');
  if (written.length > MAX_LENGTH) return null;
  const digits = written.replace(/\D/g, '');
  const plain = WRITTEN.test(written);
  // Not possible by the numbering plan, but how WhatsApp writes Mexican mobile phones.
  if (plain && /^521[2-9]\d{9}$/.test(digits)) return lineOf(digits);
  const country = defaultCountry !== null && isSupportedCountry(defaultCountry) ? defaultCountry : undefined;
  const readings = [
    parsePhoneNumberFromString(written, { defaultCountry: country, extract: false }),
    ...(plain && written.startsWith('00') ? [parsePhoneNumberFromString(`+${digits.slice(2)}`)] : []),
    ...(plain && !written.startsWith('0') ? [parsePhoneNumberFromString(`+${digits}`)] : []),
  ].filter((number) => number !== undefined && number.ext === undefined);
  // Ranges in use change faster than any list of them, so one that is not known to be in use is none the less a number.
  const found =
    readings.find((number) => number!.isValid()) ?? readings.find((number) => number!.isPossible());
  if (found === undefined) return null;
  const line = lineOf(found.number.slice(1));
  // What looks like a prefix to the numbering plan may be a part of the number to WhatsApp.
  const verbatim = plain && written.startsWith('+') && !line.spellings.includes(digits);
  return verbatim ? { ...line, spellings: [...line.spellings, digits] } : line;
}

/**
 * Lines that WhatsApp writes otherwise than the numbering plan. In each case only one of the two can exist, so both
 * mean the same line:
 * - Mexico dropped the 1 after 52 in 2019, WhatsApp has kept it;
 * - Argentina's mobile phones have a 9 after 54, which callers within the country leave out;
 * - Brazil's mobile phones (6 to 9) got a ninth digit, and WhatsApp knows older accounts without it.
 */
export function lineOf(digits: string): PhoneLine {
  const mexico = /^521?([2-9]\d{9})$/.exec(digits)?.[1];
  if (mexico !== undefined) return asLine(`52${mexico}`, `521${mexico}`, `52${mexico}`);
  const argentina = /^549?([1-3]\d{9})$/.exec(digits)?.[1];
  if (argentina !== undefined) return asLine(digits, `549${argentina}`, `54${argentina}`);
  const brazil = /^55([1-9]\d)9?([6-9]\d{7})$/.exec(digits);
  if (brazil !== null) {
    const [, area, number] = brazil;
    return asLine(`55${area}9${number}`, `55${area}9${number}`, `55${area}${number}`);
  }
  return asLine(digits, digits);
}

/** Whether a stored number is this line, in whichever spelling it came. */
export function isLine(line: PhoneLine, stored: string | null): boolean {
  return stored === line.e164 || line.spellings.some((digits) => stored === `+${digits}`);
}

/** Its external id was taken from its number: whoever has the number next is not to be taken for this contact. */
export function isNamedByPhone(contact: { externalId: string; phoneNumber: string | null }): boolean {
  return (
    contact.phoneNumber !== null &&
    lineOf(contact.phoneNumber.slice(1)).spellings.includes(contact.externalId)
  );
}

function asLine(e164: string, ...spellings: string[]): PhoneLine {
  return { e164: `+${e164}`, spellings };
}
