import { createHash, createHmac } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { post } from './http';

export const CHAT_APP = { id: 'faults', secret: 'faults-chat-app-secret-0123456789' } as const;

const PATH = '/api/chat/sessions';
const TRIES = 20;
const AGAIN_AFTER_MS = 250;

/** As the server of an app does for its user: opens a session and answers the token for the user's devices. */
export async function openChatSession(url: string, userId: number): Promise<string> {
  const body = JSON.stringify({ user_id: userId, account_name: `User ${userId}` });
  const hash = createHash('sha256').update(body).digest('hex');
  for (let attempt = 1; ; attempt++) {
    const timestamp = String(Date.now());
    const signature = createHmac('sha256', CHAT_APP.secret)
      .update([timestamp, 'POST', PATH, hash].join('\n'))
      .digest('hex');
    const answer = await post(url + PATH, body, {
      'x-app-id': CHAT_APP.id,
      'x-timestamp': timestamp,
      'x-signature': signature,
    });
    if (answer.status === 201) return (JSON.parse(answer.body) as { data: { token: string } }).data.token;
    if (attempt === TRIES) throw new Error(`no session for ${userId}: ${answer.status} ${answer.body}`);
    await delay(AGAIN_AFTER_MS);
  }
}
