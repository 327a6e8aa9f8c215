import { createHash, createHmac, randomUUID } from 'node:crypto';
import type { Answer, Caller, TestSystem } from './system';

/** The app that the test environment names. */
export const CHAT_APP_ID = 'default';
export const CHAT_APP_SECRET = 'test-chat-app-secret-0123456789';

export interface SignOptions {
  appId?: string | null;
  secret?: string;
  timestamp?: number | string;
  /** Signed instead of what is sent. */
  signed?: Partial<{ method: string; path: string; body: string; timestamp: string }>;
}

/** The headers of a call that an app's server signs, as docs/live-chat.md describes it. */
export function signatureHeaders(
  method: string,
  path: string,
  body: string | Buffer,
  { appId = CHAT_APP_ID, secret = CHAT_APP_SECRET, timestamp = Date.now(), signed = {} }: SignOptions = {},
): Record<string, string> {
  const hash = createHash('sha256')
    .update(signed.body ?? body)
    .digest('hex');
  const text = [signed.timestamp ?? timestamp, signed.method ?? method, signed.path ?? path, hash].join('\n');
  return {
    'x-timestamp': String(timestamp),
    'x-signature': createHmac('sha256', secret).update(text).digest('hex'),
    ...(appId === null ? {} : { 'x-app-id': appId }),
  };
}

/** A call that the app's server signs. */
export async function signedCall<Body = Record<string, unknown>>(
  system: TestSystem,
  method: string,
  path: string,
  body?: object,
  options: SignOptions = {},
): Promise<Answer<Body>> {
  const text = body === undefined ? '' : JSON.stringify(body);
  return await system.call<Body>(
    method,
    path,
    body === undefined ? undefined : text,
    signatureHeaders(method, path, text, options),
  );
}

/** A chat user with a live session. */
export interface ChatPerson extends Caller {
  userId: number;
  uuid: string;
}

let nextUserId = 1_000;

/** Opens a session as the app's server does. */
export async function openChat(
  system: TestSystem,
  stated: { user_id?: number; username?: string; account_name?: string; phone_number?: string } = {},
  options: SignOptions = {},
): Promise<ChatPerson> {
  const named =
    stated.user_id === undefined && stated.username === undefined ? { user_id: nextUserId++ } : {};
  const { status, body } = await signedCall<{
    data: { token: string; user: { user_id: number; uuid: string } };
  }>(system, 'POST', '/api/chat/sessions', { account_name: 'Jane Doe', ...named, ...stated }, options);
  if (status !== 201) throw new Error(`cannot open a session: ${JSON.stringify(body)}`);
  const { token, user } = body.data;
  return { ...system.callerWith(token), userId: user.user_id, uuid: user.uuid };
}

/** An id that no other message has. */
export const clientId = (): string => randomUUID();
