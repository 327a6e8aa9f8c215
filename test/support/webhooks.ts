import { type BusinessNumber, envelope, messageItem, type WebhookItem } from '../../simulator/envelope';
import { newObjectId, newUserId, newWamid } from '../../simulator/identifiers';
import { type Customer, inbound, type InboundContent } from '../../simulator/inbound-content';
import type { JsonObject } from '../../simulator/json-values';
import { metaJson, sign } from '../../simulator/signature';
import {
  ACCESS_TOKEN,
  type Answer,
  APP_SECRET,
  type Caller,
  PHONE_NUMBER_ID,
  type TestSystem,
} from './system';

/** The number that the test system has from the start. */
export const NUMBER: BusinessNumber = {
  phoneNumberId: PHONE_NUMBER_ID,
  displayPhoneNumber: '15550783881',
  businessAccountId: '102290129340398',
};

export interface Written {
  id?: string;
  /** Unix seconds; default now. */
  at?: number;
  number?: BusinessNumber;
}

export interface Reported {
  at?: number;
  number?: BusinessNumber;
  extra?: JsonObject;
}

/** A customer nobody has met, with all that WhatsApp tells of one. */
export function stranger(): Required<Pick<Customer, 'phone' | 'userId' | 'name'>> {
  const phone = `55${newObjectId().slice(0, 11)}`;
  return { phone, userId: newUserId(phone), name: `Customer ${phone}` };
}

/** Unix seconds, some time from now. */
export function inSeconds(seconds: number): number {
  return Math.floor(Date.now() / 1000) + seconds;
}

/** Another number of the business that this admin works for. */
export async function connectNumber(admin: Caller): Promise<BusinessNumber> {
  const phoneNumberId = newObjectId();
  const answer = await admin.post('/whatsapp-integration-config', {
    phone_number_id: phoneNumberId,
    access_token: ACCESS_TOKEN,
  });
  if (answer.status !== 201) throw new Error(`cannot connect a number: ${JSON.stringify(answer.body)}`);
  return { ...NUMBER, phoneNumberId };
}

/** A message as an item of a webhook. */
export function message(
  from: Customer,
  content: string | InboundContent,
  { id = newWamid(), at = inSeconds(0), number = NUMBER }: Written = {},
): WebhookItem {
  const said = typeof content === 'string' ? inbound.text(content) : content;
  return messageItem(number, from, said, { id, timestamp: at });
}

/** A status as an item of a webhook. */
export function status(
  wamid: string,
  state: string,
  { at = inSeconds(0), number = NUMBER, extra = {} }: Reported = {},
): WebhookItem {
  const item = { id: wamid, status: state, timestamp: String(at), ...extra };
  return { number, kind: 'statuses', contacts: [], item };
}

/** The id of a message or status, as Meta gives it. */
export function wamidOf({ item }: WebhookItem): string {
  return item.id as string;
}

/** One signed webhook that brings these items. */
export async function deliver(to: TestSystem, ...items: WebhookItem[]): Promise<Answer> {
  return await deliverBytes(to, metaJson(envelope(items)));
}

/** Any bytes, signed, as a webhook. */
export async function deliverBytes(
  to: TestSystem,
  bytes: Buffer,
  headers: Record<string, string> = { 'x-hub-signature-256': sign(bytes, APP_SECRET) },
): Promise<Answer> {
  return await to.call('POST', '/meta-whatsapp/webhook', bytes, {
    'content-type': 'application/json',
    ...headers,
  });
}

export interface MessageRow {
  id: number;
  workspace_id: number;
  conversation_id: number;
  contact_id: number;
  type: string;
  body: string;
  payload: JsonObject | null;
  reply_to_id: number | null;
  sent_at: Date;
  wamid: string;
}

/** What is stored of these messages, in the order of their ids. */
export async function storedMessages(system: TestSystem, wamids: string[]): Promise<MessageRow[]> {
  return await system.sql<MessageRow>(
    `select m.id, m.workspace_id, m.conversation_id, c.contact_id, m.type, m.body, m.payload, m.reply_to_id, m.sent_at,
       m.whatsapp_message_id as wamid
     from message m join conversation c on c.workspace_id = m.workspace_id and c.id = m.conversation_id
     where m.whatsapp_message_id = any ($1) order by m.id`,
    [wamids],
  );
}

export interface SetAsideRow {
  workspace_id: number | null;
  path: string;
  reason: string;
  detail: string;
  phone_number_id: string | null;
  body: Buffer;
}

/** What operators find of a webhook with exactly these bytes. */
export async function setAsideOf(system: TestSystem, bytes: Buffer): Promise<SetAsideRow[]> {
  return await system.sql<SetAsideRow>(
    `select s.workspace_id, s.path, s.reason, s.detail, s.phone_number_id, d.body
     from webhook_set_aside s join webhook_delivery d on d.id = s.delivery_id where d.body = $1 order by s.id`,
    [bytes],
  );
}

export interface EventRow {
  id: number;
  type: string;
  conversation_id: number;
  audience: number[] | null;
  payload: JsonObject;
}

/** The journal of a conversation. */
export async function eventsOf(system: TestSystem, conversationId: number): Promise<EventRow[]> {
  return await system.sql<EventRow>(
    `select id, type, conversation_id, audience, payload from event
     where conversation_id = $1 order by id`,
    [conversationId],
  );
}
