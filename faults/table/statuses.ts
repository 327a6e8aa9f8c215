import { APP_SECRET } from '../../bench/webhooks';
import { envelope, type WebhookItem } from '../../simulator/envelope';
import { metaJson, sign } from '../../simulator/signature';
import { post } from '../load/http';
import { randomFrom, shuffled } from '../load/random';
import { acceptedOf } from '../oracle/witness';
import type { AcceptedSend } from '../oracle/evidence';
import type { Trial } from '../trial';
import type { Fault } from './fault';

const STATES = ['sent', 'delivered', 'read', 'failed'];
/** How far each set of reports brings a message, whatever their order. */
const END: readonly [told: string, end: string][] = [
  ['read', 'read'],
  ['delivered', 'delivered'],
  ['failed', 'failed'],
  ['sent', 'sent'],
];

export const STATUS_FAULTS: readonly Fault[] = [
  {
    name: 'statuses-any-order',
    does: 'Every set of statuses in every order, some twice, on both API processes at once; some before the answer to the send.',
    passes: 'the same set always ends in the same state; none ever goes back',
    async run(trial) {
      const { faults } = trial.cluster.meta;
      const told = new Map<string, Set<string>>();
      trial.expected = { endState: (send) => endOf(told.get(send.wamid) ?? new Set()), unsent: [] };
      faults.dropStatuses = true;
      await trial.listen();
      const sets = permutations(STATES);
      const conversations = await trial.conversations(8);
      // The statuses of the first eight overtake the answer to the send.
      faults.dropStatuses = false;
      faults.statusesBeforeAnswer = { times: conversations.length };
      await trial.agents({ conversations, replies: 1 }).run();
      await until(() => acceptedOf(trial.cluster, trial.phonePrefix).length === conversations.length);
      for (const { wamid } of acceptedOf(trial.cluster, trial.phonePrefix))
        told.set(wamid, new Set(['sent', 'delivered', 'read']));
      faults.dropStatuses = true;
      const each = Math.ceil(sets.length / conversations.length);
      await trial.agents({ conversations, replies: each }).run();
      await until(
        () => acceptedOf(trial.cluster, trial.phonePrefix).length === conversations.length * (each + 1),
      );
      const sends = acceptedOf(trial.cluster, trial.phonePrefix).filter(({ wamid }) => !told.has(wamid));
      await Promise.all(sends.map((send, i) => tell(trial, send, sets[i % sets.length]!, told, i)));
    },
  },
];

async function tell(
  trial: Trial,
  send: AcceptedSend,
  states: readonly string[],
  told: Map<string, Set<string>>,
  n: number,
): Promise<void> {
  told.set(send.wamid, new Set(states));
  const random = randomFrom(n + 1);
  const again = shuffled(states, random).slice(0, 2);
  for (const [i, state] of [...states, ...again].entries()) {
    const item: WebhookItem = {
      number: trial.cluster.meta.number,
      kind: 'statuses',
      contacts: [],
      item: {
        id: send.wamid,
        status: state,
        timestamp: String(Math.floor(Date.now() / 1000) + STATES.indexOf(state)),
        recipient_id: send.phone,
        ...(state === 'failed' ? { errors: [{ code: 131026, title: 'Message undeliverable' }] } : {}),
      },
    };
    const bytes = metaJson(envelope([item]));
    const headers = { 'x-hub-signature-256': sign(bytes, APP_SECRET) };
    const startedAt = performance.now();
    const answers = await Promise.all(
      // Some on both processes at once, the others in turn.
      (i % 2 === 0 ? trial.urls : [trial.urls[n % 2]!]).map((url) =>
        post(`${url}/meta-whatsapp/webhook`, bytes, headers),
      ),
    );
    for (const answer of answers) {
      if (trial.journal.note('status', startedAt, answer) !== 'answered')
        trial.journal.wrong(`a status was answered with ${answer.status}`);
    }
  }
}

function endOf(told: ReadonlySet<string>): string {
  return END.find(([state]) => told.has(state))?.[1] ?? 'sent';
}

/** Every order of every set that is not empty: 64 of four states. */
function permutations(states: readonly string[]): string[][] {
  return states.flatMap((first) => [
    [first],
    ...permutations(states.filter((state) => state !== first)).map((rest) => [first, ...rest]),
  ]);
}

async function until(holds: () => boolean): Promise<void> {
  const deadline = performance.now() + 30_000;
  while (!holds() && performance.now() < deadline) await new Promise((ok) => setTimeout(ok, 20));
}
