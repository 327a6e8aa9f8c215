import { phoneDigits } from './identifiers';
import type { Customer, InboundContent } from './inbound-content';
import { compact, type JsonObject } from './json-values';

/** The business number a webhook is about. */
export interface BusinessNumber {
  phoneNumberId: string;
  displayPhoneNumber: string;
  /** WhatsApp Business Account: `entry[].id`. */
  businessAccountId: string;
}

/** One message or status on its way, with what has to stand beside it. */
export interface WebhookItem {
  number: BusinessNumber;
  kind: 'messages' | 'statuses';
  contacts: JsonObject[];
  item: JsonObject;
}

export interface MessageFacts {
  id: string;
  /** Unix seconds. */
  timestamp: number | string;
  groupId?: string;
}

/** An element of `contacts[]`; null for someone without any identity. */
export function contactOf(customer: Customer, withUsername = true): JsonObject {
  const profile = compact({
    name: customer.name,
    username: withUsername ? customer.username : undefined,
  });
  return compact({
    profile: Object.keys(profile).length > 0 ? profile : undefined,
    wa_id: customer.phone === undefined ? undefined : phoneDigits(customer.phone),
    user_id: customer.userId,
    parent_user_id: customer.parentUserId,
  });
}

export function messageItem(
  number: BusinessNumber,
  from: Customer,
  content: InboundContent,
  facts: MessageFacts,
): WebhookItem {
  return {
    number,
    kind: 'messages',
    // Meta sends no contacts with a changed number or user id.
    contacts: content.type === 'system' ? [] : [contactOf(from)],
    item: compact({
      from: from.phone === undefined ? undefined : phoneDigits(from.phone),
      from_user_id: from.userId,
      from_parent_user_id: from.parentUserId,
      group_id: facts.groupId,
      id: facts.id,
      timestamp: String(facts.timestamp),
      ...content,
    }),
  };
}

function changeOf(items: WebhookItem[]): JsonObject {
  const [first] = items;
  const contacts: JsonObject[] = [];
  const seen = new Set<string>();
  for (const contact of items.flatMap((each) => each.contacts)) {
    const key = JSON.stringify(contact);
    if (!seen.has(key)) contacts.push(contact);
    seen.add(key);
  }
  const of = (kind: WebhookItem['kind']) => {
    const list = items.filter((each) => each.kind === kind).map((each) => each.item);
    return list.length > 0 ? list : undefined;
  };
  return {
    field: 'messages',
    value: compact({
      messaging_product: 'whatsapp',
      metadata: {
        display_phone_number: first?.number.displayPhoneNumber,
        phone_number_id: first?.number.phoneNumberId,
      },
      contacts: contacts.length > 0 ? contacts : undefined,
      messages: of('messages'),
      statuses: of('statuses'),
    }),
  };
}

/**
 * The body of one POST. Several items are spread the way Meta may spread them, all at once: some share a
 * `value`, some a `changes[]`, some stand in entries of their own. Their order stays.
 */
export function envelope(items: WebhookItem[]): JsonObject {
  const changes: { account: string; items: WebhookItem[] }[] = [];
  for (const item of items) {
    const open = changes.at(-1);
    const last = open?.items.at(-1);
    const shares =
      last?.kind === item.kind &&
      last.number.phoneNumberId === item.number.phoneNumberId &&
      (open?.items.length ?? 0) < 3;
    if (open && shares) open.items.push(item);
    else changes.push({ account: item.number.businessAccountId, items: [item] });
  }
  const entry: { id: string; changes: JsonObject[] }[] = [];
  for (const change of changes) {
    const open = entry.at(-1);
    if (open?.id === change.account && open.changes.length < 2) open.changes.push(changeOf(change.items));
    else entry.push({ id: change.account, changes: [changeOf(change.items)] });
  }
  return { object: 'whatsapp_business_account', entry };
}
