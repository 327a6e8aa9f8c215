import { idOf, type Loose, objectOf, textOf, timeOf } from './loose-json';
import { metaErrorsOf } from './meta-error';
import { identityOf } from './sender-profile';
import { setAsideForId, wamidOf } from './wamid';
import {
  type DeliveryStatus,
  type InboundStatus,
  type ItemPlace,
  type SetAside,
  setAside,
} from './webhook-item';

const STATUSES: ReadonlyMap<unknown, DeliveryStatus> = new Map<unknown, DeliveryStatus>([
  ['sent', 'sent'],
  ['delivered', 'delivered'],
  ['read', 'read'],
  ['played', 'read'],
  ['failed', 'failed'],
]);

/** Withdrawn by Meta; nothing follows from them. */
const LEGACY_STATUSES: ReadonlySet<unknown> = new Set(['deleted', 'warning']);

/** Other families share the array with messages. */
const OTHER_FAMILIES: ReadonlySet<unknown> = new Set(['call', 'payment']);

/** Reads one item of `value.statuses`. */
export function readStatus(raw: unknown, place: ItemPlace): InboundStatus | SetAside {
  const item = objectOf(raw);
  if (item === null) return setAside(place, raw, 'not_an_object', 'A status that is not an object');
  if (OTHER_FAMILIES.has(item.type)) {
    return setAside(place, raw, 'status_not_handled', `A status of type "${String(item.type)}"`);
  }
  const wamid = wamidOf(item.id);
  if (wamid === null) return setAsideForId(item.id, place, raw, 'status_without_id');
  const status = STATUSES.get(item.status);
  if (status === undefined) {
    const reason = LEGACY_STATUSES.has(item.status) ? 'status_not_handled' : 'status_unknown';
    return setAside(place, raw, reason, `The status "${textOf(item.status, 64) ?? ''}"`);
  }
  if (place.phoneNumberId === null) {
    return setAside(place, raw, 'no_phone_number_id', 'A status for a number that is not named');
  }
  const at = timeOf(item.timestamp);
  if (at === null) {
    return setAside(place, raw, 'bad_timestamp', 'The timestamp is not unix seconds between 1970 and 2100');
  }
  return {
    kind: 'status',
    phoneNumberId: place.phoneNumberId,
    businessAccountId: place.businessAccountId,
    path: place.path,
    raw,
    wamid,
    status,
    at,
    callbackData: idOf(item.biz_opaque_callback_data),
    ...recipientOf(item),
    errors: metaErrorsOf(item.errors),
    pricing: pricingOf(item),
  };
}

function recipientOf(item: Loose): Pick<InboundStatus, 'recipient' | 'groupId'> {
  // Meta's own examples spell the participant both ways
  const participant = item.recipient_participant_id ?? item.participant_recipient_id;
  const participantUserId = item.recipient_participant_user_id ?? item.participant_recipient_user_id;
  const inGroup = item.recipient_type === 'group' || (participant ?? participantUserId) !== undefined;
  if (!inGroup) return { recipient: identityOf(item.recipient_id, item.recipient_user_id), groupId: null };
  return { recipient: identityOf(participant, participantUserId), groupId: idOf(item.recipient_id) };
}

function pricingOf(item: Loose): InboundStatus['pricing'] {
  const pricing = objectOf(item.pricing) ?? objectOf(objectOf(item.conversation)?.pricing);
  return pricing && { category: textOf(pricing.category, 64), type: textOf(pricing.type, 64) };
}
