import { randomInt } from 'node:crypto';
import type { WebhookResponse } from './webhook-sender';

/** Meta's subscription handshake: GET with a challenge that a 200 must repeat as its whole body. */
export async function handshake(
  webhookUrl: string | undefined,
  options: { token: string; mode?: string; challenge?: string },
): Promise<WebhookResponse & { challenge: string }> {
  const challenge = options.challenge ?? String(randomInt(1e9, 2e9));
  if (webhookUrl === undefined) {
    return { status: 0, text: '', error: 'no webhook address is set', challenge };
  }
  const url = new URL(webhookUrl);
  url.searchParams.set('hub.mode', options.mode ?? 'subscribe');
  url.searchParams.set('hub.challenge', challenge);
  url.searchParams.set('hub.verify_token', options.token);
  try {
    const response = await fetch(url, {
      headers: { 'user-agent': 'facebookplatform/1.0 (+http://developers.facebook.com)' },
      signal: AbortSignal.timeout(10_000),
    });
    return { status: response.status, text: await response.text(), challenge };
  } catch (error) {
    const cause = error instanceof Error ? (error.cause instanceof Error ? error.cause : error) : undefined;
    return { status: 0, text: '', error: cause?.message ?? String(error), challenge };
  }
}
