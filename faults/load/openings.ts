import { APP_SECRET } from '../../bench/webhooks';
import { type BusinessNumber, envelope, messageItem } from '../../simulator/envelope';
import { inbound } from '../../simulator/inbound-content';
import { metaJson, sign } from '../../simulator/signature';
import { post } from './http';
import type { OperationJournal } from './operations';

/** First messages, in one webhook, so that there is something to answer. */
export async function openConversations(
  journal: OperationJournal,
  { url, number, run, phones }: { url: string; number: BusinessNumber; run: string; phones: string[] },
): Promise<void> {
  const startedAt = performance.now();
  const items = phones.map((phone) => {
    const wamid = `wamid.${run}.hello.${phone}`;
    const body = `hello from ${phone}`;
    journal.inbound.set(wamid, { wamid, phone, body, askedAt: startedAt, acknowledgedAt: null });
    return messageItem(number, { phone, name: `Customer ${phone}` }, inbound.text(body), {
      id: wamid,
      timestamp: Math.floor(Date.now() / 1000),
    });
  });
  const bytes = metaJson(envelope(items));
  const answer = await post(`${url}/meta-whatsapp/webhook`, bytes, {
    'x-hub-signature-256': sign(bytes, APP_SECRET),
  });
  if (journal.note('webhook', startedAt, answer) !== 'answered')
    throw new Error(`the first messages were answered with ${answer.status} ${answer.body}`);
  for (const phone of phones)
    journal.inbound.get(`wamid.${run}.hello.${phone}`)!.acknowledgedAt = performance.now();
}
