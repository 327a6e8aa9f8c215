import { createHmac } from 'node:crypto';

export const APP_SECRET = 'bench-app-secret-0123456789';
export const PHONE_NUMBER_ID = '100200300400';

const FIRST_PHONE = 15_550_000_000;
const BODY_LENGTH = 60;
const FILLER = 'the quick brown fox jumps over the lazy dog and asks about an order';

/** The messages 0 to `messages` - 1 of a run, written by `contacts` customers in turn. */
export interface Batch {
  /** Part of every message id, so that one run can be told from another. */
  run: string;
  messages: number;
  contacts: number;
}

export const wamidPrefix = (run: string): string => `wamid.${run}.`;
export const phoneOf = (contact: number): string => String(FIRST_PHONE + contact);

/** How many messages of these batches each customer wrote, by phone number. */
export function messagesByPhone(batches: Batch[]): Map<string, number> {
  const counts = new Map<string, number>();
  for (const { messages, contacts } of batches) {
    for (let message = 0; message < messages; message++) {
      const phone = phoneOf(message % contacts);
      counts.set(phone, (counts.get(phone) ?? 0) + 1);
    }
  }
  return counts;
}

/** Every webhook of a batch as the bytes of a signed HTTP request: nothing is left to do while the clock runs. */
export function signedRequests(batch: Batch, url: string): Buffer[] {
  const { host, pathname } = new URL(url);
  return Array.from({ length: batch.messages }, (_, message) => {
    const body = Buffer.from(JSON.stringify(textWebhook(batch, message)));
    const head = [
      `POST ${pathname} HTTP/1.1`,
      `Host: ${host}`,
      'Content-Type: application/json',
      `Content-Length: ${body.length}`,
      'Connection: keep-alive',
      `X-Hub-Signature-256: sha256=${createHmac('sha256', APP_SECRET).update(body).digest('hex')}`,
    ].join('\r\n');
    return Buffer.concat([Buffer.from(`${head}\r\n\r\n`, 'latin1'), body]);
  });
}

function textWebhook({ run, contacts }: Batch, message: number): object {
  const phone = phoneOf(message % contacts);
  return {
    object: 'whatsapp_business_account',
    entry: [
      {
        id: '900',
        changes: [
          {
            value: {
              messaging_product: 'whatsapp',
              metadata: { display_phone_number: '15550001111', phone_number_id: PHONE_NUMBER_ID },
              contacts: [{ profile: { name: `Customer ${phone}` }, wa_id: phone }],
              messages: [
                {
                  from: phone,
                  id: wamidPrefix(run) + message,
                  timestamp: String(Math.floor(Date.now() / 1000)),
                  type: 'text',
                  text: { body: `#${message} ${FILLER}`.slice(0, BODY_LENGTH) },
                },
              ],
            },
            field: 'messages',
          },
        ],
      },
    ],
  };
}
