import type { MetaError } from './meta-error';
import type { MessagePayload } from './message-payload';

/** What every item of a webhook carries, whatever became of it. */
export interface ItemBase {
  /** Meta's id of the business number it concerns. */
  phoneNumberId: string | null;
  /** The WhatsApp Business Account, `entry[].id`. */
  businessAccountId: string | null;
  /** Where it stood in the body, such as `entry[0].changes[1].value.messages[2]`; empty for the whole body. */
  path: string;
  /** The item itself, untouched: of any depth, and it may hold characters that PostgreSQL refuses. */
  raw: unknown;
}

/** Who wrote. Phone or user id is always present; since 2026 the phone may be missing for a known customer. */
export interface Sender {
  /** Digits only, with country code. */
  phone: string | null;
  /** Business-scoped user id (BSUID), such as `BR.13491208655302741918`. */
  userId: string | null;
  /** BSUID shared by linked business portfolios. */
  parentUserId: string | null;
  /** At most 150 code points. */
  name: string | null;
  /** Without a leading `@`. */
  username: string | null;
}

export interface InboundMessage extends ItemBase {
  kind: 'message';
  phoneNumberId: string;
  /** Meta's id of the message: unique, case-sensitive, at most 512 characters. The key for telling duplicates. */
  wamid: string;
  sender: Sender;
  /** When it was sent, to the second. Webhooks come in any order: order by this. */
  sentAt: Date;
  /** Meta's type; legacy names in today's words (`voice` is `audio`, `unknown` is `unsupported`). An open list. */
  type: string;
  /** Text for people to read, also for messages without words (`[voice message]`). At most 65,536 UTF-16 units. */
  body: string;
  payload: MessagePayload;
  /** The message it answers, which may be one we never saw. */
  replyToWamid: string | null;
  forwarded: boolean;
  groupId: string | null;
}

export type DeliveryStatus = 'sent' | 'delivered' | 'read' | 'failed';

export interface InboundStatus extends ItemBase {
  kind: 'status';
  phoneNumberId: string;
  /** The message of ours that it is about. */
  wamid: string;
  /** `played` (a voice message heard) counts as `read`. Statuses come in any order. */
  status: DeliveryStatus;
  at: Date;
  /** Our `biz_opaque_callback_data`: tells the message when the answer to the send was lost. */
  callbackData: string | null;
  /** In a group, the participant. */
  recipient: { phone: string | null; userId: string | null };
  groupId: string | null;
  /** Why it failed. Empty unless `failed`, and sometimes even then. */
  errors: MetaError[];
  /** Set on `sent` and on one of delivered and read only. */
  pricing: { category: string | null; type: string | null } | null;
}

/** Why an item was not turned into a message or status. Stable: stored, counted and searched by operators. */
export type SetAsideReason =
  | 'not_json_object'
  | 'no_entry'
  | 'no_changes'
  | 'empty_change'
  | 'not_an_object'
  | 'not_an_array'
  | 'field_not_handled'
  | 'no_phone_number_id'
  | 'message_without_id'
  | 'message_without_sender'
  | 'status_without_id'
  | 'bad_id'
  | 'bad_timestamp'
  | 'status_not_handled'
  | 'status_unknown'
  | 'user_action'
  | 'value_error';

/** An item kept for an operator to look at: nothing of a webhook disappears. */
export interface SetAside extends ItemBase {
  kind: 'set_aside';
  reason: SetAsideReason;
  /** What exactly was found, in English. */
  detail: string;
}

export type WebhookItem = InboundMessage | InboundStatus | SetAside;

/** Where an item was found. */
export type ItemPlace = Pick<ItemBase, 'phoneNumberId' | 'businessAccountId' | 'path'>;

export function setAside(place: ItemPlace, raw: unknown, reason: SetAsideReason, detail: string): SetAside {
  return {
    kind: 'set_aside',
    phoneNumberId: place.phoneNumberId,
    businessAccountId: place.businessAccountId,
    path: place.path,
    raw,
    reason,
    detail,
  };
}
