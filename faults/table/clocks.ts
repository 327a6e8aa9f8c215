import { setTimeout as delay } from 'node:timers/promises';
import { APP_SECRET } from '../../bench/webhooks';
import { signIn } from '../../bench/contenders';
import { envelope, messageItem } from '../../simulator/envelope';
import { inbound } from '../../simulator/inbound-content';
import { metaJson, sign } from '../../simulator/signature';
import { get, post } from '../load/http';
import type { Trial } from '../trial';
import type { Fault } from './fault';
import { underLoad } from './under-load';

const HOUR_MS = 3_600_000;
/** All of a session is over everywhere so long after its end, in ms, and a little for a busy machine. */
const SIGNED_OUT_MS = 2_000;
const RECOVERY_LIMIT_MS = 30_000;
/** Errors of the processes' clocks in hours (api-1, api-2, worker-1, worker-2), one after the other. */
const ERRORS: readonly (readonly [number, number, number, number])[] = [
  [1, 0, -1, 0],
  [-1, 1, 1, 0],
  [1, -1, -1, 1],
  [0, 0, 0, 0],
];
const STEP_MS = 2_500;

export const CLOCK_FAULTS: readonly Fault[] = [
  {
    name: 'clock-jumps',
    does: 'The clocks of the processes are wrong by an hour, differ by two, and jump forth and back while Graph slows the number down.',
    passes: 'all counts 0; windows and sessions end by the database’s clock; all right again ≤ 30 s',
    async run(trial) {
      const { cluster } = trial;
      const wrong = { windows: 0, sessions: 0 };
      cluster.meta.faults.statusesBeforeAnswer = { times: 50 };
      await underLoad(
        trial,
        { messages: 300, replies: 1_000, conversations: 16, pauseMs: 40, untilDone: true },
        async () => {
          for (const [turn, errors] of ERRORS.entries()) {
            // Who rests until a time on the clock rests too long when that is set back.
            cluster.meta.faults.rateLimit = { times: 3 };
            const sessions = await sessionOn(trial);
            await delay(STEP_MS / 2);
            await sessions.usedEverywhere();
            for (const [i, node] of cluster.nodes.entries()) node.clockIsWrongBy(errors[i]! * HOUR_MS);
            await sessions.signOut();
            await delay(SIGNED_OUT_MS);
            wrong.sessions += await sessions.stillOpen();
            wrong.windows += await windowsMisjudged(trial, turn);
          }
        },
      );
      trial.check('windows by a wrong clock', wrong.windows, 0, '');
      trial.check('sessions open after their end', wrong.sessions, 0, '');
      trial.limitRecovery(RECOVERY_LIMIT_MS);
    },
  },
];

interface Session {
  usedEverywhere(): Promise<void>;
  signOut(): Promise<void>;
  /** On how many processes. */
  stillOpen(): Promise<number>;
}

async function sessionOn({ urls }: Trial): Promise<Session> {
  const token = await signIn(urls[0]!, 'admin', 'admin123');
  const headers = { authorization: `Bearer ${token}` };
  const look = async (): Promise<number[]> =>
    await Promise.all(urls.map(async (url) => (await get(`${url}/conversations?limit=1`, headers)).status));
  return {
    async usedEverywhere() {
      const answers = await look();
      if (answers.some((status) => status !== 200))
        throw new Error(`a new session is answered ${answers.join(', ')}`);
    },
    async signOut() {
      await post(`${urls[0]!}/auth/logout`, '{}', headers);
    },
    stillOpen: async () => (await look()).filter((status) => status !== 401).length,
  };
}

/** Of a customer who wrote half an hour less, and one who wrote half an hour more than a day ago: how many judgements are wrong. */
async function windowsMisjudged(trial: Trial, turn: number): Promise<number> {
  const { cluster, urls } = trial;
  const ages = [23.5, 24.5].map((hours, i) => ({ hours, phone: trial.phone(90_000 + turn * 10 + i) }));
  const items = ages.map(({ hours, phone }) => {
    const wamid = `wamid.${trial.run}.window.${phone}`;
    const body = `long ago from ${phone}`;
    trial.journal.inbound.set(wamid, {
      wamid,
      phone,
      body,
      askedAt: performance.now(),
      acknowledgedAt: null,
    });
    return messageItem(cluster.meta.number, { phone, name: `Customer ${phone}` }, inbound.text(body), {
      id: wamid,
      timestamp: Math.floor((Date.now() - hours * HOUR_MS) / 1_000),
    });
  });
  const bytes = metaJson(envelope(items));
  const answer = await post(`${urls[turn % 2]!}/meta-whatsapp/webhook`, bytes, {
    'x-hub-signature-256': sign(bytes, APP_SECRET),
  });
  for (const { phone } of ages)
    if (answer.status === 200)
      trial.journal.inbound.get(`wamid.${trial.run}.window.${phone}`)!.acknowledgedAt = performance.now();
  const rows = await cluster.sql<{ id: number; phone: string }>(
    `select c.id, i.value as phone from contact_identity i join conversation c on c.contact_id = i.contact_id
     where i.scheme = 'whatsapp_phone' and i.value = any ($1)`,
    [ages.map(({ phone }) => phone)],
  );
  let wrong = 0;
  for (const url of urls) {
    for (const { hours, phone } of ages) {
      const { id } = rows.find((row) => row.phone === phone)!;
      const shown = await get(`${url}/conversations/${id}`, { authorization: `Bearer ${cluster.token}` });
      const { window } = JSON.parse(shown.body) as { window: { open: boolean } };
      if (window.open !== hours < 24) wrong++;
    }
  }
  return wrong;
}
