import type { ChatCaller } from '../app-chat/chat.types';
import { AppError } from '../common/app-error';

/** What clients say of themselves, in the handshake and in messages, by what it is about. */
const CLAIMS = {
  role: ['role', 'userType', 'user_type', 'senderType', 'sender_type', 'sender_role'],
  id: ['user_id', 'userId', 'sender_id', 'senderId'],
  username: ['username'],
} as const;

/**
 * The session says who somebody is. What a client says of itself changes nothing; where it is something else, it is told.
 *
 * @param said with any other fields
 */
export function refuseFalseClaims(caller: ChatCaller, said: object): void {
  const claims = said as Record<string, unknown>;
  for (const [what, names] of Object.entries(CLAIMS))
    for (const name of names) {
      const claim = claims[name];
      if (claim === undefined || claim === null || isTrue(caller, what as keyof typeof CLAIMS, claim))
        continue;
      throw new AppError('FORBIDDEN', 'The session is not that of the user who is named.');
    }
}

function isTrue(caller: ChatCaller, what: keyof typeof CLAIMS, claim: unknown): boolean {
  if (what === 'id') return claim === caller.userId || claim === String(caller.userId);
  if (what === 'username')
    return typeof claim === 'string' && claim.toLowerCase() === caller.username?.toLowerCase();
  return caller.kind === 'chat_user' ? claim === 'user' : claim === 'admin' || claim === caller.role;
}
