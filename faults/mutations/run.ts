import { Cluster } from '../rig/cluster';
import { ownDisk, runFault } from '../run';
import { FAULTS } from '../table/all';
import type { Result } from '../trial';
import type { Mutation, Red } from './mutation';

export interface MutationResult {
  mutation: Mutation;
  found: boolean;
  /** What turned red, in words. */
  red: string;
}

/** A bug is waited for no longer than this, in ms: it never comes right. */
const SETTLE_LIMIT_MS = 25_000;

/** Part of the short form's load that is enough to see a bug. */
const LOAD_FACTOR = 0.4;

/** Puts one bug into a cluster of its own and runs the fault that must show it. */
export async function runMutation(
  mutation: Mutation,
  dir: string,
  started: (cluster: Cluster) => void,
): Promise<MutationResult> {
  const fault = FAULTS.find(({ name }) => name === mutation.fault);
  if (fault === undefined) throw new Error(`${mutation.name} names no fault: ${mutation.fault}`);
  const { patches = [], sql = [], settings = {} } = mutation;
  const cluster = await Cluster.start({
    dir,
    jobHoldSeconds: 5,
    mutation: { patches, sql, settings },
    ...ownDisk(fault),
  });
  started(cluster);
  try {
    const trial = await runFault(cluster, fault, { factor: LOAD_FACTOR, settleLimitMs: SETTLE_LIMIT_MS });
    return judged(mutation, await trial.result());
  } finally {
    await cluster.destroy();
  }
}

function judged(mutation: Mutation, { counts, checks, wrongAnswers }: Result): MutationResult {
  const missed = checks.filter(({ value, limit, what }) => !(value <= limit) && what !== 'right again');
  const seen = (red: Red): boolean => {
    if (red === 'check') return missed.length > 0;
    return red === 'answer' ? wrongAnswers.size > 0 : counts[red] > 0;
  };
  const red = [
    ...Object.entries(counts)
      .filter(([, count]) => count > 0)
      .map(([name, count]) => `${name} ${count}`),
    ...missed.map(({ what, value }) => `${what} ${Math.round(value)}`),
    ...[...wrongAnswers].map(([what, times]) => `${what} ${times} times`),
  ];
  return { mutation, found: mutation.turnsRed.some(seen), red: red.join(', ') || 'nothing' };
}
