import { readMessage } from './inbound-message';
import { readStatus } from './inbound-status';
import { idOf, type Loose, numberOf, objectOf, textOf } from './loose-json';
import { errorDetailsOf } from './meta-error';
import { type Profiles, profilesOf } from './sender-profile';
import { type ItemPlace, type SetAside, type WebhookItem, setAside } from './webhook-item';

type ItemReader = (raw: unknown, place: ItemPlace, profiles: Profiles) => WebhookItem;

/** The lists of a `messages` change, in the order their items are given out. */
const LISTS: readonly (readonly [key: string, read: ItemReader])[] = [
  ['messages', readMessage],
  ['statuses', readStatus],
  ['errors', valueError],
  ['user_actions', userAction],
];

const MAX_DETAIL = 500;

/**
 * Everything in one webhook of Meta, in its order. Total: any JSON value is accepted, nothing throws, and each item
 * (a message, a status, an error, a user action, a change of another field, or whatever stands where one of these
 * should) comes out exactly once. One bad item never costs its neighbours. Unknown keys are passed over and enums
 * are open, since Meta adds to both without notice.
 *
 * @param body the parsed body, whose signature has been verified
 * @returns at least one item
 */
export function parseWebhook(body: unknown): WebhookItem[] {
  const nowhere: ItemPlace = { phoneNumberId: null, businessAccountId: null, path: '' };
  const envelope = objectOf(body);
  if (envelope === null) return [setAside(nowhere, body, 'not_json_object', 'The body is not a JSON object')];
  const entries = envelope.entry;
  if (!Array.isArray(entries) || entries.length === 0) {
    return [setAside(nowhere, body, 'no_entry', 'The body has no list of entries')];
  }
  const items: WebhookItem[] = [];
  entries.forEach((entry: unknown, index) => readEntry(entry, `entry[${index}]`, items));
  return items;
}

function readEntry(raw: unknown, path: string, items: WebhookItem[]): void {
  const entry = objectOf(raw);
  const place: ItemPlace = { phoneNumberId: null, businessAccountId: idOf(entry?.id), path };
  if (entry === null) {
    items.push(setAside(place, raw, 'not_an_object', 'An entry that is not an object'));
    return;
  }
  const changes = entry.changes;
  if (!Array.isArray(changes) || changes.length === 0) {
    items.push(setAside(place, raw, 'no_changes', 'An entry without a list of changes'));
    return;
  }
  changes.forEach((change: unknown, index) => {
    readChange(change, { ...place, path: `${path}.changes[${index}]` }, items);
  });
}

function readChange(raw: unknown, place: ItemPlace, items: WebhookItem[]): void {
  const change = objectOf(raw);
  if (change === null) {
    items.push(setAside(place, raw, 'not_an_object', 'A change that is not an object'));
    return;
  }
  const value = objectOf(change.value);
  const phoneNumberId = idOf(objectOf(value?.metadata)?.phone_number_id);
  const inChange: ItemPlace = { ...place, phoneNumberId };
  if (change.field !== 'messages') {
    items.push(setAside(inChange, raw, 'field_not_handled', `The field "${textOf(change.field, 64) ?? ''}"`));
  } else if (value === null) {
    items.push(setAside(inChange, raw, 'not_an_object', 'A change whose value is not an object'));
  } else if (!readLists(value, inChange, items)) {
    items.push(setAside(inChange, raw, 'empty_change', 'Neither messages nor statuses nor errors'));
  }
}

/** Whether there was any item. */
function readLists(value: Loose, place: ItemPlace, items: WebhookItem[]): boolean {
  const before = items.length;
  const profiles = profilesOf(value.messages === undefined ? undefined : value.contacts);
  for (const [key, read] of LISTS) {
    const list = value[key];
    if (list === undefined || list === null) continue;
    const path = `${place.path}.value.${key}`;
    if (!Array.isArray(list)) {
      items.push(setAside({ ...place, path }, list, 'not_an_array', `"${key}" is not a list`));
      continue;
    }
    list.forEach((item: unknown, index) => {
      items.push(read(item, { ...place, path: `${path}[${index}]` }, profiles));
    });
  }
  return items.length > before;
}

function valueError(raw: unknown, place: ItemPlace): SetAside {
  const error = objectOf(raw);
  const words = [
    numberOf(error?.code),
    textOf(error?.title) ?? textOf(error?.message),
    errorDetailsOf(error?.error_data),
  ];
  const detail = words.filter((word) => word !== null).join(' ') || 'An error without words';
  return setAside(place, raw, 'value_error', textOf(detail, MAX_DETAIL) ?? '');
}

function userAction(raw: unknown, place: ItemPlace): SetAside {
  const type = textOf(objectOf(raw)?.action_type, 64) ?? '';
  return setAside(place, raw, 'user_action', `The action "${type}"`);
}
