import { APP_SERVER, CHAT_USER } from '../../src/app-chat/chat-admission.service';
import type { Entrance } from '../access-table';

/** What proves each kind of caller who is no member of staff. */
const PROOFS: Readonly<Record<string, readonly string[]>> = {
  [APP_SERVER]: ['app_signature'],
  [CHAT_USER]: ['chat_session', 'app_signature'],
};

export const SECURITY_SCHEMES = {
  bearer: { type: 'http', scheme: 'bearer', bearerFormat: 'JWT' },
  chat_session: {
    type: 'http',
    scheme: 'bearer',
    description:
      "The token of a live chat session, which the app's server gets from `POST /api/chat/sessions`.",
  },
  app_signature: {
    type: 'apiKey',
    in: 'header',
    name: 'X-Signature',
    description:
      "For an app's server: hexadecimal HMAC-SHA256 with the app's secret over `X-Timestamp`, method, path with query, and the " +
      'hexadecimal SHA-256 of the body, joined by line feeds. Each signature works once, within five minutes of its ' +
      '`X-Timestamp`. Name the user by `user_id` or `username`, in the query or in a JSON body.',
  },
};

export const SIGNED_HEADERS: readonly [name: string, about: string][] = [
  ['X-Timestamp', 'Milliseconds since 1970; with `X-Signature`.'],
  ['X-App-Id', 'The app that signs; may be left out where the installation has one.'],
];

export function securityOf({ rule }: Entrance): { security?: object[] } {
  if (rule?.kind === 'public') return { security: [] };
  if (rule?.kind !== 'callers') return {};
  const schemes = [...(PROOFS[rule.who] ?? []), ...(rule.level === undefined ? [] : ['bearer'])];
  return { security: schemes.map((scheme) => ({ [scheme]: [] })) };
}

export function who({ rule }: Entrance): string {
  if (rule?.kind === 'callers')
    return `For: ${rule.who}${rule.level === undefined ? '' : `, or staff: ${rule.level} and above`}.`;
  return rule?.kind === 'level' ? `For: ${rule.level} and above.` : 'For anyone, without a token.';
}
