import { idOf, type Loose, nameOf, objectOf, objectsOf, phoneOf } from './loose-json';
import type { Sender } from './webhook-item';

const BSUID = /^[A-Z]{2}\./;

/** The people of one `value.contacts`, to be found by either of their ids. */
export interface Profiles {
  byUserId: ReadonlyMap<string, Sender>;
  byPhone: ReadonlyMap<string, Sender>;
}

export function profilesOf(contacts: unknown): Profiles {
  const byUserId = new Map<string, Sender>();
  const byPhone = new Map<string, Sender>();
  for (const contact of objectsOf(contacts)) {
    const profile = objectOf(contact.profile);
    const { phone, userId } = identityOf(contact.wa_id, contact.user_id);
    const sender: Sender = {
      phone,
      userId,
      parentUserId: idOf(contact.parent_user_id),
      name: nameOf(profile?.name),
      username: usernameOf(profile?.username),
    };
    if (userId !== null && !byUserId.has(userId)) byUserId.set(userId, sender);
    if (phone !== null && !byPhone.has(phone)) byPhone.set(phone, sender);
  }
  return { byUserId, byPhone };
}

/**
 * Who wrote the message, with what its contact adds. Contacts belong to messages by id, never by position.
 * Null if neither phone nor user id is known.
 */
export function senderOf(message: Loose, profiles: Profiles): Sender | null {
  const own = ownIdentityOf(message);
  const profile =
    (own.userId !== null && profiles.byUserId.get(own.userId)) ||
    (own.phone !== null && profiles.byPhone.get(own.phone)) ||
    null;
  if (own.phone === null && own.userId === null) return null;
  return {
    phone: own.phone ?? profile?.phone ?? null,
    userId: own.userId ?? profile?.userId ?? null,
    parentUserId: own.parentUserId ?? profile?.parentUserId ?? null,
    name: profile?.name ?? null,
    username: profile?.username ?? null,
  };
}

/** Some senders put a user id into the field for the phone. */
export function identityOf(phone: unknown, userId: unknown): { phone: string | null; userId: string | null } {
  const own = idOf(userId);
  const misplaced = own === null && typeof phone === 'string' && BSUID.test(phone) ? idOf(phone) : null;
  return { phone: phoneOf(phone), userId: own ?? misplaced };
}

function ownIdentityOf(message: Loose): Pick<Sender, 'phone' | 'userId' | 'parentUserId'> {
  const { phone, userId } = identityOf(message.from, message.from_user_id);
  const parentUserId = idOf(message.from_parent_user_id);
  // a change of identity is the old one's, and may name it among its own ids only
  const system = message.type === 'system' ? objectOf(message.system) : null;
  const nameless = phone === null && userId === null;
  return {
    phone: phone ?? phoneOf(system?.customer),
    userId: idOf(system?.previous_user_id) ?? userId ?? (nameless ? idOf(system?.user_id) : null),
    parentUserId: parentUserId ?? idOf(system?.previous_parent_user_id),
  };
}

/** Meta shows user names with and without the @. */
function usernameOf(value: unknown): string | null {
  const name = nameOf(value);
  return name?.startsWith('@') ? name.slice(1) || null : name;
}
