import { setTimeout as delay } from 'node:timers/promises';
import { post } from '../load/http';
import { envelope, messageItem } from '../../simulator/envelope';
import { inbound } from '../../simulator/inbound-content';
import { metaJson, sign } from '../../simulator/signature';
import { APP_SECRET } from '../../bench/webhooks';
import type { Trial } from '../trial';
import type { Fault } from './fault';

const NEW_CONTACTS = 4;
const FIRST_MESSAGES = 50;
const MOST_TRIES = 40;
const WAIT_AFTER_REFUSAL_MS = 250;
const MOST_BYTES = 3_000_000;
/** No answer takes longer than 5 s, and a little for a busy machine. */
const ANSWER_LIMIT_MS = 5_500;

export const DUPLICATE_FAULTS: readonly Fault[] = [
  {
    name: 'three-at-once',
    does: 'Each webhook three times at the same moment, on both API processes, and once more later.',
    passes: 'each message once, each event once',
    async run(trial) {
      await trial.listen();
      for (let round = 0; round < trial.times(40); round++) {
        const wamids = Array.from({ length: 1 + (round % 20) }, (_, i) => `wamid.${trial.run}.${round}.${i}`);
        const bytes = webhookOf(trial, wamids, (i) => trial.phone((round * 7 + i) % 50));
        await Promise.all([0, 1, 0].map((node) => deliver(trial, node, bytes, wamids)));
        if (round % 4 === 0) await deliver(trial, 1, bytes, wamids);
      }
    },
  },
  {
    name: 'fifty-first-messages',
    does: `${FIRST_MESSAGES} first messages of each of ${NEW_CONTACTS} new customers, all at once, on both API processes.`,
    passes: '1 contact and 1 conversation each, each message once',
    async run(trial) {
      await trial.listen();
      const all = Array.from({ length: FIRST_MESSAGES * NEW_CONTACTS }, (_, i) => i);
      await Promise.all(
        all.map(async (i) => {
          const wamids = [`wamid.${trial.run}.first.${i}`];
          const bytes = webhookOf(trial, wamids, () => trial.phone(i % NEW_CONTACTS));
          await deliver(trial, i % 2, bytes, wamids);
        }),
      );
      const [contacts] = await trial.cluster.sql<{ count: number }>(
        `select count(*) from contact where phone_number like '%' || $1 || '%'`,
        [trial.phonePrefix],
      );
      trial.check('contacts more than customers', contacts!.count - NEW_CONTACTS, 0, '');
    },
  },
  {
    name: 'largest-webhook',
    does: 'Webhooks of 1,000 items and 3 MB, among ordinary ones.',
    passes: 'all counts 0; an ordinary webhook is answered within 5 s all the same',
    async run(trial) {
      await trial.listen();
      const large = Array.from({ length: trial.times(3) }, (_, n) => {
        const wamids = Array.from({ length: 1_000 }, (__, i) => `wamid.${trial.run}.large.${n}.${i}`);
        const filler = 'x'.repeat(Math.floor(MOST_BYTES / 1_000) - 450);
        return { wamids, bytes: webhookOf(trial, wamids, (i) => trial.phone(i % 100), filler) };
      });
      trial.check('bytes short of 3 MB', Math.max(0, MOST_BYTES * 0.9 - large[0]!.bytes.length), 0, '');
      await Promise.all([
        ...large.map(async ({ wamids, bytes }, i) => await deliver(trial, i, bytes, wamids)),
        trial.customers({ messages: trial.times(300), largest: 5 }).run(),
      ]);
      trial.check('slowest answer', trial.journal.slowestMs, ANSWER_LIMIT_MS);
    },
  },
  {
    name: 'poison-item',
    does: 'One item in a hundred that the database refuses every time.',
    passes: 'it alone is set aside; all others are stored once, and at once',
    async run(trial) {
      await trial.cluster.sql(`create or replace function refuse_poison() returns trigger language plpgsql as
        $$ begin if new.body like 'poison %' then raise exception 'poison'; end if; return new; end $$`);
      await trial.cluster.sql(
        'create trigger poison before insert on message for each row execute function refuse_poison()',
      );
      try {
        await trial.listen();
        await withPoison(trial);
      } finally {
        await trial.cluster.sql('drop trigger poison on message');
      }
    },
  },
];

async function withPoison(trial: Trial): Promise<void> {
  const rounds = trial.times(20);
  for (let round = 0; round < rounds; round++) {
    const wamids = Array.from({ length: 50 }, (_, i) => `wamid.${trial.run}.p.${round}.${i}`);
    const poison = `wamid.${trial.run}.poison.${round}`;
    const items = [...wamids.slice(0, 25), poison, ...wamids.slice(25)].map((id, i) => {
      const phone = trial.phone((round + i) % 40);
      const body = id === poison ? `poison ${id}` : `text of ${id}`;
      if (id !== poison) ask(trial, id, phone, body);
      return messageItem(
        trial.cluster.meta.number,
        { phone, name: `Customer ${phone}` },
        inbound.text(body),
        {
          id,
          timestamp: Math.floor(Date.now() / 1000),
        },
      );
    });
    await deliver(trial, round, metaJson(envelope(items)), wamids);
  }
  const [row] = await trial.cluster.sql<{ count: number }>(
    `select count(*) from webhook_set_aside where detail like '%poison%'`,
  );
  trial.check('items not set aside', Math.abs(rounds - row!.count), 0, '');
  trial.check('slowest answer', trial.journal.slowestMs, ANSWER_LIMIT_MS);
}

function ask(trial: Trial, wamid: string, phone: string, body: string): void {
  const askedAt = performance.now();
  trial.journal.inbound.set(wamid, { wamid, phone, body, askedAt, acknowledgedAt: null });
}

function webhookOf(trial: Trial, wamids: string[], phoneOf: (i: number) => string, filler = ''): Buffer {
  const items = wamids.map((id, i) => {
    const phone = phoneOf(i);
    const body = `text of ${id}${filler}`;
    ask(trial, id, phone, body);
    return messageItem(trial.cluster.meta.number, { phone, name: `Customer ${phone}` }, inbound.text(body), {
      id,
      timestamp: Math.floor(Date.now() / 1000),
    });
  });
  return metaJson(envelope(items));
}

/** Until it is acknowledged; what never is counts as lost. */
async function deliver(trial: Trial, node: number, bytes: Buffer, wamids: string[]): Promise<void> {
  const url = `${trial.urls[node % trial.urls.length]!}/meta-whatsapp/webhook`;
  for (let attempt = 0; attempt < MOST_TRIES; attempt++) {
    const startedAt = performance.now();
    const answer = await post(url, bytes, { 'x-hub-signature-256': sign(bytes, APP_SECRET) });
    if (trial.journal.note('webhook', startedAt, answer) !== 'answered') {
      await delay(WAIT_AFTER_REFUSAL_MS);
      continue;
    }
    for (const wamid of wamids) trial.journal.inbound.get(wamid)!.acknowledgedAt ??= performance.now();
    return;
  }
}
