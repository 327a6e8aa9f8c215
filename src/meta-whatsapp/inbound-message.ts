import { flagOf, idOf, objectOf, timeOf } from './loose-json';
import { bodyOf } from './message-body';
import { messageContentOf, messageTypeOf } from './message-content';
import { payloadExtrasOf } from './payload-extras';
import { type Profiles, senderOf } from './sender-profile';
import { setAsideForId, wamidOf } from './wamid';
import { type InboundMessage, type ItemPlace, type SetAside, setAside } from './webhook-item';

/** Reads one item of `value.messages`. */
export function readMessage(raw: unknown, place: ItemPlace, profiles: Profiles): InboundMessage | SetAside {
  const message = objectOf(raw);
  if (message === null) return setAside(place, raw, 'not_an_object', 'A message that is not an object');
  const wamid = wamidOf(message.id);
  if (wamid === null) return setAsideForId(message.id, place, raw, 'message_without_id');
  if (place.phoneNumberId === null) {
    return setAside(place, raw, 'no_phone_number_id', 'A message for a number that is not named');
  }
  const sender = senderOf(message, profiles);
  if (sender === null) {
    return setAside(place, raw, 'message_without_sender', 'Neither a phone number nor a user id');
  }
  const sentAt = timeOf(message.timestamp);
  if (sentAt === null) {
    return setAside(place, raw, 'bad_timestamp', 'The timestamp is not unix seconds between 1970 and 2100');
  }
  const type = messageTypeOf(message);
  const content = messageContentOf(message, type);
  const extras = payloadExtrasOf(message);
  const context = objectOf(message.context);
  return {
    kind: 'message',
    phoneNumberId: place.phoneNumberId,
    businessAccountId: place.businessAccountId,
    path: place.path,
    raw,
    wamid,
    sender,
    sentAt,
    type,
    body: bodyOf(content),
    payload: extras === null ? content : { ...content, ...extras },
    replyToWamid: idOf(context?.id),
    forwarded: flagOf(context?.forwarded) === true || flagOf(context?.frequently_forwarded) === true,
    groupId: idOf(message.group_id),
  };
}
