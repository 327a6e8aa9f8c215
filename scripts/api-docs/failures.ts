import { APP_SERVER } from '../../src/app-chat/chat-admission.service';
import { ERROR_STATUS, type ErrorCode } from '../../src/common/app-error';
import type { Described } from './described';
import { refTo } from './schema';

export const PROBLEM = 'ErrorBody';
export const CHAT_PROBLEM = 'ChatError';

/** How errors look, by the beginning of the path; everywhere else they are an `ErrorBody`. */
const CHAT_SURFACES = ['/api/chat/', '/admin/chat/'];

/** What can go wrong, by status, with an example of each code. */
export function failures(one: Described): Record<string, object> {
  const isChat = CHAT_SURFACES.some((prefix) => one.entrance.name.startsWith(prefix));
  const byStatus = new Map<number, [ErrorCode, string][]>();
  for (const [code, when] of Object.entries(errorsOf(one)) as [ErrorCode, string][]) {
    const status = ERROR_STATUS[code];
    byStatus.set(status, [...(byStatus.get(status) ?? []), [code, when]]);
  }
  return Object.fromEntries(
    [...byStatus].map(([status, codes]) => [
      status,
      {
        description: codes.map(([code, when]) => `\`${code}\`: ${when}`).join('\n\n'),
        content: {
          'application/json': {
            schema: refTo(isChat ? CHAT_PROBLEM : PROBLEM),
            examples: Object.fromEntries(
              codes.map(([code, message]) => [
                code,
                {
                  value: isChat
                    ? { status: 'error', message, error_code: code }
                    : {
                        statusCode: status,
                        code,
                        message,
                        requestId: '0b5b7f0e-5d0a-4c8f-9f44-5f8f2f1f5a11',
                      },
                },
              ]),
            ),
          },
        },
      },
    ]),
  );
}

function errorsOf({ entrance, doc, body, query }: Described): Partial<Record<ErrorCode, string>> {
  const { rule, limit, name } = entrance;
  const takes = body !== null || query !== null || name.includes(':') || doc.files !== undefined;
  const sends = body !== null || doc.body !== undefined;
  return {
    ...(takes
      ? { VALIDATION_FAILED: 'Something in the request is not valid; `details` names the fields.' }
      : {}),
    ...(sends
      ? {
          MALFORMED_BODY: 'The body is not valid JSON.',
          PAYLOAD_TOO_LARGE: 'The body is too large.',
          UNSUPPORTED_MEDIA_TYPE: 'The body is not of the type that is expected.',
        }
      : {}),
    ...(rule?.kind === 'level' ? { UNAUTHENTICATED: 'The token is missing, expired or was ended.' } : {}),
    ...(rule?.kind === 'callers' ? callerErrors(rule.who) : {}),
    ...(rule?.kind === 'level' && rule.level !== 'employer'
      ? { FORBIDDEN: 'Your role may not do this.' }
      : {}),
    ...(name.includes(':') ? { NOT_FOUND: 'There is no such thing, or none that you may see.' } : {}),
    ...(limit === 'none' ? {} : { RATE_LIMITED: 'Too many requests; `Retry-After` says when to go on.' }),
    ...(name.startsWith('/docs') || name === '/chat-widget.js' || name === '/health/live'
      ? {}
      : { DATABASE_UNAVAILABLE: 'The database cannot be reached right now.' }),
    ...doc.errors,
  };
}

/** What may be wrong with a proof of who calls. */
function callerErrors(caller: string): Partial<Record<ErrorCode, string>> {
  const signature = {
    INVALID_SIGNATURE: 'The signature does not fit the call, is too old, or was used before.',
  };
  if (caller === APP_SERVER) return { ...signature, UNAUTHENTICATED: 'The call is not signed.' };
  return {
    ...signature,
    VALIDATION_FAILED: 'Something in the request is not valid; `details` names the fields.',
    UNAUTHENTICATED: 'The token is missing, expired or was ended, or the user who is named has no session.',
    FORBIDDEN:
      'The user who is named is not that of the session; to an app’s server: `Access denied to conversation`.',
    RATE_LIMITED: '`Rate limit exceeded`; `Retry-After` says when to go on.',
  };
}
