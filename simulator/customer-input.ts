import { HttpProblem } from './http-kit';
import { phoneDigits, USER_ID_FORMAT } from './identifiers';
import { inbound, type Customer, type InboundContent } from './inbound-content';
import { isObject, type JsonObject } from './json-values';

/** Refuses keys that mean nothing: a misspelt one would otherwise be ignored in silence. */
export function onlyKeys(body: JsonObject, ...known: string[]): void {
  const unknown = Object.keys(body).find((key) => !known.includes(key));
  if (unknown !== undefined) {
    throw new HttpProblem(400, `Unknown key "${unknown}"; known: ${known.join(', ')}`);
  }
}

export function optionalText(body: JsonObject, key: string): string | undefined {
  const value = body[key];
  if (value === undefined || value === null || value === '') return undefined;
  if (typeof value !== 'string') throw new HttpProblem(400, `"${key}" must be a string`);
  return value;
}

export function requiredText(body: JsonObject, key: string): string {
  const value = optionalText(body, key);
  if (value === undefined) throw new HttpProblem(400, `"${key}" is required`);
  return value;
}

/** A customer of a JSON body: at least a phone or a user id. */
export function parseCustomer(value: unknown): Customer {
  if (!isObject(value)) throw new HttpProblem(400, '"from" must be an object with "phone" or "userId"');
  onlyKeys(value, 'phone', 'userId', 'parentUserId', 'name', 'username');
  const customer: Customer = {};
  for (const key of ['phone', 'userId', 'parentUserId', 'name', 'username'] as const) {
    const text = optionalText(value, key);
    if (text !== undefined) customer[key] = text;
  }
  if (customer.phone !== undefined) customer.phone = parsePhone(customer.phone);
  for (const key of ['userId', 'parentUserId'] as const) {
    const id = customer[key];
    if (id !== undefined && !USER_ID_FORMAT.test(id)) {
      throw new HttpProblem(400, `"${key}" must look like US.13491208655302741918`);
    }
  }
  if (customer.phone === undefined && customer.userId === undefined) {
    throw new HttpProblem(400, 'A customer needs a "phone" or a "userId"');
  }
  return customer;
}

/** The digits of an international number. */
export function parsePhone(text: string): string {
  const digits = phoneDigits(text);
  if (!/^[+\d\s().-]+$/.test(text) || digits.length < 7 || digits.length > 15) {
    throw new HttpProblem(400, `"${text}" is not an international phone number (7 to 15 digits)`);
  }
  return digits;
}

/** What a JSON body says the customer sends: `text`, or `content` in Meta's shape. */
export function parseContent(body: JsonObject): InboundContent {
  const text = optionalText(body, 'text');
  const { content } = body;
  if ((text === undefined) === (content === undefined)) {
    throw new HttpProblem(400, 'Give either "text" or "content"');
  }
  if (text !== undefined) return inbound.text(text);
  if (!isObject(content)) throw new HttpProblem(400, '"content" must be an object');
  const type = requiredText(content, 'type');
  const part = content[type];
  if (type !== 'unsupported' && !isObject(part) && !Array.isArray(part)) {
    throw new HttpProblem(400, `"content" of type "${type}" needs an object "${type}"`);
  }
  return { ...content, type };
}
