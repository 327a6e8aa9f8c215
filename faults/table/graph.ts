import { setTimeout as delay } from 'node:timers/promises';
import type { FaultSwitches } from '../../simulator/faults';
import type { Expectations } from '../oracle/evidence';
import { acceptedOf } from '../oracle/witness';
import type { Trial } from '../trial';
import type { Fault } from './fault';
import { enterToken } from '../load/rest';

const CONVERSATIONS = 10;
const REPLIES = 4;
/** Every message ends sent, failed with a reason, or shown as uncertain within this time. */
const SETTLED_LIMIT_MS = 120_000;
const REFUSALS = 6;

interface GraphFault {
  name: string;
  does: string;
  passes: string;
  switches?: (trial: Trial) => Partial<FaultSwitches>;
  /** Nobody listens. */
  down?: true;
  /** Longer than the agents write, in ms. */
  lasts?: number;
  expected?: (trial: Trial) => Expectations;
  /** At the end of the fault, before it is waited for. */
  mend?: (trial: Trial) => Promise<void>;
  /** Of what was counted at Meta since the fault began. */
  checks?: (trial: Trial, requests: number) => Promise<void> | void;
  whileItSettles?: (trial: Trial) => Promise<void>;
}

const READ = (): string => 'read';

const ROWS: readonly GraphFault[] = [
  {
    name: 'graph-down',
    does: 'Nobody listens at Graph, for 4 s.',
    passes: 'everything sent once, in order',
    down: true,
    lasts: 4_000,
  },
  {
    name: 'graph-breaks-off',
    does: 'Graph breaks connections off before it has read the request, 5 times.',
    passes: 'nothing sent twice, order kept; what may have been sent is shown as uncertain',
    switches: () => ({ refuseConnections: { times: 5 } }),
    expected: () => ({ endState: READ, unsent: ['uncertain'] }),
  },
  {
    name: 'graph-errors',
    does: 'A third of all calls end with a 500 as HTML, which may hide an acceptance.',
    passes: 'nothing sent twice, order kept; what never went is shown as uncertain',
    switches: () => ({ failRate: { rate: 0.33, httpStatus: 500, body: 'html' } }),
    lasts: 3_000,
    expected: () => ({ endState: READ, unsent: ['uncertain'] }),
  },
  {
    name: 'graph-too-fast',
    does: 'Graph says that the number sends too fast (130429), 5 times.',
    passes: 'everything sent once, in order, at most 1.5 requests each',
    switches: () => ({ rateLimit: { times: 5 } }),
    checks: (trial, requests) =>
      trial.check('requests for 100 messages', (requests / trial.journal.replies.size) * 100, 150, ''),
  },
  {
    name: 'graph-pair-limit',
    does: 'Graph says that one customer is written to too fast (131056), twice.',
    passes: 'everything sent once, in order; the others are not slowed',
    switches: (trial) => ({ pairRateLimit: { to: trial.phone(0), times: 2 } }),
    whileItSettles: async (trial) => {
      const before = performance.now();
      const others = (CONVERSATIONS - 1) * REPLIES;
      const taken = (): number =>
        acceptedOf(trial.cluster, trial.phonePrefix).filter(({ phone }) => phone !== trial.phone(0)).length;
      while (taken() < others && performance.now() - before < 20_000) await delay(20);
      trial.check('the others, after the last reply was written', performance.now() - before, 3_000);
    },
  },
  {
    name: 'graph-permanent',
    does: `Graph refuses ${REFUSALS} messages for good (131026).`,
    passes: 'they fail at once with the reason, all others go out in order; one request each',
    switches: () => ({ failNext: { code: 131026, times: REFUSALS } }),
    expected: () => ({ endState: READ, unsent: ['failed'] }),
    checks: async (trial, requests) => {
      trial.check('requests more than messages', requests - trial.journal.replies.size, 0, '');
      const failed = (await trial.evidence()).messages.filter(({ status }) => status === 'failed');
      trial.check('failed other than refused', Math.abs(failed.length - REFUSALS), 0, '');
    },
  },
  {
    name: 'graph-answer-lost',
    does: 'Graph takes messages and the answer is lost: the connection dies 6 times, hangs 3 times.',
    passes: 'nothing sent twice; the status echo settles each',
    switches: () => ({ acceptThenDropConnection: { times: 6 }, acceptThenHang: { times: 3 } }),
  },
  {
    name: 'graph-silent',
    does: 'Graph takes messages, the answer is lost, and no status ever comes.',
    passes: 'nothing sent twice; each is shown as uncertain',
    switches: () => ({ acceptThenDropConnection: { times: REFUSALS }, dropStatuses: { times: REFUSALS } }),
    expected: (trial) => ({
      endState: ({ wamid }) =>
        acceptedOf(trial.cluster, trial.phonePrefix)
          .slice(0, REFUSALS)
          .some((send) => send.wamid === wamid)
          ? 'uncertain'
          : 'read',
      unsent: [],
    }),
  },
  {
    name: 'graph-token',
    does: 'Meta no longer accepts the access token (190), until a new one is entered.',
    passes: 'only what was under way is tried with the dead token; then everything goes out, in order',
    switches: () => ({ failNext: { code: 190, times: 1_000_000 } }),
    lasts: 1_500,
    mend: async (trial) => await enterToken(trial.cluster),
  },
];

export const GRAPH_FAULTS: readonly Fault[] = ROWS.map((row) => ({
  name: row.name,
  does: row.does,
  passes: row.passes,
  async run(trial) {
    await trial.listen();
    const conversations = await trial.conversations(CONVERSATIONS);
    if (row.expected !== undefined) trial.expected = row.expected(trial);
    const { meta } = trial.cluster;
    const sends = (): number =>
      meta.requests.filter(({ method, path }) => method === 'POST' && path.endsWith('/messages')).length;
    const before = sends();
    Object.assign(meta.faults, row.switches?.(trial));
    if (row.down) await trial.cluster.nodesToMeta.refuse();
    await Promise.all([
      trial.agents({ conversations, replies: REPLIES }).run(),
      trial.customers({ messages: trial.times(300), senders: 2 }).run(),
      delay(row.lasts ?? 0),
    ]);
    if (row.lasts !== undefined) {
      if (row.name === 'graph-token')
        trial.check('requests with the dead token', sends() - before, CONVERSATIONS, '');
      Object.assign(meta.faults, { failNext: null, failRate: null });
      await trial.cluster.nodesToMeta.mend();
    }
    await row.mend?.(trial);
    trial.healed();
    trial.limitRecovery(SETTLED_LIMIT_MS);
    await row.whileItSettles?.(trial);
    await trial.settle();
    await row.checks?.(trial, sends() - before);
  },
}));
